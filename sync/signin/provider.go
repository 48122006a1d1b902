package signin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// How often the issuer is asked, and for how long.
const (
	refreshPeriod  = 10 * time.Minute
	retryPeriod    = 30 * time.Second
	missPeriod     = 30 * time.Second // between two looks for keys that are not known
	probePeriod    = 10 * time.Second // for which the answer whether it is there holds
	notePeriod     = time.Minute      // by which the newest token kept on disk may lag
	requestTimeout = 5 * time.Second
	maxReply       = 256 << 10 // bytes
)

// metadata is what is used of a provider's document (OIDC Discovery 1.0 §3).
type metadata struct {
	Issuer    string `json:"issuer"`
	Authorize string `json:"authorization_endpoint"`
	Token     string `json:"token_endpoint"`
	Keys      string `json:"jwks_uri"`
}

// provider is what is known of the issuer.
type provider struct {
	issuer string
	file   string
	client *http.Client
	now    func() time.Time
	log    *slog.Logger

	fetching chan struct{} // held by the one who asks the issuer

	mu     sync.Mutex
	known  kept
	keys   map[string]jose.JSONWebKey // of known, by their id
	asked  time.Time                  // when the issuer was last asked; with a monotonic reading
	answer error                      // what came of it
	noted  time.Time                  // known.Newest as it was last kept
}

func newProvider(issuer, file string, client *http.Client, now func() time.Time, log *slog.Logger) *provider {
	if client == nil {
		client = &http.Client{}
	}
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	p := &provider{issuer: issuer, file: file, client: &own, now: now, log: log, fetching: make(chan struct{}, 1)}
	if file == "" {
		return p
	}
	if k, err := readKept(file, issuer); err != nil {
		log.Warn("keys of the sign-in service not read", "file", file, "error", err)
	} else {
		p.known, p.keys, p.noted = k, usable(k.Keys), k.Newest
	}
	return p
}

// key finds the key of an id and algorithm. If it is not known the issuer is asked, unless
// it was a moment ago.
func (p *provider) key(ctx context.Context, id, algorithm string) (any, error) {
	if key, ok := p.lookUp(id, algorithm); ok {
		return key, nil
	}
	err := p.fetch(ctx, missPeriod)
	if key, ok := p.lookUp(id, algorithm); ok {
		return key, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil && len(p.keys) == 0 {
		return nil, err
	}
	return nil, ErrUnknownKey
}

func (p *provider) lookUp(id, algorithm string) (any, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key, ok := p.keys[id]
	if !ok || algorithmOf(&key) != algorithm {
		return nil, false
	}
	return key.Key, true
}

// reachable reports whether the issuer answers.
func (p *provider) reachable(ctx context.Context) bool {
	return !errors.Is(p.fetch(ctx, probePeriod), ErrUnreachable)
}

// fetch asks the issuer for its document and its keys, unless it was asked less than fresh
// ago; then it returns what came of that. One asks at a time.
func (p *provider) fetch(ctx context.Context, fresh time.Duration) error {
	select {
	case p.fetching <- struct{}{}:
		defer func() { <-p.fetching }()
	case <-ctx.Done():
		return ctx.Err()
	}
	p.mu.Lock()
	asked, answer := p.asked, p.answer
	p.mu.Unlock()
	// A clock that was set back must not keep the issuer from being asked.
	if ago := p.now().Sub(asked); !asked.IsZero() && ago >= 0 && ago < fresh {
		return answer
	}
	meta, set, err := p.ask(ctx)
	if ctx.Err() != nil && err != nil {
		return ctx.Err() // says nothing of the issuer
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked, p.answer = p.now(), err
	if err != nil {
		return err
	}
	k := kept{metadata: meta, Keys: set, Newest: p.known.Newest}
	changed := !k.same(&p.known)
	p.known, p.keys = k, usable(set)
	if changed {
		p.keep()
	}
	return nil
}

// keep writes down what is known. A booth that cannot is told of it and goes on.
func (p *provider) keep() {
	p.noted = p.known.Newest
	if p.file == "" {
		return
	}
	if err := p.known.write(p.file); err != nil {
		p.log.Warn("keys of the sign-in service not kept", "file", p.file, "error", err)
	}
}

// ask fetches the document and the keys that it names.
func (p *provider) ask(ctx context.Context) (m metadata, set []json.RawMessage, err error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	if err := p.get(ctx, strings.TrimSuffix(p.issuer, "/")+"/.well-known/openid-configuration", &m); err != nil {
		return m, nil, fmt.Errorf("discovery: %w", err)
	}
	if m.Issuer != p.issuer {
		return m, nil, errors.New("discovery: the document is another issuer's")
	}
	for _, u := range []string{m.Authorize, m.Token, m.Keys} {
		if err := checkURL(u); err != nil {
			return m, nil, fmt.Errorf("discovery: %w", err)
		}
	}
	var reply struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := p.get(ctx, m.Keys, &reply); err != nil {
		return m, nil, fmt.Errorf("keys: %w", err)
	}
	if len(reply.Keys) > maxKeys {
		return m, nil, fmt.Errorf("keys: more than %d", maxKeys)
	}
	if len(usable(reply.Keys)) == 0 {
		return m, nil, errors.New("keys: none that can be used")
	}
	return m, reply.Keys, nil
}

func (p *provider) get(ctx context.Context, address string, v any) error {
	r, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	status, err := p.send(ctx, r, v)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("answered %d", status)
	}
	return err
}

// send sends a request and decodes the JSON that it is answered with. Its errors match
// ErrUnreachable if there was no answer, or one of a server that is out of order.
func (p *provider) send(ctx context.Context, r *http.Request, v any) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	r.Header.Set("Accept", "application/json")
	res, err := p.client.Do(r.WithContext(ctx))
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrUnreachable, withoutURL(err))
	}
	defer res.Body.Close()
	if res.StatusCode >= 500 {
		return 0, fmt.Errorf("%w: answered %d", ErrUnreachable, res.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxReply+1))
	if err != nil {
		return 0, fmt.Errorf("%w: the answer was cut off", ErrUnreachable)
	}
	if len(body) > maxReply {
		return 0, fmt.Errorf("answer longer than %d bytes", maxReply)
	}
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if kind != "application/json" && kind != "application/jwk-set+json" {
		return res.StatusCode, fmt.Errorf("answered %d with no JSON", res.StatusCode)
	}
	if err := json.Unmarshal(body, v); err != nil {
		return res.StatusCode, fmt.Errorf("answered %d with no JSON", res.StatusCode)
	}
	return res.StatusCode, nil
}

// withoutURL takes the address out of a client's error.
func withoutURL(err error) error {
	if u := (*url.Error)(nil); errors.As(err, &u) {
		return u.Err
	}
	return err
}

// checkURL refuses addresses that are neither https nor on this machine.
func checkURL(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("no plain URL")
	}
	if u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname()) {
		return nil
	}
	return errors.New("must begin with https://")
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// accepted notes when a token that counts was issued.
func (p *provider) accepted(issued time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !issued.After(p.known.Newest) {
		return
	}
	p.known.Newest = issued
	if issued.Sub(p.noted) > notePeriod {
		p.keep()
	}
}

func (p *provider) newest() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.known.Newest
}

// endpoints returns where officers sign in and where codes are exchanged, asking the issuer
// if that is not known.
func (p *provider) endpoints(ctx context.Context) (metadata, error) {
	p.mu.Lock()
	m := p.known.metadata
	p.mu.Unlock()
	if m.Token != "" {
		return m, nil
	}
	err := p.fetch(ctx, probePeriod)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known.Token == "" {
		return metadata{}, err
	}
	return p.known.metadata, nil
}
