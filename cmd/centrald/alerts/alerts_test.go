package alerts

import (
	"bufio"
	"context"
	"crypto/tls"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"boothd/capture"
	"boothd/cmd/centrald/intake/certtest"
	"boothd/cmd/centrald/store"
	"boothd/cmd/centrald/store/storetest"
	"boothd/sync/portal"
)

var day0 = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// instance opens the alerts and runs them until the test ends.
func instance(t testing.TB, db *store.DB, change func(*Options)) *Alerts {
	t.Helper()
	opt := Options{DB: db, Now: func() time.Time { return day0 }}
	if change != nil {
		change(&opt)
	}
	a, err := Open(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { a.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	return a
}

func someAlert(booth, check string, entries ...string) portal.Alert {
	a := portal.Alert{Booth: booth, Check: check, Cause: portal.CauseListUpdate, At: day0, Answer: capture.Answer{
		System: "SIS", Modality: capture.ModalityDocument, State: capture.StateHit, Source: "portal",
	}}
	for _, e := range entries {
		a.Answer.Findings = append(a.Answer.Findings, capture.Finding{Entry: e, By: capture.ByName, State: capture.StateHit, Discreet: e == "discreet"})
	}
	return a
}

func raise(t testing.TB, a *Alerts, alert portal.Alert) uint64 {
	t.Helper()
	id, err := a.Raise(t.Context(), nil, alert)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// server serves a's stream over mutual TLS.
func server(t testing.TB, a *Alerts, ca *certtest.Authority) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(a.Serve))
	s.TLS = ca.Server()
	s.StartTLS()
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return s
}

// got is one event as it came.
type got struct {
	id         uint64
	name, data string
}

// listener is a booth's connection.
type listener struct {
	t    testing.TB
	body io.ReadCloser
	in   *bufio.Reader
}

func listen(t testing.TB, s *httptest.Server, conf *tls.Config, last string) *listener {
	t.Helper()
	l, status := try(t, s, conf, last)
	if status != http.StatusOK {
		t.Fatalf("status %d", status)
	}
	return l
}

func try(t testing.TB, s *httptest.Server, conf *tls.Config, last string) (*listener, int) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+portal.PathAlerts, nil)
	if err != nil {
		t.Fatal(err)
	}
	if last != "" {
		req.Header.Set("Last-Event-ID", last)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: conf, DisableKeepAlives: true}, Timeout: time.Minute}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return &listener{t, resp.Body, bufio.NewReader(resp.Body)}, resp.StatusCode
}

// next reads the next event.
func (l *listener) next() got {
	l.t.Helper()
	var e got
	for {
		line, err := l.in.ReadString('\n')
		if err != nil {
			l.t.Fatalf("stream: %v", err)
		}
		line = strings.TrimSuffix(line, "\n")
		field, value, _ := strings.Cut(line, ": ")
		switch {
		case line == "" && e.name != "":
			return e
		case field == "id":
			e.id, _ = strconv.ParseUint(value, 10, 64)
		case field == "event":
			e.name = value
		case field == "data":
			e.data = value
		}
	}
}

func (l *listener) ids(n int) (ids []uint64) {
	l.t.Helper()
	for range n {
		ids = append(ids, l.next().id)
	}
	return ids
}

func TestABoothGetsItsEventsInOrderFromWhereItWas(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, open func() *store.DB) {
		ca := certtest.New(t)
		here, elsewhere := instance(t, db, nil), instance(t, open(), nil)
		s := server(t, here, ca)
		conf := ca.Client("booth-1")
		raise(t, here, someAlert("booth-2", "c", "of another booth"))
		for i := range 3 {
			raise(t, here, someAlert("booth-1", "check-1", fmt.Sprint("entry-", i)))
		}
		l := listen(t, s, conf, "")
		if ids := l.ids(3); !slices.Equal(ids, []uint64{1, 2, 3}) {
			t.Errorf("from the start: %v", ids)
		}
		if id, err := elsewhere.Order(t.Context(), "booth-1", "a.signed.order"); err != nil || id != 4 {
			t.Errorf("order %d, %v", id, err)
		}
		raise(t, elsewhere, someAlert("booth-1", "check-2", "discreet"))
		drill, alert := l.next(), l.next()
		var order portal.DrillEvent
		if err := json.Unmarshal([]byte(drill.data), &order); err != nil || drill.name != "drill" || order != (portal.DrillEvent{ID: 4, Order: "a.signed.order"}) {
			t.Errorf("drill: %+v, %v", drill, err)
		}
		var discreet portal.Alert
		if err := json.Unmarshal([]byte(alert.data), &discreet); err != nil || alert.name != "alert" || discreet.ID != 5 || !discreet.Answer.Findings[0].Discreet {
			t.Errorf("alert: %+v, %v", alert, err)
		}
		if ids := listen(t, s, conf, "3").ids(2); !slices.Equal(ids, []uint64{4, 5}) {
			t.Errorf("after 3: %v", ids)
		}
	})
}

func TestAFindingIsRaisedOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, open func() *store.DB) {
		a, b := instance(t, db, nil), instance(t, open(), nil)
		possible := someAlert("booth-1", "check-1", "e1", "e3")
		possible.Answer.Findings[1].State = capture.StatePossible
		for _, step := range []struct {
			name  string
			alert portal.Alert
			id    uint64
		}{
			{"the first time", someAlert("booth-1", "check-1", "e1"), 1},
			{"again", someAlert("booth-1", "check-1", "e1"), 0},
			{"with another", someAlert("booth-1", "check-1", "e1", "e2"), 2},
			{"both again", someAlert("booth-1", "check-1", "e2", "e1"), 0},
			{"twice in one", someAlert("booth-1", "check-4", "e1", "e1"), 3},
			{"of another check", someAlert("booth-1", "check-2", "e1"), 4},
			{"at another booth", someAlert("booth-2", "check-1", "e1"), 1},
			{"with one that is only possible", possible, 5},
			{"the possible one as a hit", someAlert("booth-1", "check-1", "e3"), 6},
			{"that again", someAlert("booth-1", "check-1", "e3"), 0},
		} {
			if id := raise(t, a, step.alert); id != step.id {
				t.Errorf("%s: number %d, want %d", step.name, id, step.id)
			}
		}
		list, err := b.List(t.Context(), 100)
		if err != nil || len(list) != 7 {
			t.Fatalf("%d events, %v", len(list), err)
		}
		if want := (Summary{5, "booth-1", "alert", "check-1", "list_update", "SIS", "possible", day0}); list[1] != want {
			t.Errorf("listed %+v, want %+v", list[1], want)
		}
		rows, err := a.after(t.Context(), "booth-1", 1)
		var second portal.Alert
		if err != nil || json.Unmarshal(rows[0].data, &second) != nil || len(second.Answer.Findings) != 1 || second.Answer.Findings[0].Entry != "e2" {
			t.Errorf("the second alert has %+v, %v", second.Answer.Findings, err)
		}
	})
}

// A profile may let nothing of a reply through but that something was found.
func TestAHitOfWhichNothingMoreIsToldIsRaisedOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		a := instance(t, db, nil)
		possible, other := someAlert("booth-1", "check-1"), someAlert("booth-1", "check-1")
		possible.Answer.State, other.Answer.System = capture.StatePossible, "VIS"
		for _, step := range []struct {
			name  string
			alert portal.Alert
			id    uint64
		}{
			{"a possible hit", possible, 1},
			{"again", possible, 0},
			{"a hit", someAlert("booth-1", "check-1"), 2},
			{"the hit again", someAlert("booth-1", "check-1"), 0},
			{"another system's", other, 3},
			{"of another check", someAlert("booth-1", "check-2"), 4},
		} {
			if id := raise(t, a, step.alert); id != step.id {
				t.Errorf("%s: number %d, want %d", step.name, id, step.id)
			}
		}
	})
}

func TestWhatNoBoothWouldTakeIsNotRaised(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		a := instance(t, db, nil)
		for name, change := range map[string]func(*portal.Alert){
			"no booth":    func(a *portal.Alert) { a.Booth = "" },
			"no check":    func(a *portal.Alert) { a.Check = "" },
			"no system":   func(a *portal.Alert) { a.Answer.System = "" },
			"no cause":    func(a *portal.Alert) { a.Cause = "" },
			"no modality": func(a *portal.Alert) { a.Answer.Modality = "" },
			"no hit":      func(a *portal.Alert) { a.Answer.State = capture.StateNoHit },
			"too long":    func(a *portal.Alert) { a.Answer.Reason = strings.Repeat("x", portal.MaxEvent) },
		} {
			alert := someAlert("booth-1", "check-1", "e")
			change(&alert)
			if id, err := a.Raise(t.Context(), nil, alert); !errors.Is(err, ErrNotAnAlert) || id != 0 {
				t.Errorf("%s: %d, %v", name, id, err)
			}
		}
		if id := raise(t, a, someAlert("booth-1", "check-1", "e")); id != 1 {
			t.Errorf("the first good one has number %d", id)
		}
	})
}

func TestInstancesThatRaiseAtOnceGiveEachNumberOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, open func() *store.DB) {
		const workers, each = 4, 15
		var mu sync.Mutex
		var ids []uint64
		var wg sync.WaitGroup
		for w := range workers {
			a := instance(t, open(), nil)
			wg.Go(func() {
				for i := range each {
					id, err := a.Raise(t.Context(), nil, someAlert("booth-1", "check", fmt.Sprint(w, "-", i)))
					if err != nil {
						t.Error(err)
					}
					mu.Lock()
					ids = append(ids, id)
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		slices.Sort(ids)
		for i, id := range ids {
			if id != uint64(i+1) {
				t.Fatalf("numbers %v", ids)
			}
		}
	})
}

func TestAnAlertRaisedInATransactionCountsWithItsCommit(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		ca := certtest.New(t)
		a := instance(t, db, nil)
		l := listen(t, server(t, a, ca), ca.Client("booth-1"), "")
		stop := errors.New("stop")
		for _, end := range []error{stop, nil} {
			err := db.Tx(t.Context(), func(tx *sql.Tx) error {
				id, err := a.Raise(t.Context(), tx, someAlert("booth-1", "check-1", "e"))
				if id != 1 {
					t.Errorf("number %d", id)
				}
				return errors.Join(err, end)
			})
			if !errors.Is(err, end) {
				t.Fatal(err)
			}
		}
		if ids := l.ids(1); ids[0] != 1 {
			t.Errorf("got %v", ids)
		}
	})
}

func TestNumbersGoOnAfterErasureAndAfterARestoredDatabase(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		ca := certtest.New(t)
		a := instance(t, db, nil)
		raise(t, a, someAlert("booth-1", "check-1", "e1"))
		if n, err := a.Erase(t.Context(), day0.Add(1)); err != nil || n != 1 {
			t.Errorf("erased %d, %v", n, err)
		}
		if id := raise(t, a, someAlert("booth-1", "check-1", "e1")); id != 2 {
			t.Errorf("number %d after the erasure", id)
		}
		s, conf := server(t, a, ca), ca.Client("booth-1")
		l := listen(t, s, conf, "500") // the booth kept a number that this database never gave
		if ids := l.ids(1); ids[0] != 502 {
			t.Errorf("got %v, want the event behind the booth's last", ids)
		}
		if id := raise(t, a, someAlert("booth-1", "check-2", "e")); id != 503 {
			t.Errorf("then number %d", id)
		}
		listen(t, s, conf, strconv.FormatUint(1<<62, 10))
		if id := raise(t, a, someAlert("booth-1", "check-3", "e")); id != 504 {
			t.Errorf("number %d after a booth named one that cannot be", id)
		}
	})
}

func TestStreamsAreLimited(t *testing.T) {
	db, err := store.Open(t.Context(), t.TempDir()+"/central.db")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	ca := certtest.New(t)
	a := instance(t, db, func(o *Options) { o.MaxStreams = 3 })
	s := server(t, a, ca)
	first, second := ca.Client("booth-1"), ca.Client("booth-2")
	oldest := listen(t, s, first, "")
	newer := []*listener{listen(t, s, first, ""), listen(t, s, first, "")}
	if _, err := io.Copy(io.Discard, oldest.body); err != nil {
		t.Errorf("the oldest stream broke: %v", err)
	}
	raise(t, a, someAlert("booth-1", "check-1", "e"))
	for _, l := range newer {
		l.ids(1)
	}
	listen(t, s, second, "")
	if _, status := try(t, s, ca.Client("booth-3"), ""); status != http.StatusServiceUnavailable {
		t.Errorf("one stream too many: status %d", status)
	}
	if _, status := try(t, s, second, "x"); status != http.StatusBadRequest {
		t.Errorf("no number: status %d", status)
	}
}

func TestStreamsEndWithRun(t *testing.T) {
	db, err := store.Open(t.Context(), t.TempDir()+"/central.db")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	a, err := Open(t.Context(), Options{DB: db})
	if err != nil {
		t.Fatal(err)
	}
	ca := certtest.New(t)
	s := server(t, a, ca)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- a.Run(ctx) }()
	l := listen(t, s, ca.Client("booth-1"), "")
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := io.Copy(io.Discard, l.body); err != nil {
		t.Errorf("stream: %v", err)
	}
	if _, status := try(t, s, ca.Client("booth-1"), ""); status != http.StatusServiceUnavailable {
		t.Errorf("a stream began that nobody wakes: status %d", status)
	}
}

// pipeWriter is a reply whose reader may stop reading.
type pipeWriter struct {
	http.ResponseWriter // nil
	net.Conn
}

func (p pipeWriter) Header() http.Header         { return http.Header{} }
func (p pipeWriter) Write(b []byte) (int, error) { return p.Conn.Write(b) }
func (p pipeWriter) WriteHeader(int)             {}
func (p pipeWriter) FlushError() error           { return nil }

func TestASlowReaderIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		central, _ := net.Pipe() // the booth reads nothing
		began := time.Now()
		if err := newWriter(pipeWriter{Conn: central}).event(1, nameAlert, []byte("{}")); err == nil {
			t.Error("the event was written to nobody")
		}
		if took := time.Since(began); took != writeTimeout {
			t.Errorf("cut off after %v", took)
		}
	})
}

func TestAQuietStreamHasAHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, err := store.Open(t.Context(), t.TempDir()+"/central.db")
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		a, err := Open(t.Context(), Options{DB: db})
		if err != nil {
			t.Fatal(err)
		}
		central, booth := net.Pipe()
		s := a.begin("booth-1", 0)
		ended := make(chan error, 1)
		go func() { ended <- a.follow(t.Context(), s, newWriter(pipeWriter{Conn: central})) }()
		began := time.Now()
		for i := range 4 {
			b := make([]byte, 3)
			if _, err := io.ReadFull(booth, b); err != nil || string(b) != ":\n\n" {
				t.Fatalf("heard %q, %v", b, err)
			}
			if at := time.Since(began); at != time.Duration(i)*heartbeat {
				t.Errorf("heartbeat %d after %v", i, at)
			}
		}
		a.stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		a.remove(s)
	})
}

// deadlines is a connection that keeps the write deadline that was set last.
type deadlines struct {
	pipeWriter
	last time.Time
}

func (d *deadlines) SetWriteDeadline(t time.Time) error {
	d.last = t
	return d.Conn.SetWriteDeadline(t)
}

// HTTP/2 ends a stream at its deadline though nothing is being written.
func TestNoDeadlineIsLeftOnAStreamThatIsQuiet(t *testing.T) {
	central, booth := net.Pipe()
	read := make(chan struct{})
	go func() {
		defer close(read)
		io.Copy(io.Discard, booth)
	}()
	d := &deadlines{pipeWriter: pipeWriter{Conn: central}}
	w := newWriter(d)
	for _, write := range []func() error{w.comment, func() error { return w.event(1, nameAlert, []byte("{}")) }} {
		if err := write(); err != nil || !d.last.IsZero() {
			t.Errorf("deadline %v, %v", d.last, err)
		}
	}
	central.Close()
	<-read
}
