package sbi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"boothd/devices"
)

// Purpose is what a service captures for. It has one: kiosks of the other ignore it.
type Purpose string

// The purposes.
const (
	Registration Purpose = "Registration"
	Auth         Purpose = "Auth"
)

// Environments are the values of Config.Env.
func Environments() []string { return []string{"Staging", "Developer", "Pre-Production", "Production"} }

// Config is what a Server is made of. All fields but Origins, Domain and Log are required.
type Config struct {
	Devices  *devices.Manager
	Identity *Identity
	Booth    string // its id
	Version  string // of this service
	Purpose  Purpose
	Env      string // one of Environments
	// Provider and ProviderID name the device provider as which the authority knows the booth's
	// operator.
	Provider, ProviderID string
	// Origins are those of browser pages that may capture, such as "https://kiosk.example".
	Origins []string
	// Domain is for whom captures of an authentication are encrypted; nil: they are refused.
	Domain *Domain
	Now    func() time.Time
	Log    *slog.Logger // nil means none
}

// Ports in which kiosks look for a service.
const (
	FirstPort = 4501
	LastPort  = 4600
)

// Listen takes the first free port.
func Listen(ctx context.Context) (net.Listener, error) {
	var conf net.ListenConfig
	var last error
	for port := FirstPort; port <= LastPort; port++ {
		l, err := conf.Listen(ctx, "tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			return l, nil
		}
		last = err
	}
	return nil, fmt.Errorf("listen for registration kiosks on ports %d to %d: %w", FirstPort, LastPort, last)
}

// Server is the interface. Run serves it.
type Server struct {
	cfg      Config
	listener net.Listener
	base     string // URL of this service
	hosts    map[string]bool
	origins  map[string]bool

	seats     chan struct{}   // one per request under way
	life      context.Context // ends with Run
	end       context.CancelFunc
	work      sync.WaitGroup // holds
	capturing sync.Mutex

	mu      sync.Mutex
	holds   map[string]*hold // by address of the device
	notice  string           // of the capture under way
	ended   time.Time        // the last capture
	streams int
}

// The limits of the server.
const (
	headerTimeout   = 5 * time.Second
	readTimeout     = 5 * time.Second
	writeTimeout    = 30 * time.Second // after the capture
	shutdownTimeout = 3 * time.Second
	maxHeaderBytes  = 16 << 10
	maxBody         = 64 << 10
	maxRequests     = 16 // at a time
)

// lately is how long an officer is told that a capture was made: longer than the officer's
// page takes to look again.
const lately = 10 * time.Second

// New makes a server that will serve the listener, which must be on 127.0.0.1.
func New(l net.Listener, cfg Config) (*Server, error) {
	addr, ok := l.Addr().(*net.TCPAddr)
	if !ok || !addr.IP.IsLoopback() {
		return nil, fmt.Errorf("biometric interface on %s: not a loopback address", l.Addr())
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	port := strconv.Itoa(addr.Port)
	s := &Server{
		cfg: cfg, listener: l, base: "http://" + net.JoinHostPort("127.0.0.1", port),
		hosts:   map[string]bool{net.JoinHostPort("127.0.0.1", port): true, net.JoinHostPort("localhost", port): true},
		origins: make(map[string]bool, len(cfg.Origins)),
		seats:   make(chan struct{}, maxRequests),
		holds:   make(map[string]*hold),
	}
	s.life, s.end = context.WithCancel(context.Background())
	for _, origin := range cfg.Origins {
		s.origins[origin] = true
	}
	return s, nil
}

// Run serves until ctx ends, then ends captures and streams, gives the devices back and closes
// the listener. It is called once.
func (s *Server) Run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, s.end)
	defer stop()
	srv := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		BaseContext:       func(net.Listener) context.Context { return s.life },
		ErrorLog:          slog.NewLogLogger(s.cfg.Log.Handler(), slog.LevelDebug),
	}
	srv.SetKeepAlivesEnabled(false) // the interface wants "Connection: close"
	served := make(chan error, 1)
	go func() { served <- srv.Serve(s.listener) }()
	var err error
	running := true
	select {
	case <-ctx.Done():
	case err = <-served:
		running = false
	}
	s.end()
	grace, done := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer done()
	if srv.Shutdown(grace) != nil {
		srv.Close()
	}
	if running {
		<-served
	}
	s.work.Wait()
	if err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve biometric interface on %s: %w", s.listener.Addr(), err)
	}
	return nil
}

// Notice says in a sentence for the officer what a kiosk does with the booth's devices now;
// empty if nothing.
func (s *Server) Notice() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.notice != "":
		return s.notice
	case s.streams > 0:
		return "A registration kiosk watches a device of this booth."
	case !s.ended.IsZero() && s.cfg.Now().Before(s.ended.Add(lately)):
		return "A registration kiosk has just used a device of this booth."
	}
	return ""
}

func (s *Server) say(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notice = what
}

// fallSilent ends what was said of a capture.
func (s *Server) fallSilent() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notice, s.ended = "", s.cfg.Now()
}

// watched counts a stream until the function that it returns is called.
func (s *Server) watched() func() {
	count := func(by int) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.streams += by
	}
	count(1)
	return func() { count(-1) }
}

// ServeHTTP serves one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.guard(w, r) {
		return
	}
	select {
	case s.seats <- struct{}{}:
		defer func() { <-s.seats }()
	default:
		http.Error(w, "too many requests at a time", http.StatusServiceUnavailable)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "the request is too long or incomplete", http.StatusRequestEntityTooLarge)
		return
	}
	// A deadline for reading that passes would look like a kiosk that hangs up.
	http.NewResponseController(w).SetReadDeadline(time.Time{})
	s.route(w, r, body)
}

func (s *Server) route(w http.ResponseWriter, r *http.Request, body []byte) {
	switch r.Method + " " + r.URL.Path {
	case "MOSIPDISC /device", "GET /", "POST /":
		s.answer(w, s.discovered(r.Method, body))
	case "MOSIPDINFO /info":
		s.answer(w, s.info())
	case "STREAM /stream":
		s.stream(w, r, body)
	case string(verbRegistration) + " /capture":
		s.capture(w, r, verbRegistration, body)
	case string(verbAuth) + " /capture":
		s.capture(w, r, verbAuth, body)
	default:
		status := http.StatusOK
		if !strings.Contains(methods, r.Method) {
			status = http.StatusMethodNotAllowed
		}
		s.answerWith(w, status, errorAnswer{badURL.fault()})
	}
}

// discovered answers a discovery; one that a browser's address line makes has no body.
func (s *Server) discovered(method string, body []byte) any {
	q := discoverRequest{Type: "Biometric Device"}
	if len(body) > 0 || method != http.MethodGet {
		q.Type = ""
		if json.Unmarshal(body, &q) != nil {
			return []errorAnswer{{badJSON.fault()}}
		}
	}
	return s.discover(q.Type)
}

func (s *Server) answer(w http.ResponseWriter, v any) { s.answerWith(w, http.StatusOK, v) }

func (s *Server) answerWith(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "the answer cannot be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body) // a kiosk that has gone needs none
}
