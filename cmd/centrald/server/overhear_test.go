package server_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"

	"boothd/sync/portal"
)

// exchange is one request and its reply, as they went over the wire.
type exchange struct {
	request *http.Request
	asked   bytes.Buffer
	status  int
	header  http.Header
	reply   bytes.Buffer
}

// listener is a central that keeps every exchange.
type listener struct {
	*place
	url   string
	ended chan struct{} // something has ended
	mu    sync.Mutex
	begun int
	seen  []*exchange // what has ended
}

// overhear serves what booths reach of a central and keeps what was said.
func (p *place) overhear(h http.Handler) *listener {
	p.t.Helper()
	l := &listener{place: p, ended: make(chan struct{}, 1)}
	front := httptest.NewUnstartedServer(l.keeping(h))
	front.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	var err error
	if front.TLS, err = p.folder.PortalTLS(); err != nil {
		p.t.Fatal(err)
	}
	front.EnableHTTP2 = true
	front.StartTLS()
	p.t.Cleanup(func() { front.CloseClientConnections(); front.Close() })
	l.url = "https://" + front.Listener.Addr().String()
	return l
}

func (l *listener) keeping(h http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		e := &exchange{request: r, status: http.StatusOK}
		r.Body = struct {
			io.Reader
			io.Closer
		}{io.TeeReader(r.Body, &e.asked), r.Body}
		l.mu.Lock()
		l.begun++
		l.mu.Unlock()
		h.ServeHTTP(&teed{w, e}, r)
		e.header = w.Header()
		l.mu.Lock()
		l.seen = append(l.seen, e)
		l.mu.Unlock()
		select {
		case l.ended <- struct{}{}:
		default:
		}
	}
}

// teed keeps what is replied.
type teed struct {
	http.ResponseWriter
	e *exchange
}

func (w *teed) WriteHeader(status int) { w.e.status = status; w.ResponseWriter.WriteHeader(status) }

func (w *teed) Write(b []byte) (int, error) {
	w.e.reply.Write(b)
	return w.ResponseWriter.Write(b)
}

func (w *teed) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// send makes a request as a program that is not ours could, and waits for the end of the
// reply.
func (l *listener) send(method, path, header, value, body string) {
	l.t.Helper()
	conf, err := portal.MutualTLS(l.folder.Path("ca.pem"), l.folder.Path("booth.pem"), l.folder.Path("booth.key"), nil)
	if err != nil {
		l.t.Fatal(err)
	}
	transport := &http.Transport{TLSClientConfig: conf}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(l.t.Context(), method, l.url+path, strings.NewReader(body))
	if err != nil {
		l.t.Fatal(err)
	}
	if header != "" {
		req.Header.Set(header, value)
	}
	resp, err := (&http.Client{Transport: transport, Timeout: time.Minute}).Do(req)
	if err != nil {
		l.t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		l.t.Error(err)
	}
}

// all waits until what was begun has ended and returns it.
func (l *listener) all() []*exchange {
	l.t.Helper()
	patience := time.After(time.Minute)
	for {
		l.mu.Lock()
		seen, open := slices.Clone(l.seen), l.begun-len(l.seen)
		l.mu.Unlock()
		if open == 0 {
			return seen
		}
		select {
		case <-l.ended:
		case <-patience:
			l.t.Fatalf("%d exchanges did not end", open)
		}
	}
}

// statuses are what was replied, by method and path.
func statuses(seen []*exchange) map[string][]int {
	all := map[string][]int{}
	for _, e := range seen {
		key := e.request.Method + " " + e.request.URL.Path
		if !slices.Contains(all[key], e.status) {
			all[key] = append(all[key], e.status)
			slices.Sort(all[key])
		}
	}
	return all
}
