package system

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// The paths of the HTTP interface; openapi.yaml beside this file describes them.
const (
	PathAsk    = "/v1/ask"    // POST Question, answers Reply
	PathHealth = "/v1/health" // GET, 200 while the system can answer
)

const contentJSON = "application/json"

// HTTPOptions configure an HTTP adapter. URL is required; so is a certificate in TLS or a
// Token, unless the system is on this machine.
type HTTPOptions struct {
	// URL is where the system is, "https://sis.example:8443/boothd"; the paths are added to
	// it. "http" is taken for loopback addresses only.
	URL string
	// TLS holds the authority of the system's certificate and the own certificate; nil for
	// the machine's authorities and none. Never below TLS 1.3.
	TLS *tls.Config
	// Token is sent as a bearer token (RFC 6750) if it is not empty.
	Token string
	// ConnectTimeout is how long a connection may take, 2 s if 0.
	ConnectTimeout time.Duration
	// Timeout is how long a question may take as a whole if its context does not end before,
	// 60 s if 0.
	Timeout time.Duration
	Now     func() time.Time // time.Now if nil
}

// HTTP asks a system over HTTP. It is an [Adapter].
//
// A question is sent again only over a connection that turned out to be closed, which
// changes nothing: a question alters nothing at a system.
type HTTP struct {
	opt  HTTPOptions
	url  string
	http *http.Client
}

var _ Adapter = (*HTTP)(nil)

// NewHTTP makes an adapter. It does not connect yet.
func NewHTTP(opt HTTPOptions) (*HTTP, error) {
	u, err := url.Parse(opt.URL)
	if err != nil {
		return nil, errors.New("system address: not a URL")
	}
	if u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("system address %q: want https://host:port/path", u.Redacted())
	}
	here := loopback(u.Hostname())
	if u.Scheme == "http" && !here {
		return nil, fmt.Errorf("system address %q: http is for loopback addresses only", u.Redacted())
	}
	certified := opt.TLS != nil && (len(opt.TLS.Certificates) > 0 || opt.TLS.GetClientCertificate != nil)
	if opt.Token == "" && !certified && !here {
		return nil, fmt.Errorf("system address %q: neither a client certificate nor a token", u.Redacted())
	}
	if strings.ContainsFunc(opt.Token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, errors.New("system token: characters that a header cannot carry")
	}
	opt.fill()
	base := u.Scheme + "://" + u.Host + strings.TrimRight(u.EscapedPath(), "/")
	return &HTTP{opt: opt, url: base, http: newHTTPClient(opt)}, nil
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

func (o *HTTPOptions) fill() {
	if o.ConnectTimeout <= 0 {
		o.ConnectTimeout = 2 * time.Second
	}
	if o.Timeout <= 0 {
		o.Timeout = time.Minute
	}
	if o.Now == nil {
		o.Now = time.Now
	}
}

func newHTTPClient(opt HTTPOptions) *http.Client {
	conf := &tls.Config{}
	if opt.TLS != nil {
		conf = opt.TLS.Clone()
	}
	conf.MinVersion = max(conf.MinVersion, tls.VersionTLS13)
	dialer := &net.Dialer{Timeout: opt.ConnectTimeout, KeepAlive: 15 * time.Second}
	return &http.Client{
		// No proxy: personal data goes where the configuration says and nowhere else.
		Transport: &http.Transport{
			DialContext:         dialer.DialContext,
			TLSClientConfig:     conf,
			TLSHandshakeTimeout: opt.ConnectTimeout,
			ForceAttemptHTTP2:   true,
			HTTP2: &http.HTTP2Config{
				SendPingTimeout:  5 * time.Second,
				PingTimeout:      3 * time.Second,
				WriteByteTimeout: 5 * time.Second,
			},
			DisableCompression:     true, // replies are limited in size as they travel
			MaxIdleConnsPerHost:    32,
			IdleConnTimeout:        5 * time.Minute,
			MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Close gives up idle connections.
func (h *HTTP) Close() { h.http.CloseIdleConnections() }

// StatusError is a reply of a system other than 200.
type StatusError struct{ Code int }

func (e *StatusError) Error() string {
	return fmt.Sprintf("system replied %d %s", e.Code, http.StatusText(e.Code))
}

// Ask sends the question and returns what Reply.Checked leaves of the reply. Errors match
// ErrRefused if either does not keep the contract, ErrTooLarge if a body is beyond its limit,
// a *StatusError if the system replied another status than 200.
func (h *HTTP) Ask(ctx context.Context, q Question) (Reply, error) {
	ctx, cancel := context.WithTimeout(ctx, h.opt.Timeout)
	defer cancel()
	r, err := h.ask(ctx, q)
	if err != nil {
		return Reply{}, fmt.Errorf("ask %s: %w", q.System, err)
	}
	return r, nil
}

func (h *HTTP) ask(ctx context.Context, q Question) (Reply, error) {
	if err := q.Check(); err != nil {
		return Reply{}, err
	}
	body, err := json.Marshal(q)
	if err != nil {
		return Reply{}, fmt.Errorf("%w: question is not for JSON", ErrRefused)
	}
	if len(body) > MaxQuestion {
		return Reply{}, fmt.Errorf("%w: question of %d bytes, at most %d", ErrTooLarge, len(body), MaxQuestion)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url+PathAsk, bytes.NewReader(body))
	if err != nil {
		return Reply{}, err
	}
	req.Header.Set("Content-Type", contentJSON)
	req.Header.Set("Accept", contentJSON)
	// Not sent; it tells the transport that the question may go over a second connection
	// (net/http.Transport).
	req.Header["Idempotency-Key"] = nil
	resp, err := h.do(req)
	if err != nil {
		return Reply{}, err
	}
	defer resp.Body.Close()
	if err := plainJSON(resp.Header); err != nil {
		return Reply{}, err
	}
	return readReply(resp.Body, h.opt.Now())
}

// Health asks whether the system can answer.
func (h *HTTP) Health(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, h.opt.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.url+PathHealth, nil)
	if err != nil {
		return err
	}
	resp, err := h.do(req)
	if err != nil {
		return fmt.Errorf("ask for health: %w", err)
	}
	discard(resp.Body)
	return nil
}

// do sends a request and returns the reply if its status is 200.
func (h *HTTP) do(req *http.Request) (*http.Response, error) {
	req.Header.Set("User-Agent", "boothd")
	if h.opt.Token != "" {
		req.Header.Set("Authorization", "Bearer "+h.opt.Token)
	}
	resp, err := h.http.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		discard(resp.Body)
		return nil, &StatusError{Code: resp.StatusCode}
	}
	return resp, nil
}

// discard reads what little may be left of a body, so that the connection can be used
// again, and closes it.
func discard(body io.ReadCloser) {
	io.CopyN(io.Discard, body, 64<<10)
	body.Close()
}

// plainJSON refuses bodies that are not JSON as it stands.
func plainJSON(h http.Header) error {
	if t, _, _ := mime.ParseMediaType(h.Get("Content-Type")); t != contentJSON {
		return fmt.Errorf("%w: body is not %s", ErrRefused, contentJSON)
	}
	if h.Get("Content-Encoding") != "" {
		return fmt.Errorf("%w: body is compressed", ErrRefused)
	}
	return nil
}

func readReply(body io.Reader, now time.Time) (Reply, error) {
	var r Reply
	if err := readOne(body, MaxReply, &r); err != nil {
		return Reply{}, fmt.Errorf("reply: %w", err)
	}
	return r.Checked(now)
}

func readQuestion(body io.Reader) (Question, error) {
	var q Question
	if err := readOne(body, MaxQuestion, &q); err != nil {
		return Question{}, fmt.Errorf("question: %w", err)
	}
	return q, q.Check()
}

// readOne reads one JSON value of at most limit bytes and nothing behind it.
func readOne(body io.Reader, limit int64, v any) error {
	b, err := io.ReadAll(io.LimitReader(body, limit+1))
	switch {
	case err != nil:
		return fmt.Errorf("body cut off: %w", err)
	case int64(len(b)) > limit:
		return fmt.Errorf("%w: body of more than %d bytes", ErrTooLarge, limit)
	}
	if json.Unmarshal(b, v) != nil {
		// The decoder's error may quote the body.
		return fmt.Errorf("%w: body is not one such value in JSON", ErrRefused)
	}
	return nil
}

// ReasonOf says in an officer's words why the system is unavailable.
func ReasonOf(system string, err error) string {
	var slow net.Error
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &slow) && slow.Timeout() {
		return system + " did not answer in time"
	}
	return system + " reports a fault"
}
