package console

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"boothd/capture"
	"boothd/sync/signin"
)

// line is an issuer reached without a network, so that a bubble of synctest holds it.
type line struct {
	issuer *signin.Issuer
	broken atomic.Int32 // status that everything is answered with; 0 if none
}

func (l *line) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	if status := l.broken.Load(); status != 0 {
		w.WriteHeader(int(status))
	} else {
		l.issuer.ServeHTTP(w, r)
	}
	return w.Result(), nil
}

// office is a console whose officer anna has signed in at an issuer.
type office struct {
	*Server
	line    *line
	path    string // of the file of officers
	anna    signin.Officer
	session string // the cookie
}

func newOffice(t *testing.T, grace time.Duration) *office {
	t.Helper()
	hash, err := signin.HashPassphrase("correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	o := &office{path: filepath.Join(t.TempDir(), "officers.json"), line: &line{}}
	o.anna = signin.Officer{ID: "anna", Passphrase: hash, Profiles: []string{"first-line"}}
	o.employ(t, o.anna)
	officers, err := signin.ReadOfficers(o.path)
	if err != nil {
		t.Fatal(err)
	}
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	o.line.issuer, err = signin.NewIssuer(signin.IssuerOptions{URL: "https://issuer.example", Key: key, Officers: officers,
		Redirects: []string{"http://127.0.0.1/api/v1/login/return"}})
	if err != nil {
		t.Fatal(err)
	}
	v, err := signin.New(signin.Options{Issuer: "https://issuer.example", OfflineGrace: grace, Client: &http.Client{Transport: o.line}})
	if err != nil {
		t.Fatal(err)
	}
	profile := func(name string) (capture.Profile, bool) {
		return capture.Profile{Name: name}, name == "first-line"
	}
	o.Server = &Server{cfg: Config{Log: slog.New(slog.DiscardHandler), SignIn: &SignIn{Flow: signin.NewFlow(v), Profile: profile}}}
	o.session = o.signIn(t)
	return o
}

func (o *office) employ(t *testing.T, all ...signin.Officer) {
	t.Helper()
	data, err := json.Marshal(map[string]any{"officers": all})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(o.path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func (o *office) signIn(t *testing.T) string {
	t.Helper()
	pending, err := o.cfg.SignIn.Flow.Start(t.Context(), "http://127.0.0.1:8470/api/v1/login/return")
	if err != nil {
		t.Fatal(err)
	}
	form := url.Values{"officer": {"anna"}, "passphrase": {"correct horse battery"}}.Encode()
	r := httptest.NewRequest("POST", pending.URL, strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	o.line.issuer.ServeHTTP(w, r)
	back, err := url.Parse(w.Header().Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := o.cfg.SignIn.Flow.Finish(t.Context(), pending, back.Query())
	if err != nil {
		t.Fatal(err)
	}
	w = httptest.NewRecorder()
	if _, err := o.enter(w, httptest.NewRequest("GET", "/", nil), tokens, ""); err != nil {
		t.Fatal(err)
	}
	for _, c := range w.Result().Cookies() {
		if c.Name == cookieName {
			return c.Value
		}
	}
	t.Fatal("no session was opened")
	return ""
}

// lives reports whether the session goes on, and whether the status warns of it.
func (o *office) lives() (officer capture.Officer, ok, warned bool) {
	officer, ok = o.sessions.find(o.session)
	return officer, ok, len(o.statusFor(BoothStatus{}, capture.Officer{ID: "anna"}).Warnings) > 0
}

func TestASessionLivesAsLongAsTheIssuerSays(t *testing.T) {
	for _, test := range []struct {
		name   string
		grace  time.Duration
		change func(t *testing.T, o *office) // after the sign-in
		lasts  time.Duration                 // that the session must still be there
		ends   time.Duration                 // that it must not be
		warned bool                          // shortly before its end
	}{
		{"renewed for a shift", 0, func(*testing.T, *office) {}, sessionLifetime - time.Second, sessionLifetime + time.Second, false},
		{"without a line and without grace", 0, func(_ *testing.T, o *office) { o.line.broken.Store(503) }, 15 * time.Minute, 17 * time.Minute, true},
		{"without a line, with grace", time.Hour, func(_ *testing.T, o *office) { o.line.broken.Store(503) }, 74 * time.Minute, 76 * time.Minute, true},
		{"after the officer was dismissed", time.Hour, func(t *testing.T, o *office) { o.employ(t) }, 9 * time.Minute, 11 * time.Minute, false},
		{"after the officer lost the profile", time.Hour, func(t *testing.T, o *office) {
			o.anna.Profiles = []string{"elsewhere"}
			o.employ(t, o.anna)
		}, 9 * time.Minute, 11 * time.Minute, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newOffice(t, test.grace)
				first, _, _ := o.lives()
				test.change(t, o)
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan struct{})
				go func() { defer close(done); o.renewSessions(ctx) }()
				time.Sleep(test.lasts)
				synctest.Wait()
				officer, ok, warned := o.lives()
				if !ok || officer.ID != "anna" || warned != test.warned {
					t.Errorf("after %v: %t %v, warned %t", test.lasts, ok, officer.ID, warned)
				}
				if test.name == "renewed for a shift" && officer.Token == first.Token {
					t.Error("the officer's token was never renewed")
				}
				time.Sleep(test.ends - test.lasts)
				synctest.Wait()
				if _, ok, warned := o.lives(); ok || warned && test.ends < sessionLifetime {
					t.Errorf("after %v: still signed in", test.ends)
				}
				cancel()
				<-done
			})
		})
	}
}

func TestALineThatComesBackRenewsTheSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, time.Hour)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); o.renewSessions(ctx) }()
		o.line.broken.Store(503)
		time.Sleep(30 * time.Minute)
		synctest.Wait()
		old, ok, warned := o.lives()
		if !ok || !warned {
			t.Fatalf("without a line: %t, warned %t", ok, warned)
		}
		o.line.broken.Store(0)
		time.Sleep(renewRetry + renewTick)
		synctest.Wait()
		fresh, ok, warned := o.lives()
		if !ok || warned || fresh.Token == old.Token {
			t.Errorf("with the line again: %t, warned %t", ok, warned)
		}
		cancel()
		<-done
	})
}

func TestATokenThatWasBroughtAlongIsNotRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, 0)
		token, err := o.line.issuer.Issue(o.anna)
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		if err := o.loginSigned(w, httptest.NewRequest("POST", "/", nil), token); err != nil {
			t.Fatal(err)
		}
		o.session = w.Result().Cookies()[0].Value
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); o.renewSessions(ctx) }()
		time.Sleep(15 * time.Minute)
		synctest.Wait()
		if _, ok, _ := o.lives(); !ok {
			t.Error("ended before its token")
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if _, ok, _ := o.lives(); ok {
			t.Error("goes on without a token that counts")
		}
		cancel()
		<-done
	})
}

func TestOldestSignInMakesRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d doors
		first := d.put(door{})
		for range maxDoors {
			time.Sleep(time.Second)
			d.put(door{})
		}
		if _, ok := d.look(first); ok || len(d.byKey) != maxDoors {
			t.Errorf("%d doors, the oldest there: %t", len(d.byKey), ok)
		}
		last := d.put(door{})
		time.Sleep(doorLifetime)
		if _, ok := d.take(last); ok {
			t.Error("a sign-in of long ago counts")
		}
	})
}

func TestADoorIsTakenByOneOnly(t *testing.T) {
	var d doors
	id := d.put(door{})
	var taken atomic.Int32
	var callers sync.WaitGroup
	for range 50 {
		callers.Go(func() {
			if _, ok := d.take(id); ok {
				taken.Add(1)
			}
		})
	}
	callers.Wait()
	if n := taken.Load(); n != 1 {
		t.Errorf("taken %d times", n)
	}
}
