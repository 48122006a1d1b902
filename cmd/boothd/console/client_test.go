package console_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// request is what a test sends; zero values are left out.
type request struct {
	method, path string
	body         string
	token        string // as bearer
	cookie       string
	headers      map[string]string // "Host" sets the request's
}

// reply is what came back.
type reply struct {
	status int
	header http.Header
	body   []byte
}

func (b *booth) send(t testing.TB, q request) reply {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), q.method, b.URL+q.path, strings.NewReader(q.body))
	if err != nil {
		t.Fatal(err)
	}
	if q.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if q.token != "" {
		r.Header.Set("Authorization", "Bearer "+q.token)
	}
	if q.cookie != "" {
		r.AddCookie(&http.Cookie{Name: "boothd_session", Value: q.cookie})
	}
	for name, value := range q.headers {
		if name == "Host" {
			r.Host = value
			continue
		}
		r.Header.Set(name, value)
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{res.StatusCode, res.Header, body}
}

// code is the last word of a problem's type, empty if the reply is none.
func (r reply) code() string {
	var p struct{ Type, Title, Next string }
	if r.header.Get("Content-Type") != "application/problem+json" || json.Unmarshal(r.body, &p) != nil || p.Title == "" || p.Next == "" {
		return ""
	}
	return strings.TrimPrefix(p.Type, "urn:boothd:problem:")
}

// own are the headers that the booth's own page sends.
func (b *booth) own() map[string]string { return map[string]string{"Origin": b.URL} }

// signIn returns the session cookie's value.
func (b *booth) signIn(t testing.TB, token string) string {
	t.Helper()
	got := b.send(t, request{method: "POST", path: "/api/v1/session", body: `{"token":"` + token + `"}`, headers: b.own()})
	if got.status != http.StatusOK {
		t.Fatalf("sign in: %d %s", got.status, got.body)
	}
	res := http.Response{Header: got.header}
	c := res.Cookies()
	if len(c) != 1 || !c[0].HttpOnly || c[0].SameSite != http.SameSiteStrictMode || c[0].Path != "/" {
		t.Fatalf("session cookie %v", got.header["Set-Cookie"])
	}
	return c[0].Value
}

// event is one of the event stream's.
type event struct{ name, data string }

// listener reads an event stream.
type listener struct {
	t      testing.TB
	events chan event // closed when the stream ends
	hangUp context.CancelFunc
}

func (b *booth) listen(t testing.TB, token string) *listener {
	t.Helper()
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
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("event stream: %s, %s", res.Status, res.Header.Get("Content-Type"))
	}
	l := &listener{t: t, events: make(chan event, 1000), hangUp: cancel}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(l.events)
		defer res.Body.Close()
		lines := bufio.NewScanner(res.Body)
		lines.Buffer(nil, 1<<20)
		var e event
		for lines.Scan() {
			switch line := lines.Bytes(); {
			case bytes.HasPrefix(line, []byte("event: ")):
				e.name = string(line[7:])
			case bytes.HasPrefix(line, []byte("data: ")):
				e.data = string(line[6:])
			case len(line) == 0:
				l.events <- e
				e = event{}
			}
		}
	}()
	t.Cleanup(func() { cancel(); <-done })
	return l
}

// next returns the next event of that name; ok is false if the stream ended.
func (l *listener) next(name string) (data string, ok bool) {
	l.t.Helper()
	limit := time.NewTimer(20 * time.Second)
	defer limit.Stop()
	for {
		select {
		case e, open := <-l.events:
			if !open || e.name == name {
				return e.data, open
			}
		case <-limit.C:
			l.t.Fatalf("no event %q came", name)
		}
	}
}

// viewsUntil returns the views that come before a status that holds the mark. The desk's
// changes that went before the mark have all been sent by then.
func (l *listener) viewsUntil(mark string) (views []string) {
	for e := range l.events {
		switch {
		case e.name == "view":
			views = append(views, e.data)
		case e.name == "status" && strings.Contains(e.data, mark):
			return views
		}
	}
	l.t.Errorf("the stream ended before %s", mark)
	return views
}

func decodeJSON(t testing.TB, data string) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(data), &v); err != nil {
		t.Fatal(err)
	}
	return v
}
