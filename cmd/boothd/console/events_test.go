package console_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"boothd/capture"
	"boothd/capture/check"
	"boothd/cmd/boothd/console"
)

func TestEventsBringTheWholeViewAtOnceAndAtEachChange(t *testing.T) {
	b := serve(t)
	b.show(started())
	l := b.listen(t, token)
	for _, v := range []check.View{started(), collecting(), decided(capture.OutcomeClear), closed()} {
		b.show(v)
		var got check.View
		for got.Check == nil || got.Check.Phase != v.Check.Phase || len(got.Check.Lines) != len(v.Check.Lines) {
			data, ok := l.next("view")
			if !ok {
				t.Fatal("the stream ended")
			}
			got = check.View{}
			if err := json.Unmarshal([]byte(data), &got); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestEventsBringTheStatusWhenItChanges(t *testing.T) {
	var bad atomic.Bool
	calm, cut := calmStatus(), cutStatus()
	b := serve(t, func(cfg *console.Config) {
		cfg.Status = func(context.Context) console.BoothStatus {
			if bad.Load() {
				return cut
			}
			return calm
		}
	})
	l := b.listen(t, token)
	if data, _ := l.next("status"); !strings.Contains(data, `"online"`) {
		t.Errorf("status: %s", data)
	}
	bad.Store(true)
	if data, _ := l.next("status"); !strings.Contains(data, `"portal_down"`) {
		t.Errorf("status: %s", data)
	}
	if data, _ := l.next("beat"); !strings.Contains(data, `"now"`) {
		t.Errorf("beat: %s", data)
	}
}

// TestDiscreetHitIsNotNoticedInTheStream runs the same check twice, once with a discreet
// hit that comes on its own, and compares all that an officer without clearance receives,
// step by step and byte by byte.
func TestDiscreetHitIsNotNoticedInTheStream(t *testing.T) {
	before, after := collecting(), decided(capture.OutcomeClear)
	found := discreet().Check.Lines[4].Answer
	hit, c := before, *before.Check
	c.Lines = slices.Clone(c.Lines)
	c.Lines[3].State, c.Lines[3].Findings = found.State, found.Findings
	hit.Check = &c
	late := after
	late.Alerts = []check.Alert{{ID: "A1", Check: "C1", At: time.Now(), Answer: found}}

	without := []check.View{before, before, after, after}
	with := []check.View{before, hit, after, late}
	runs := []struct {
		token string
		views []check.View
		steps [][]string // what was received after each view
	}{{token: token, views: without}, {token: token, views: with}, {token: clearedToken, views: with}}
	var all sync.WaitGroup
	for i := range runs {
		var step atomic.Int64
		b := serve(t, func(cfg *console.Config) {
			cfg.Status = func(context.Context) console.BoothStatus {
				return console.BoothStatus{Version: fmt.Sprint("step ", step.Load())}
			}
		})
		l := b.listen(t, runs[i].token)
		all.Go(func() {
			for n, v := range runs[i].views {
				b.show(v)
				step.Store(int64(n + 1))
				runs[i].steps = append(runs[i].steps, l.viewsUntil(fmt.Sprintf(`"step %d"`, n+1)))
			}
		})
	}
	all.Wait()
	plain, veiled, cleared := runs[0].steps, runs[1].steps, runs[2].steps
	// At the first step the empty desk may still be seen, or not.
	for n := 1; n < len(without); n++ {
		if !slices.Equal(plain[n], veiled[n]) {
			t.Errorf("step %d differs:\n%q\n%q", n+1, plain[n], veiled[n])
		}
	}
	if len(plain[1])+len(plain[3]) > 0 || len(plain[2]) != 1 {
		t.Errorf("%d, %d and %d events where 0, 1 and 0 were due", len(plain[1]), len(plain[2]), len(plain[3]))
	}
	for _, n := range []int{1, 3} {
		if len(cleared[n]) != 1 || !strings.Contains(cleared[n][0], `"discreet":true`) {
			t.Errorf("step %d does not show a cleared officer the finding: %q", n+1, cleared[n])
		}
	}
}

func TestViewAndPicturesTellNothingOfADiscreetHit(t *testing.T) {
	b := serve(t)
	views := map[bool]check.View{false: decided(capture.OutcomeClear)}
	hit := views[false]
	c := *hit.Check
	c.Lines = slices.Clone(c.Lines)
	c.Lines[4].State, c.Lines[4].Findings = capture.StateHit, discreet().Check.Lines[4].Findings
	hit.Check = &c
	hit.Alerts = []check.Alert{{ID: "A1", Check: "C1", Answer: c.Lines[4].Answer}}
	views[true] = hit
	got := map[bool]string{}
	for found, v := range views {
		b.show(v)
		got[found] = string(b.send(t, request{method: "GET", path: "/api/v1/view", token: token}).body)
		if r := b.send(t, request{method: "DELETE", path: "/api/v1/alerts/A1", token: token}); r.code() != "no-alert" {
			t.Errorf("found %t: dismissing tells %d %s", found, r.status, r.body)
		}
	}
	if got[true] != got[false] {
		t.Errorf("views differ:\n%s\n%s", got[false], got[true])
	}
}

func TestTooManyListenersAreRefused(t *testing.T) {
	b := serve(t)
	first := b.listen(t, token)
	for range 15 {
		b.listen(t, token)
	}
	if got := b.send(t, request{method: "GET", path: "/api/v1/events", token: token}); got.code() != "too-many-listeners" {
		t.Fatalf("the seventeenth listener: %d %s", got.status, got.body)
	}
	first.hangUp()
	for _, open := first.next("never"); open; {
		_, open = first.next("never")
	}
	deadline := time.Now().Add(20 * time.Second)
	for {
		ctx, cancel := context.WithCancel(t.Context())
		r, err := http.NewRequestWithContext(ctx, "GET", b.URL+"/api/v1/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		res, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		status := res.StatusCode
		cancel()
		res.Body.Close()
		if status == http.StatusOK {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("a seat that was left is not free")
		}
	}
}

func TestStreamEndsWithTheSession(t *testing.T) {
	b := serve(t)
	cookie := b.signIn(t, token)
	r, err := http.NewRequestWithContext(t.Context(), "GET", b.URL+"/api/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.AddCookie(&http.Cookie{Name: "boothd_session", Value: cookie})
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b.send(t, request{method: "DELETE", path: "/api/v1/session", cookie: cookie, headers: b.own()})
	b.show(started())
	buf := make([]byte, 4096)
	for err == nil {
		var n int
		if n, err = res.Body.Read(buf); strings.Contains(string(buf[:n]), `"C1"`) {
			t.Fatal("a view came after the session had ended")
		}
	}
}

// TestSlowListenerHoldsUpNobody has a listener that never reads while the view changes more
// than any buffer on the way could hold.
func TestSlowListenerHoldsUpNobody(t *testing.T) {
	b := serve(t)
	conn, err := net.Dial("tcp", strings.TrimPrefix(b.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET /api/v1/events HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n\r\n", conn.RemoteAddr(), token)
	l := b.listen(t, token)
	l.next("view")
	for i := range 100 {
		v := decided(capture.OutcomeClear)
		v.Check.ID = fmt.Sprint("C", i)
		v.Check.Fault = strings.Repeat("x", 200<<10)
		b.show(v)
		data, ok := l.next("view")
		if !ok || !strings.Contains(data, v.Check.ID) {
			t.Fatalf("view %d did not come", i)
		}
	}
	b.stop()
	if err := <-b.ended; err != nil {
		t.Errorf("run: %v", err)
	}
	b.ended <- nil
}

func TestShutdownEndsTheStreams(t *testing.T) {
	b := serve(t)
	l := b.listen(t, token)
	l.next("view")
	b.stop()
	for open := true; open; {
		_, open = l.next("never")
	}
	if err := <-b.ended; err != nil {
		t.Errorf("run: %v", err)
	}
	b.ended <- nil
}
