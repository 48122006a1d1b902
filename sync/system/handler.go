package system

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"time"
)

// HandlerOptions configure a Handler. All may be left out.
type HandlerOptions struct {
	// System is the system's name; questions for another are refused. Empty takes all.
	System string
	// Token is the bearer token that askers must show. Without one, whom the server lets in
	// by their certificates may ask.
	Token string
	// Timeout is how long a question may take, 60 s if 0.
	Timeout time.Duration
	// Health tells whether the system can answer now.
	Health func(ctx context.Context) error
	Log    *slog.Logger     // nothing is logged if nil
	Now    func() time.Time // time.Now if nil
}

// Handler is the system's side of the contract: it serves the questions of an [HTTP] adapter
// with a. A reply that does not keep the contract is logged here and not sent. How long a
// body may take to arrive is up to the server (http.Server.ReadTimeout).
func Handler(a Adapter, opt HandlerOptions) http.Handler {
	if opt.Timeout <= 0 {
		opt.Timeout = time.Minute
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	h := &handler{adapter: a, opt: opt}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+PathAsk, h.ask)
	mux.HandleFunc("GET "+PathHealth, h.health)
	return h.admitted(mux)
}

type handler struct {
	adapter Adapter
	opt     HandlerOptions
}

// admitted lets those in who show the token.
func (h *handler) admitted(next http.Handler) http.Handler {
	if h.opt.Token == "" {
		return next
	}
	want := sha256.Sum256([]byte(h.opt.Token))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		got := sha256.Sum256([]byte(token)) // of one length, whatever was sent
		if !strings.EqualFold(scheme, "Bearer") || subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "token missing or wrong", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (h *handler) health(w http.ResponseWriter, r *http.Request) {
	if h.opt.Health == nil {
		return
	}
	if err := h.opt.Health(r.Context()); err != nil {
		h.opt.Log.Warn("system is not well", "err", err)
		http.Error(w, "the system cannot answer now", http.StatusServiceUnavailable)
	}
}

func (h *handler) ask(w http.ResponseWriter, r *http.Request) {
	q, err := h.question(w, r)
	if err != nil {
		h.opt.Log.Warn("question refused", "err", err)
		status := http.StatusBadRequest
		if errors.Is(err, ErrTooLarge) {
			status = http.StatusRequestEntityTooLarge
		}
		http.Error(w, err.Error(), status)
		return
	}
	body, err := h.reply(r.Context(), q)
	if err != nil {
		h.opt.Log.Error("question not answered", "err", err)
		http.Error(w, "the system cannot answer now", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", contentJSON)
	w.Header().Set("Cache-Control", "no-store")
	w.Write(body)
}

func (h *handler) question(w http.ResponseWriter, r *http.Request) (Question, error) {
	if err := plainJSON(r.Header); err != nil {
		return Question{}, err
	}
	if r.ContentLength > MaxQuestion {
		return Question{}, fmt.Errorf("%w: body of more than %d bytes", ErrTooLarge, MaxQuestion)
	}
	q, err := readQuestion(r.Body)
	if err == nil && h.opt.System != "" && q.System != h.opt.System {
		err = fmt.Errorf("%w: the question is for another system", ErrRefused)
	}
	return q, err
}

func (h *handler) reply(ctx context.Context, q Question) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, h.opt.Timeout)
	defer cancel()
	r, err := Guarded(h.adapter).Ask(ctx, q)
	if err != nil {
		return nil, err
	}
	if r, err = r.Checked(h.opt.Now()); err != nil {
		return nil, err
	}
	body, err := json.Marshal(r)
	if err == nil && len(body) > MaxReply {
		err = fmt.Errorf("%w: reply of %d bytes, at most %d", ErrTooLarge, len(body), MaxReply)
	}
	return body, err
}

// Guarded returns an adapter that turns a panic of a into an error. The error tells where it
// happened and nothing of its value, which may be personal data.
func Guarded(a Adapter) Adapter { return guarded{a} }

type guarded struct{ adapter Adapter }

func (g guarded) Ask(ctx context.Context, q Question) (r Reply, err error) {
	defer func() {
		if recover() != nil {
			r, err = Reply{}, fmt.Errorf("adapter panicked in %s", panicked())
		}
	}()
	return g.adapter.Ask(ctx, q)
}

// panicked names the function that panicked, called from the deferred function.
func panicked() string {
	pcs := make([]uintptr, 16)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	for {
		f, more := frames.Next()
		if !strings.HasPrefix(f.Function, "runtime.") {
			return fmt.Sprintf("%s line %d", f.Function, f.Line)
		}
		if !more {
			return "a function that is not known"
		}
	}
}
