package console

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"boothd/capture"
	"boothd/capture/check"
)

const apiRoot = "/api/v1/"

// route is one deed of the API. Those with forOfficer need somebody signed in.
type route struct {
	method, path string
	open         func(http.ResponseWriter, *http.Request) error
	forOfficer   func(http.ResponseWriter, *http.Request, capture.Officer) error
}

func (s *Server) table() []route {
	return []route{
		{method: "POST", path: "session", open: s.login},
		{method: "GET", path: "session", forOfficer: s.whoAmI},
		{method: "DELETE", path: "session", forOfficer: s.logout},
		{method: "GET", path: "login", open: s.loginState},
		{method: "GET", path: "login/start", open: s.loginStart},
		{method: "GET", path: returnPath, open: s.loginReturn},
		{method: "POST", path: "login/profile", open: s.loginProfile},
		{method: "GET", path: "status", forOfficer: s.getStatus},
		{method: "GET", path: "view", forOfficer: s.getView},
		{method: "GET", path: "events", forOfficer: s.events},
		{method: "GET", path: "openapi.yaml", open: serveOpenAPI},
		{method: "POST", path: "checks", forOfficer: s.start},
		{method: "POST", path: "checks/{check}/zone", forOfficer: s.addZone},
		{method: "POST", path: "checks/{check}/missing-finger", forOfficer: s.missFinger},
		{method: "POST", path: "checks/{check}/missing-chip", forOfficer: s.missChip},
		{method: "POST", path: "checks/{check}/access-number", forOfficer: s.useAccessNumber},
		{method: "POST", path: "checks/{check}/retake", forOfficer: s.retake},
		{method: "POST", path: "checks/{check}/conclude", forOfficer: s.conclude},
		{method: "POST", path: "checks/{check}/disposition", forOfficer: s.dispose},
		{method: "POST", path: "checks/{check}/abandon", forOfficer: s.abandon},
		{method: "GET", path: "checks/{check}/images/{evidence}", forOfficer: s.image},
		{method: "GET", path: "checks/{check}/preview/{camera}", forOfficer: s.preview},
		{method: "DELETE", path: "alerts/{alert}", forOfficer: s.dismiss},
		{method: "POST", path: "checks/{check}/identify", forOfficer: s.identify},
		{method: "POST", path: "checks/{check}/grant", forOfficer: s.useGrant},
		{method: "POST", path: "links/{link}/verify", forOfficer: s.verifyLink},
		{method: "POST", path: "exchange", forOfficer: s.exchange},
	}
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	methods := make(map[string][]string)
	for _, rt := range s.table() {
		mux.Handle(rt.method+" "+apiRoot+rt.path, s.api(rt))
		methods[rt.path] = append(methods[rt.path], rt.method)
	}
	for path, allowed := range methods {
		mux.HandleFunc(apiRoot+path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Allow", strings.Join(slices.Sorted(slices.Values(allowed)), ", "))
			newProblem(http.StatusMethodNotAllowed, "method",
				"This cannot be done here.", "Use one of the methods in the Allow header.").write(w)
		})
	}
	mux.HandleFunc(apiRoot, func(w http.ResponseWriter, r *http.Request) {
		newProblem(http.StatusNotFound, "no-such-path",
			"There is nothing at this address.", "See /api/v1/openapi.yaml for what there is.").write(w)
	})
	mux.HandleFunc("GET /healthz", probe(s.cfg.Healthy))
	mux.HandleFunc("GET /readyz", probe(s.cfg.Ready))
	mux.Handle("GET /metrics", s.cfg.Metrics)
	mux.HandleFunc("GET /{$}", servePage)
	mux.HandleFunc("GET /page/{file}", servePageFile)
	return mux
}

// api adds to a route what all have in common: who asks, and how errors are told.
func (s *Server) api(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var err error
		if rt.open != nil {
			err = rt.open(w, r)
		} else {
			var o capture.Officer
			if o, err = s.officer(r); err == nil {
				err = rt.forOfficer(w, r, s.inForce(o))
			}
		}
		if err != nil {
			s.fail(w, r, err)
		}
	})
}

// inForce gives the officer the profile as it is now, whatever it was at the sign-in.
func (s *Server) inForce(o capture.Officer) capture.Officer {
	if s.cfg.InForce == nil {
		return o
	}
	return s.cfg.InForce(o)
}

func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := asProblem(err)
	if p.Status >= http.StatusInternalServerError {
		s.cfg.Log.ErrorContext(r.Context(), "request failed", "method", r.Method, "route", r.Pattern, "error", err)
	}
	if p.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="boothd"`)
	}
	if later := (*retryLater)(nil); errors.As(err, &later) {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(later.after.Seconds()))))
	}
	p.write(w)
}

func (s *Server) getView(w http.ResponseWriter, _ *http.Request, o capture.Officer) error {
	return writeJSON(w, http.StatusOK, s.shown(o))
}

// started names a new check.
type started struct {
	ID string `json:"id"`
}

func (s *Server) start(w http.ResponseWriter, r *http.Request, o capture.Officer) error {
	id, err := s.cfg.Desk.Start(r.Context(), o)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, started{ID: id})
}

func (s *Server) addZone(w http.ResponseWriter, r *http.Request, o capture.Officer) error {
	var body zoneBody
	if err := decode(w, r, &body); err != nil {
		return err
	}
	return done(w, s.cfg.Desk.AddZone(r.Context(), r.PathValue("check"), o.ID, body.Lines))
}

func (s *Server) missFinger(w http.ResponseWriter, r *http.Request, o capture.Officer) error {
	var body missingBody
	if err := decode(w, r, &body); err != nil {
		return err
	}
	if len(body.Fingers) > 0 {
		return done(w, s.cfg.Desk.MissFingers(r.Context(), r.PathValue("check"), o.ID, body.Fingers, body.Reason))
	}
	return done(w, s.cfg.Desk.MissFinger(r.Context(), r.PathValue("check"), o.ID, body.Reason))
}

func (s *Server) missChip(w http.ResponseWriter, r *http.Request, o capture.Officer) error {
	var body missingChipBody
	if err := decode(w, r, &body); err != nil {
		return err
	}
	return done(w, s.cfg.Desk.MissChip(r.Context(), r.PathValue("check"), o.ID, body.Reason))
}

func (s *Server) useAccessNumber(w http.ResponseWriter, r *http.Request, _ capture.Officer) error {
	var body accessNumberBody
	if err := decode(w, r, &body); err != nil {
		return err
	}
	return done(w, s.cfg.Desk.UseAccessNumber(r.Context(), r.PathValue("check"), body.Number))
}

func (s *Server) retake(w http.ResponseWriter, r *http.Request, _ capture.Officer) error {
	var body retakeBody
	if err := decode(w, r, &body); err != nil {
		return err
	}
	if body.Finger != 0 {
		return done(w, s.cfg.Desk.RetakeFinger(r.Context(), r.PathValue("check"), body.Finger))
	}
	return done(w, s.cfg.Desk.Retake(r.Context(), r.PathValue("check"), body.Modality))
}

func (s *Server) conclude(w http.ResponseWriter, r *http.Request, _ capture.Officer) error {
	return done(w, s.cfg.Desk.Conclude(r.Context(), r.PathValue("check")))
}

func (s *Server) dispose(w http.ResponseWriter, r *http.Request, o capture.Officer) error {
	var body dispositionBody
	if err := decode(w, r, &body); err != nil {
		return err
	}
	if !s.seesWhole(o) {
		return newProblem(http.StatusForbidden, "not-yours",
			"This check asks systems that your profile does not include.",
			"Have the officer decide who started it, or abandon it.")
	}
	return done(w, s.cfg.Desk.Dispose(r.Context(), r.PathValue("check"), capture.Disposition{
		Decision: body.Decision, Why: body.Why, Officer: o.ID,
	}))
}

func (s *Server) abandon(w http.ResponseWriter, r *http.Request, o capture.Officer) error {
	var body abandonBody
	if err := decode(w, r, &body); err != nil {
		return err
	}
	return done(w, s.cfg.Desk.Abandon(r.Context(), r.PathValue("check"), o.ID, body.Why))
}

// image serves a picture; what the desk calls it is held against what a page may be given.
func (s *Server) image(w http.ResponseWriter, r *http.Request, _ capture.Officer) error {
	mime, data, ok := s.cfg.Desk.Image(r.PathValue("check"), r.PathValue("evidence"))
	if !ok || (mime != "image/png" && mime != "image/jpeg") {
		return newProblem(http.StatusNotFound, "no-image",
			"There is no such picture in the current check.", "Look at the page again; it shows what there is.")
	}
	w.Header().Set("Content-Type", mime)
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	w.Write(data)
	return nil
}

// dismiss takes an alert off the desk for all officers, if this one can see it.
func (s *Server) dismiss(w http.ResponseWriter, r *http.Request, o capture.Officer) error {
	id := r.PathValue("alert")
	if !slices.ContainsFunc(s.shown(o).Alerts, func(a check.Alert) bool { return a.ID == id }) {
		return newProblem(http.StatusNotFound, "no-alert",
			"This alert is no longer shown.", "Look at the page again; it shows the alerts that there are.")
	}
	if err := s.cfg.Desk.Dismiss(r.Context(), id, o.ID); err != nil {
		return err
	}
	s.cfg.Log.InfoContext(r.Context(), "alert dismissed", "officer", o.ID)
	return done(w, nil)
}

func done(w http.ResponseWriter, err error) error {
	if err == nil {
		w.WriteHeader(http.StatusNoContent)
	}
	return err
}

// probe answers the machines that watch over the daemon.
func probe(ask func(context.Context) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		if err := ask(r.Context()); err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprintln(w, err)
			return
		}
		fmt.Fprintln(w, "ok")
	}
}
