package portal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"boothd/capture"
)

// alertText is an alert in JSON.
func alertText(id uint64, booth string) string {
	b, _ := json.Marshal(Alert{ID: id, Booth: booth, Check: "check-1", Cause: CauseReplayed, At: time.Unix(1_700_000_000, 0).UTC(), Answer: capture.Answer{
		Evidence: "document-1", Modality: capture.ModalityDocument, System: "SIS", State: capture.StateHit,
		Findings: []capture.Finding{{Entry: "e", By: capture.ByDocumentNumber, State: capture.StateHit, Score: 1}},
	}})
	return string(b)
}

func alertEvent(id uint64) string {
	return fmt.Sprintf("id: %d\nevent: alert\ndata: %s\n\n", id, alertText(id, "booth-1"))
}

// stream is one connection to the alerts.
type stream struct {
	last string // Last-Event-ID
	send chan string
	gone <-chan struct{} // closed when the booth has hung up
}

// telling is a portal whose streams the test writes.
func telling(t *testing.T) (http.Handler, <-chan stream) {
	streams := make(chan stream, 10)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != PathAlerts || r.Method != http.MethodGet {
			t.Errorf("%s %s", r.Method, r.URL.Path)
		}
		w.Header().Set("Content-Type", contentEvents)
		out := http.NewResponseController(w)
		out.Flush()
		s := stream{last: r.Header.Get("Last-Event-ID"), send: make(chan string), gone: r.Context().Done()}
		streams <- s
		for {
			select {
			case text, open := <-s.send:
				if !open {
					return
				}
				io.WriteString(w, text)
				out.Flush()
			case <-r.Context().Done():
				return
			}
		}
	}), streams
}

// following follows the alerts until the test ends.
func following(t *testing.T, c *Client, last uint64, f func(Event) error) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Follow(ctx, last, f) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Follow: %v", err)
		}
	})
}

func TestFollowHandsOnEachEventOnceAcrossConnections(t *testing.T) {
	h, streams := telling(t)
	got := make(chan Event, 10)
	following(t, newPlace(t, h).client(t), 6, func(e Event) error { got <- e; return nil })

	first := <-streams
	if first.last != "6" {
		t.Errorf("first connection after %q", first.last)
	}
	first.send <- ": beat\n\n" + alertEvent(6) + alertEvent(7)
	e := <-got
	if e.ID != 7 || e.Alert == nil || e.Alert.Check != "check-1" || e.Alert.Cause != CauseReplayed || !e.Alert.Answer.Late || e.Alert.Answer.Source != "portal" {
		t.Errorf("event %+v", e)
	}
	first.send <- "id: 8\nevent: drill\ndata: {\"id\":8,\ndata: \"order\":\"a.b.c\"}\n\n"
	if e := <-got; e.ID != 8 || e.Drill != "a.b.c" || e.Alert != nil {
		t.Errorf("event %+v", e)
	}
	close(first.send)
	second := <-streams
	if second.last != "8" {
		t.Errorf("second connection after %q", second.last)
	}
	second.send <- alertEvent(8) + alertEvent(9)
	if e := <-got; e.ID != 9 {
		t.Errorf("event %d came again", e.ID)
	}
}

// An officer's profile may let nothing of a reply through but its state, and a central may not
// tell when the check was made, or may wrongly.
func TestAnAlertTellsNoMoreThanItMust(t *testing.T) {
	h, streams := telling(t)
	got := make(chan Event, 10)
	following(t, newPlace(t, h).client(t), 0, func(e Event) error { got <- e; return nil })
	s := <-streams
	bare := func(id int, checked string) string {
		return fmt.Sprintf("id: %d\nevent: alert\ndata: {\"id\":%d,\"booth\":\"booth-1\",\"check\":\"check-1\",\"cause\":\"late_answer\"%s,"+
			"\"answer\":{\"system\":\"SIS\",\"modality\":\"document\",\"state\":\"hit\"}}\n\n", id, id, checked)
	}
	for i, test := range []struct {
		checked string
		want    time.Time
	}{
		{"", time.Time{}},
		{`,"checked":"2025-11-21T14:05:00Z"`, time.Date(2025, 11, 21, 14, 5, 0, 0, time.UTC)},
		{`,"checked":"2999-11-21T14:05:00Z"`, time.Time{}},
	} {
		s.send <- bare(i+1, test.checked)
		e := <-got
		if e.Alert == nil || e.Alert.Answer.State != capture.StateHit || !e.Alert.Checked.Equal(test.want) {
			t.Errorf("alert %d: %+v", i+1, e.Alert)
		}
	}
}

func TestWhatIsNotUnderstoodDoesNotComeForEver(t *testing.T) {
	h, streams := telling(t)
	got := make(chan Event, 20)
	following(t, newPlace(t, h).client(t), 0, func(e Event) error { got <- e; return nil })
	s := <-streams
	if s.last != "" {
		t.Errorf("connection after %q", s.last)
	}
	hidden := strings.Replace(alertText(5, "booth-1"), `"hit"`, `"no_hit"`, 1)
	for i, text := range []string{
		"event: alert\ndata: {}",
		"id: 1\nevent: alert\ndata: {",
		"id: 2\nevent: alert\ndata: " + alertText(3, "booth-1"),
		"id: 3\nevent: alert\ndata: " + alertText(3, "booth-2"),
		"id: 4\nevent: party\ndata: {}",
		"id: 5\nevent: alert\ndata: " + hidden,
		"id: 6\nevent: drill\ndata: {\"id\":6}",
		"id: 7\nevent: alert\ndata: " + strings.Repeat("x\ndata: ", 10),
		"id: 99999999999999999999\nevent: alert\ndata: {}",
	} {
		s.send <- text + "\n\n"
		if i == 0 || i == 8 {
			continue // without a number there is nothing to move on to
		}
		if e := <-got; e.ID != uint64(i) || e.Alert != nil || e.Drill != "" {
			t.Errorf("event %d: %+v", i, e)
		}
	}
	s.send <- "id: 8\nevent: alert\ndata: " + strings.Repeat("x", 3*MaxEvent) + "\n\n"
	if e := <-got; e.ID != 8 || e.Alert != nil {
		t.Errorf("an event of a line without measure: %+v", e)
	}
	s.send <- alertEvent(9)
	if e := <-got; e.ID != 9 || e.Alert == nil {
		t.Errorf("the next good event: %+v", e)
	}
}

func TestAnEventThatCouldNotBeKeptComesAgain(t *testing.T) {
	h, streams := telling(t)
	tries := make(chan uint64, 10)
	full := true
	following(t, newPlace(t, h).client(t), 0, func(e Event) error {
		tries <- e.ID
		if full {
			full = false
			return errors.New("disk full")
		}
		return nil
	})
	first := <-streams
	first.send <- alertEvent(1)
	second := <-streams
	if second.last != "" {
		t.Errorf("central was told that %q was received", second.last)
	}
	second.send <- alertEvent(1)
	if a, b := <-tries, <-tries; a != 1 || b != 1 {
		t.Errorf("tries %d, %d", a, b)
	}
}

func TestASilentStreamIsOpenedAgain(t *testing.T) {
	h, streams := telling(t)
	p := newPlace(t, h)
	p.opt.Heartbeat = 50 * time.Millisecond
	following(t, p.client(t), 3, func(Event) error { return nil })
	first := <-streams
	<-first.gone
	if second := <-streams; second.last != "3" {
		t.Errorf("second connection after %q", second.last)
	}
}

func TestFollowGoesOnAfterRefusals(t *testing.T) {
	h, streams := telling(t)
	replies := []http.HandlerFunc{
		func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(503) },
		func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "<html>") },
	}
	var n atomic.Int64
	following(t, newPlace(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if i := n.Add(1); int(i) <= len(replies) {
			replies[i-1](w, r)
			return
		}
		h.ServeHTTP(w, r)
	})).client(t), 0, func(Event) error { return nil })
	<-streams
	if n.Load() != 3 {
		t.Errorf("%d connections", n.Load())
	}
}

func TestDocumentsAreLimited(t *testing.T) {
	for _, test := range []struct {
		name, body string
		want       error
		docs       []string
	}{
		{"two", `{"documents":["a.b.c","d.e.f"]}`, nil, []string{"a.b.c", "d.e.f"}},
		{"none", `{"documents":[]}`, nil, []string{}},
		{"an empty one", `{"documents":["a",""]}`, ErrRefused, nil},
		{"one that is too long", `{"documents":["` + strings.Repeat("x", 256<<10+1) + `"]}`, ErrRefused, nil},
		{"too many", `{"documents":["a"` + strings.Repeat(`,"a"`, MaxDocuments) + `]}`, ErrTooLarge, nil},
		{"too long a body", strings.Repeat(" ", MaxDocumentsBody+1), ErrTooLarge, nil},
		{"a page", `<html>`, ErrRefused, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newPlace(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, test.body) })).client(t)
			got, err := c.Profiles(t.Context())
			if !errors.Is(err, test.want) || !slices.Equal(got, test.docs) {
				t.Errorf("Profiles = %d, %v", len(got), err)
			}
			if _, err := c.Revoked(t.Context()); !errors.Is(err, test.want) {
				t.Errorf("Revoked: %v", err)
			}
		})
	}
}

func TestVerificationSpeaksForThisBooth(t *testing.T) {
	var got Verification
	status := http.StatusOK
	c := newPlace(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		json.NewDecoder(r.Body).Decode(&got)
		w.WriteHeader(status)
	})).client(t)
	sent := Verification{Booth: "booth-9", Officer: "officer-2", Profile: "second line", Link: "l", Colour: capture.LinkGreen, Why: "brothers"}
	if err := c.Verify(t.Context(), sent); err != nil || got.Booth != "booth-1" || got.Link != "l" || got.Colour != capture.LinkGreen {
		t.Errorf("sent %+v, %v", got, err)
	}
	status = http.StatusConflict
	var refused *StatusError
	if err := c.Verify(t.Context(), sent); !errors.As(err, &refused) || refused.Code != 409 {
		t.Errorf("error %v", err)
	}
}

func TestLinksBeyondTheProfileAreNotTaken(t *testing.T) {
	q := documentQuery()
	link := `{"id":"%s","colour":"red","systems":["SIS","%s"]}`
	body := `{"answer":{"system":"SIS","state":"no_hit","facts":[{"code":"days_left","value":"3"},{"code":"<b>"}],"links":[` + fmt.Sprintf(link, "a", "VIS") + "," + fmt.Sprintf(link, "b", "Europol") + `]}}` + "\n"
	got, err := ask(t.Context(), newPlace(t, lines(body+sltdNoHit+end)).client(t), q)
	if err != nil || len(got) != 2 {
		t.Fatalf("%d answers, %v", len(got), err)
	}
	if l := got[0].Links; len(l) != 1 || l[0].ID != "a" {
		t.Errorf("links %+v", l)
	}
	if f := got[0].Facts; len(f) != 1 || f[0].Code != capture.FactDaysLeft {
		t.Errorf("facts %d", len(f))
	}
}
