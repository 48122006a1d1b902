package portal

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Options configure a Client. URL, TLS and Booth are required.
type Options struct {
	URL   string      // "https://portal.example:8443", without a path
	TLS   *tls.Config // as MutualTLS makes it; never below TLS 1.3
	Booth string      // the booth's id, as in its certificate
	// Source is the name that answers carry; "portal" if empty.
	Source string
	// Systems are the systems that the portal can ask.
	Systems []string
	Log     *slog.Logger // nothing is logged if nil

	// ConnectTimeout is how long a connection may take, 2 s if 0.
	ConnectTimeout time.Duration
	// HeadTimeout is how long the portal may take to begin its reply, 3 s if 0. The
	// portal begins before any system has answered.
	HeadTimeout time.Duration
	// ReportTimeout is how long a report may take as a whole, 60 s if 0.
	ReportTimeout time.Duration
	// RetryAfter is how often Run looks for a portal that could not be reached. Without
	// Run, one question is sent so often to try. 3 s if 0.
	RetryAfter time.Duration
	// HealthEvery is how often Run looks at a portal that is reachable, 15 s if 0.
	HealthEvery time.Duration
	// Heartbeat is how long the stream of alerts may be silent before it is opened again,
	// 45 s if 0. Central writes something every 15 s.
	Heartbeat time.Duration
	// Back is called by Run when the portal can be reached again.
	Back func()
	Now  func() time.Time // time.Now if nil
}

// Client asks one portal. Its methods may be called by several goroutines.
type Client struct {
	opt     Options
	url     string
	http    *http.Client
	circuit circuit
}

// New makes a client. It does not connect yet.
func New(opt Options) (*Client, error) {
	u, err := url.Parse(opt.URL)
	if err != nil {
		return nil, fmt.Errorf("portal address: %w", err)
	}
	if u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.User != nil {
		return nil, fmt.Errorf("portal address %q: want https://host:port", u.Redacted())
	}
	if opt.TLS == nil {
		return nil, errors.New("portal: no TLS configuration")
	}
	if opt.Booth == "" {
		return nil, errors.New("portal: no booth id")
	}
	opt.fill()
	return &Client{
		opt:     opt,
		url:     "https://" + u.Host,
		http:    newHTTPClient(opt),
		circuit: circuit{retryAfter: opt.RetryAfter, now: opt.Now},
	}, nil
}

func (o *Options) fill() {
	if o.Source == "" {
		o.Source = "portal"
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Back == nil {
		o.Back = func() {}
	}
	for d, standard := range map[*time.Duration]time.Duration{
		&o.ConnectTimeout: 2 * time.Second,
		&o.HeadTimeout:    3 * time.Second,
		&o.ReportTimeout:  time.Minute,
		&o.RetryAfter:     3 * time.Second,
		&o.HealthEvery:    15 * time.Second,
		&o.Heartbeat:      45 * time.Second,
	} {
		if *d <= 0 {
			*d = standard
		}
	}
}

func newHTTPClient(opt Options) *http.Client {
	conf := opt.TLS.Clone()
	conf.MinVersion = tls.VersionTLS13
	dialer := &net.Dialer{Timeout: opt.ConnectTimeout, KeepAlive: 15 * time.Second}
	return &http.Client{
		Transport: &http.Transport{
			DialContext:           dialer.DialContext,
			TLSClientConfig:       conf,
			TLSHandshakeTimeout:   opt.ConnectTimeout,
			ResponseHeaderTimeout: opt.HeadTimeout,
			ForceAttemptHTTP2:     true,
			HTTP2: &http.HTTP2Config{
				SendPingTimeout:  5 * time.Second,
				PingTimeout:      3 * time.Second,
				WriteByteTimeout: 5 * time.Second,
			},
			DisableCompression:     true, // answers are limited in size as they travel
			MaxIdleConnsPerHost:    4,
			IdleConnTimeout:        5 * time.Minute,
			MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Name is the name of the source, for check.Source.
func (c *Client) Name() string { return c.opt.Source }

// Close gives up idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Status tells whether the portal could answer when it was last tried.
func (c *Client) Status() Status { return c.circuit.status() }

// Run looks at the portal's health until ctx ends, so that a line that is down or back is
// known before a traveller waits for it. While it runs no question is sent to try a line
// that is down. It returns nil.
func (c *Client) Run(ctx context.Context) error {
	c.circuit.watch(true)
	defer c.circuit.watch(false)
	var looked time.Time
	wasUp := true
	for {
		if !c.Status().Up || c.opt.Now().Sub(looked) >= c.opt.HealthEvery {
			looked = c.opt.Now()
			err := c.Health(ctx)
			if ctx.Err() != nil {
				return nil
			}
			switch {
			case err == nil && !wasUp:
				c.opt.Log.Info("portal reachable again")
				c.opt.Back()
			case err != nil && wasUp:
				c.opt.Log.Warn("portal not reachable", "err", err)
			}
			wasUp = err == nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(c.opt.RetryAfter):
		}
	}
}

// Health asks the portal whether it can answer. While it says no, questions are not sent.
func (c *Client) Health(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.opt.ConnectTimeout+c.opt.HeadTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+PathHealth, nil)
	if err != nil {
		return err
	}
	resp, err := c.do(req)
	var status *StatusError
	if errors.As(err, &status) {
		c.circuit.refused(reasonOf(err)) // it is there and says that it cannot answer
	}
	if err != nil {
		return fmt.Errorf("ask portal for its health: %w", err)
	}
	c.circuit.well()
	discard(resp.Body)
	return nil
}

// StatusError is a reply of the portal other than 200.
type StatusError struct{ Code int }

func (e *StatusError) Error() string {
	return fmt.Sprintf("portal replied %d %s", e.Code, http.StatusText(e.Code))
}

// do sends a request and returns the reply if its status is 200. It tells the circuit
// whether the portal was reached; a caller that gave up tells nothing.
func (c *Client) do(req *http.Request) (*http.Response, error) {
	resp, err := c.http.Do(req)
	if err != nil {
		if !errors.Is(err, context.Canceled) {
			c.circuit.failed(reasonOf(err))
			c.http.CloseIdleConnections() // the line that was silent is not tried again
		}
		return nil, err
	}
	c.circuit.reached()
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
