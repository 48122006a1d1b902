package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"boothd/cmd/boothd/config"
	"boothd/cmd/boothd/console"
	"boothd/sync/direct"
	"boothd/sync/portal"
	"boothd/sync/system"
)

// reach is how far the booth reached when it last looked.
type reach struct {
	portal   portal.Status
	direct   []direct.Health
	national probeStatus
	network  bool
}

// linkOf tells the state of the link from what was reached. The nation counts as down only if
// something of it besides the portal is looked at and none of it answers.
func linkOf(r reach) console.Link {
	since := r.portal.Since
	if r.portal.Up {
		return console.Link{State: console.LinkOnline, Since: since}
	}
	reached := r.national.watched && r.national.up
	for _, h := range r.direct {
		reached = reached || h.Up
	}
	switch {
	case reached:
		return console.Link{State: console.LinkPortalDown, Since: since}
	case !r.network:
		return console.Link{State: console.LinkOffline, Since: since}
	case !r.national.watched && len(r.direct) == 0:
		return console.Link{State: console.LinkPortalDown, Since: since}
	}
	for _, h := range r.direct {
		since = later(since, h.Since)
	}
	return console.Link{State: console.LinkNationalDown, Since: later(since, r.national.since)}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// reach tells how far the booth reaches, from memory.
func (b *booth) reach() reach {
	r := reach{portal: b.portal.Status(), network: hasNetwork()}
	if b.direct != nil {
		r.direct = b.direct.Health()
	}
	if b.national != nil {
		r.national = b.national.status()
	}
	return r
}

// hasNetwork reports whether an interface other than the loopback is up and has an address.
func hasNetwork() bool {
	all, err := net.Interfaces()
	if err != nil {
		return false
	}
	for _, i := range all {
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagLoopback != 0 || i.Flags&net.FlagRunning == 0 {
			continue
		}
		if addrs, err := i.Addrs(); err == nil && len(addrs) > 0 {
			return true
		}
	}
	return false
}

// openDirect makes the source of the systems that are asked while the portal is down.
func (b *booth) openDirect(context.Context) error {
	if b.portal == nil || len(b.config.Direct) == 0 {
		return nil
	}
	options := direct.Options{
		Booth: b.config.Booth.ID, Down: func() bool { return !b.portal.Status().Up }, Grant: b.profiles.grant,
		Deadline: time.Duration(b.config.Portal.Timeout) * 9 / 10, Log: b.log,
	}
	for _, d := range b.config.Direct {
		opt := system.HTTPOptions{URL: d.URL}
		if d.Cert != "" {
			var err error
			if opt.TLS, err = portal.MutualTLS(d.CA, d.Cert, d.Key, b.log); err != nil {
				return err
			}
		}
		adapter, err := system.NewHTTP(opt)
		if err != nil {
			return fmt.Errorf("%s asked directly: %w", d.System, err)
		}
		b.closers = append(b.closers, adapter.Close)
		options.Systems = append(options.Systems, direct.System{Name: d.System, Adapter: adapter})
	}
	var err error
	b.direct, err = direct.New(options)
	return err
}

// The national probe.
const (
	probeEvery   = 15 * time.Second
	probeTimeout = 3 * time.Second
)

// probe looks whether an address of the nation's infrastructure answers. Whatever it answers
// will do.
type probe struct {
	url  string
	http *http.Client
	now  func() time.Time

	mu    sync.Mutex
	up    bool
	since time.Time
}

type probeStatus struct {
	watched bool // it was looked at
	up      bool
	since   time.Time
}

func newProbe(n config.National) (*probe, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if n.CA != "" {
		pem, err := os.ReadFile(n.CA)
		if err != nil {
			return nil, err
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("read %s: no certificate in it", n.CA)
		}
	}
	return &probe{url: n.Probe, now: time.Now, http: &http.Client{
		Timeout:       probeTimeout,
		Transport:     &http.Transport{TLSClientConfig: conf, DisableKeepAlives: true, MaxResponseHeaderBytes: 64 << 10},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Run looks until ctx ends; it returns nil.
func (p *probe) Run(ctx context.Context) error {
	for {
		up := p.look(ctx)
		if ctx.Err() != nil {
			return nil
		}
		p.saw(up)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(probeEvery):
		}
	}
}

func (p *probe) look(ctx context.Context) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url, nil)
	if err != nil {
		return false
	}
	resp, err := p.http.Do(req)
	if err != nil {
		return false
	}
	resp.Body.Close()
	return true
}

func (p *probe) saw(up bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.up != up || p.since.IsZero() {
		p.up, p.since = up, p.now()
	}
}

func (p *probe) status() probeStatus {
	p.mu.Lock()
	defer p.mu.Unlock()
	return probeStatus{watched: !p.since.IsZero(), up: p.up, since: p.since}
}

// directly reports whether the system answers directly while the portal is down.
func (r reach) directly(name string) bool {
	return slices.ContainsFunc(r.direct, func(h direct.Health) bool { return h.System == name && h.Up })
}
