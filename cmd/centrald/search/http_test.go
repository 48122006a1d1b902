package search

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"boothd/capture"
	"boothd/cmd/centrald/simulate"
	"boothd/sync/system"
)

// TestSystemsOverHTTPThatFailAreUnavailable asks a well system and one that fails, both over
// real connections.
func TestSystemsOverHTTPThatFailAreUnavailable(t *testing.T) {
	hit := rich()
	simulated := func(b simulate.Behaviour) http.Handler {
		s := simulate.New(replying(hit), 1)
		if err := s.Set(b); err != nil {
			t.Fatal(err)
		}
		return system.Handler(s, system.HandlerOptions{})
	}
	for _, test := range []struct {
		name   string
		h      http.Handler
		state  capture.State
		reason string
	}{
		{"a system that is well", simulated(simulate.Behaviour{}), capture.StateHit, ""},
		{"one that reports a failure", simulated(simulate.Behaviour{Failure: simulate.FailureError}), capture.StateUnavailable, "SIS reports a fault"},
		{"one that is silent", simulated(simulate.Behaviour{Failure: simulate.FailureSilence}), capture.StateUnavailable, "SIS did not answer in time"},
		{"one that breaks off its reply", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", "1000")
			io.WriteString(w, `{"state":"no_hit"`)
		}), capture.StateUnavailable, "SIS reports a fault"},
		{"one that is something else", http.NotFoundHandler(), capture.StateUnavailable, "SIS reports a fault"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := searcher(t, Options{Systems: []System{
				{Name: "SIS", Adapter: overHTTP(t, test.h), Deadline: 500 * time.Millisecond},
				{Name: "VIS", Adapter: overHTTP(t, simulated(simulate.Behaviour{})), Deadline: time.Minute},
			}})
			got := map[string]capture.Answer{}
			err := s.Search(context.Background(), documentRequest(everything("SIS", "VIS"), "SIS", "VIS"), func(a capture.Answer) { got[a.System] = a })
			if err != nil || got["VIS"].State != capture.StateHit {
				t.Errorf("error %v, VIS %s", err, got["VIS"].State)
			}
			if a := got["SIS"]; a.State != test.state || a.Reason != test.reason {
				t.Errorf("%s, %q", a.State, a.Reason)
			}
		})
	}
}

// overHTTP serves h and returns an adapter that asks it.
func overHTTP(t *testing.T, h http.Handler) *system.HTTP {
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	a, err := system.NewHTTP(system.HTTPOptions{URL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}
