// Package console is the booth's face: the local HTTP interface, its event stream and the
// officer's page.
//
// It serves one listener on the loopback interface. Everything under /api/v1/ is described
// by the OpenAPI document that it serves at /api/v1/openapi.yaml. Kiosk programs show their
// token with each request ("Authorization: Bearer …"); the officer's page exchanges the
// token for a session cookie, because neither EventSource nor <img> can send a header.
//
// With [SignIn] the page sends the officer to an issuer of signed tokens (sync/signin) and
// opens the session when the browser comes back; a signed token may also be shown wherever a
// token of the booth's own may. Such a session is renewed while it lasts. It ends when the
// issuer refuses to renew it, and when its token has expired; if that is because the issuer
// cannot be reached, after the grace that the booth is configured with. What the officer may
// ask follows one of the profiles that both the token and the booth name.
//
// /healthz, /readyz and /metrics need no token and must therefore hold nothing of a
// traveller, nor anything that differs with what was found about one; what they show to
// whoever has a token of their own may count what was recorded.
//
// What keeps other pages in the same browser out: the Host header must be one of ours,
// which defeats DNS rebinding; an Origin must be our own or a configured kiosk's; a cookie
// counts only with our own origin. Browsers do not tell ports apart in cookies, so another
// server on the same host receives the session cookie when the officer's browser visits
// it: run nothing there that is not trusted.
//
// The event stream is level-triggered: it always carries the whole view and sends it only
// if it differs from what this listener was sent last. A listener that missed events has
// missed nothing, a slow one cannot hold up the desk, and a discreet finding, which
// [check.Desk.View] leaves out for officers without clearance, changes neither the content
// nor the number nor the time of the events that they receive. Lines about systems that an
// officer's profile does not name are left out in the same way.
package console

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"boothd/capture"
	"boothd/capture/check"
	"boothd/devices"
)

// Desk is what the console needs of the check desk; *check.Desk implements it.
type Desk interface {
	Start(ctx context.Context, officer capture.Officer) (id string, err error)
	AddZone(ctx context.Context, id, officer string, lines []string) error
	MissFinger(ctx context.Context, id, officer string, reason capture.Missing) error
	MissFingers(ctx context.Context, id, officer string, fingers []capture.FingerPosition, reason capture.Missing) error
	MissChip(ctx context.Context, id, officer string, why capture.MissingChip) error
	UseAccessNumber(ctx context.Context, id, number string) error
	Retake(ctx context.Context, id string, m capture.Modality) error
	RetakeFinger(ctx context.Context, id string, finger capture.FingerPosition) error
	Conclude(ctx context.Context, id string) error
	Dispose(ctx context.Context, id string, d capture.Disposition) error
	Abandon(ctx context.Context, id, officer, why string) error
	View(cleared bool) check.View
	Changed() <-chan struct{}
	Image(id, evidence string) (mime string, data []byte, ok bool)
	Dismiss(ctx context.Context, alert, officer string) error
	Identify(ctx context.Context, id, officer string, ident capture.Identification) error
	UseGrant(ctx context.Context, id, text string) error
}

var _ Desk = (*check.Desk)(nil)

// Authenticator knows the officers by their tokens; [Tokens] implements it.
type Authenticator interface {
	// Authenticate returns the officer to whom the token belongs.
	Authenticate(token string) (capture.Officer, bool)
}

// Config is what a Server is made of. All fields but Hosts and Origins are required, and one
// of Auth and SignIn suffices.
type Config struct {
	Desk Desk
	Auth Authenticator
	// SignIn signs officers in at an issuer of tokens; nil without one.
	SignIn *SignIn
	// InForce returns an officer with the profile as it is at this moment; asked at every
	// request, from memory. Without it profiles never change.
	InForce func(capture.Officer) capture.Officer
	// Exchange records that data was handed over in person; without it none may be.
	Exchange func(context.Context, capture.Officer, capture.Exchange) error
	// Verify tells central what an officer found out about a link; its errors are those of
	// portal.Client.Verify. Without it central cannot be told.
	Verify func(ctx context.Context, o capture.Officer, link string, colour capture.LinkColour, why string) error
	// Preview waits for the next picture of a camera of the kind, which several callers may
	// share. Without it no camera can be watched.
	Preview func(context.Context, devices.Kind) (*devices.Frame, error)
	// Status tells how the booth is; called every two seconds and at each request for it.
	// It returns within a second.
	Status func(context.Context) BoothStatus
	// Healthy and Ready answer /healthz and /readyz. The text of their error is shown to
	// whoever asks.
	Healthy, Ready func(context.Context) error
	Metrics        http.Handler
	// Hosts are values of the Host header to accept besides 127.0.0.1, [::1] and localhost
	// with the listener's port.
	Hosts []string
	// Origins are those of kiosk pages that may use the API with a token, such as
	// "https://kiosk.example".
	Origins []string
	Log     *slog.Logger
}

// Server is the console. Run serves it.
type Server struct {
	cfg      Config
	listener net.Listener
	hosts    map[string]bool
	origins  map[string]bool
	handler  http.Handler
	sessions sessions
	doors    doors
	logins   failures // at the page's sign-in
	bearers  failures // of tokens sent with requests
	board    board
	seats    chan struct{} // one per listener to the event stream
	viewers  chan struct{} // one per viewer of a camera
	stopping chan struct{} // closed when Run ends, to end the event streams
}

// The limits of the HTTP server.
const (
	headerTimeout   = 5 * time.Second
	readTimeout     = 10 * time.Second
	writeTimeout    = 15 * time.Second
	idleTimeout     = 60 * time.Second
	shutdownTimeout = 3 * time.Second
	maxHeaderBytes  = 16 << 10
	maxListeners    = 16
)

// New makes a console that will serve the listener, which must be on the loopback
// interface.
func New(listener net.Listener, cfg Config) (*Server, error) {
	addr, ok := listener.Addr().(*net.TCPAddr)
	if !ok || !addr.IP.IsLoopback() {
		return nil, fmt.Errorf("console on %s: not a loopback address", listener.Addr())
	}
	s := &Server{
		cfg:      cfg,
		listener: listener,
		hosts:    allowedHosts(addr.Port, cfg.Hosts),
		origins:  make(map[string]bool, len(cfg.Origins)),
		board:    newBoard(),
		seats:    make(chan struct{}, maxListeners),
		viewers:  make(chan struct{}, maxPreviews),
		stopping: make(chan struct{}),
	}
	for _, origin := range cfg.Origins {
		if err := checkOrigin(origin); err != nil {
			return nil, err
		}
		s.origins[origin] = true
	}
	s.handler = s.recoverPanics(s.guard(s.routes()))
	return s, nil
}

// Run serves until ctx ends, then ends the event streams, lets the other requests finish
// for at most three seconds and closes the listener. It is called once.
func (s *Server) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	srv := &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ConnContext:       keepConn,
		ErrorLog:          slog.NewLogLogger(s.cfg.Log.Handler(), slog.LevelDebug),
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { s.pollStatus(ctx) })
	wg.Go(func() { s.renewSessions(ctx) })
	served := make(chan error, 1)
	wg.Go(func() { served <- srv.Serve(s.listener) })

	var err error
	select {
	case <-ctx.Done():
	case err = <-served:
	}
	cancel()
	close(s.stopping)
	grace, done := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer done()
	if srv.Shutdown(grace) != nil {
		srv.Close() // the requests still running are cut off
	}
	if err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve console on %s: %w", s.listener.Addr(), err)
	}
	return nil
}
