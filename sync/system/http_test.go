package system

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"boothd/capture"
)

func TestAQuestionAndItsReplyArriveWhole(t *testing.T) {
	var got Question
	a := serve(t, Handler(adapter(func(_ context.Context, q Question) (Reply, error) {
		got = q
		return fullReply(), nil
	}), HandlerOptions{System: SIS, Token: token}))
	q := documentQuestion()
	q.NameTruncated = true
	q.Finger = &capture.Finger{Position: 2, PNG: []byte("png"), Width: 1, Height: 1, DPI: 500, Quality: 60}
	q.Identify = &capture.Identification{Ground: capture.GroundNoDocument}
	r, err := a.Ask(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, q) {
		t.Error("the question did not arrive as it was sent")
	}
	want := fullReply()
	want.Reason = ""
	if !reflect.DeepEqual(r, want) {
		t.Errorf("the reply arrived as %#v", r)
	}
}

func TestRepliesThatDoNotKeepTheContractAreRefused(t *testing.T) {
	const secret = "ERIKSSON"
	reply := func(status int, header map[string]string, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			for k, v := range header {
				w.Header().Set(k, v)
			}
			w.WriteHeader(status)
			io.WriteString(w, body)
		}
	}
	isJSON := map[string]string{"Content-Type": "application/json"}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	io.WriteString(z, `{"state":"no_hit"}`)
	z.Close()
	for _, test := range []struct {
		name string
		h    http.HandlerFunc
		want error
	}{
		{"another media type", reply(200, map[string]string{"Content-Type": "text/html"}, `{"state":"no_hit"}`), ErrRefused},
		{"no media type", reply(200, map[string]string{"Content-Type": ""}, `{"state":"no_hit"}`), ErrRefused},
		{"compressed", reply(200, map[string]string{"Content-Type": "application/json", "Content-Encoding": "gzip"}, packed.String()), ErrRefused},
		{"garbage", reply(200, isJSON, `{"state": "`+secret), ErrRefused},
		{"two replies", reply(200, isJSON, `{"state":"no_hit"}{"state":"no_hit"}`), ErrRefused},
		{"no state", reply(200, isJSON, `{}`), ErrRefused},
		{"a field of another type", reply(200, isJSON, `{"state":"hit","findings":"`+secret+`"}`), ErrRefused},
		{"an endless body", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			for block := bytes.Repeat([]byte(" "), 64<<10); ; {
				if _, err := w.Write(block); err != nil {
					return
				}
			}
		}, ErrTooLarge},
		{"a redirect", reply(307, map[string]string{"Location": "/v1/health"}, ""), &StatusError{307}},
		{"refused", reply(401, nil, secret), &StatusError{401}},
		{"a fault", reply(503, nil, secret), &StatusError{503}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := serve(t, test.h).Ask(t.Context(), documentQuestion())
			var status, want *StatusError
			if errors.As(test.want, &want) {
				if !errors.As(err, &status) || status.Code != want.Code {
					t.Errorf("error %v", err)
				}
			} else if !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("the error quotes: %v", err)
			}
		})
	}
}

func TestNothingIsSentThatTheSystemWouldNotTake(t *testing.T) {
	var asked atomic.Int32
	a := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	for name, change := range map[string]func(*Question){
		"a picture beyond the limit":  func(q *Question) { q.Finger = &capture.Finger{PNG: make([]byte, MaxPicture+1)} },
		"a portrait beyond the limit": func(q *Question) { q.Face = &capture.Face{JPEG: make([]byte, MaxPicture+1)} },
		"two pictures beyond the limit": func(q *Question) {
			q.Finger, q.Face = &capture.Finger{PNG: make([]byte, MaxPicture)}, &capture.Face{JPEG: make([]byte, MaxPicture)}
		},
		"an eleventh finger": func(q *Question) { q.Finger = &capture.Finger{Position: 11} },
		"no id":              func(q *Question) { q.ID = "" },
		"no system":          func(q *Question) { q.System = "" },
		"no date":            func(q *Question) { q.BirthDate = "12.8.1974" },
		"a thirteenth month": func(q *Question) { q.ExpiryDate = "2030-13" },
		"a sex that is none": func(q *Question) { q.Sex = "<" },
	} {
		q := documentQuestion()
		change(&q)
		if _, err := a.Ask(t.Context(), q); !errors.Is(err, ErrRefused) && !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("%d questions were sent", n)
	}
}

func TestTheHandlerTakesOnlyQuestionsForItsSystemFromWhoMayAsk(t *testing.T) {
	good, _ := json.Marshal(documentQuestion())
	var logged bytes.Buffer
	h := Handler(replying(Reply{State: capture.StateNoHit}), HandlerOptions{System: SIS, Token: token, Log: slog.New(slog.NewTextHandler(&logged, nil))})
	for _, test := range []struct {
		name, method, path, auth, kind, body string
		want                                 int
	}{
		{"a good question", "POST", PathAsk, "Bearer " + token, contentJSON, string(good), 200},
		{"the scheme in small letters", "POST", PathAsk, "bearer " + token, contentJSON + "; charset=utf-8", string(good), 200},
		{"no token", "POST", PathAsk, "", contentJSON, string(good), 401},
		{"a wrong token", "POST", PathAsk, "Bearer b-token", contentJSON, string(good), 401},
		{"another scheme", "POST", PathAsk, "Basic " + token, contentJSON, string(good), 401},
		{"health without the token", "GET", PathHealth, "", "", "", 401},
		{"health", "GET", PathHealth, "Bearer " + token, "", "", 200},
		{"another method", "GET", PathAsk, "Bearer " + token, contentJSON, string(good), 405},
		{"another media type", "POST", PathAsk, "Bearer " + token, "text/plain", string(good), 400},
		{"for another system", "POST", PathAsk, "Bearer " + token, contentJSON, `{"id":"q","system":"VIS"}`, 400},
		{"garbage", "POST", PathAsk, "Bearer " + token, contentJSON, `{"surname":"ERIKSSON"`, 400},
		{"a control character", "POST", PathAsk, "Bearer " + token, contentJSON, `{"id":"q","system":"SIS","surname":"ERIKSSON\u0000"}`, 400},
		{"too long", "POST", PathAsk, "Bearer " + token, contentJSON, strings.Repeat(" ", MaxQuestion+1), 413},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := httptest.NewRequest(test.method, test.path, strings.NewReader(test.body))
			r.Header.Set("Content-Type", test.kind)
			r.Header.Set("Authorization", test.auth)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != test.want {
				t.Errorf("status %d, want %d", w.Code, test.want)
			}
			if strings.Contains(w.Body.String()+logged.String(), "ERIKSSON") {
				t.Error("the traveller is in the error or the log")
			}
		})
	}
}

func TestAFaultOfTheAdapterIsToldWithoutItsContent(t *testing.T) {
	const secret = "ERIKSSON"
	for name, a := range map[string]adapter{
		"an error": func(context.Context, Question) (Reply, error) { return Reply{}, errors.New("disk full") },
		"a panic":  func(_ context.Context, q Question) (Reply, error) { panic(q.Surname) },
		"a reply that contradicts itself": replying(Reply{State: capture.StateNoHit, Findings: []capture.Finding{
			{Entry: secret, State: capture.StateHit}}}),
		"a deadline of its own": func(ctx context.Context, _ Question) (Reply, error) {
			<-ctx.Done()
			return Reply{}, ctx.Err()
		},
	} {
		t.Run(name, func(t *testing.T) {
			var logged bytes.Buffer
			asker := serve(t, Handler(a, HandlerOptions{Log: slog.New(slog.NewTextHandler(&logged, nil)), Timeout: 50 * time.Millisecond}))
			_, err := asker.Ask(t.Context(), documentQuestion())
			var status *StatusError
			if !errors.As(err, &status) || status.Code != http.StatusServiceUnavailable {
				t.Errorf("error %v", err)
			}
			if logged.Len() == 0 || strings.Contains(logged.String(), secret) || name == "a panic" && !strings.Contains(logged.String(), "panicked in boothd/sync/system.") {
				t.Errorf("log %q", logged.String())
			}
		})
	}
}

func TestHealthSaysWhetherTheSystemCanAnswer(t *testing.T) {
	var down atomic.Bool
	a := serve(t, Handler(replying(Reply{}), HandlerOptions{Token: token, Health: func(context.Context) error {
		if down.Load() {
			return errors.New("no database")
		}
		return nil
	}}))
	if err := a.Health(t.Context()); err != nil {
		t.Errorf("well: %v", err)
	}
	down.Store(true)
	if err := a.Health(t.Context()); err == nil {
		t.Error("down: no error")
	}
}

func TestAQuestionIsSentAgainOverAConnectionThatWasClosedMeanwhile(t *testing.T) {
	var asked atomic.Int32
	good := Handler(replying(Reply{State: capture.StateNoHit}), HandlerOptions{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) != 2 {
			good.ServeHTTP(w, r)
			return
		}
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		conn.Close()
	}))
	t.Cleanup(server.Close)
	a := dial(t, HTTPOptions{URL: server.URL})
	for range 2 {
		if _, err := a.Ask(t.Context(), documentQuestion()); err != nil {
			t.Error(err)
		}
	}
	if n := asked.Load(); n != 3 {
		t.Errorf("the server was asked %d times, want 3", n)
	}
}

func TestAskEndsWithItsContext(t *testing.T) {
	a := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := a.Ask(ctx, documentQuestion())
	if !errors.Is(err, context.DeadlineExceeded) || ReasonOf(SIS, err) != "SIS did not answer in time" {
		t.Errorf("error %v, reason %q", err, ReasonOf(SIS, err))
	}
}

func TestReasonsTellSlowFromFaulty(t *testing.T) {
	server := httptest.NewServer(nil)
	a := dial(t, HTTPOptions{URL: server.URL})
	server.Close()
	_, refused := a.Ask(t.Context(), documentQuestion())
	for _, test := range []struct {
		err  error
		want string
	}{
		{context.DeadlineExceeded, "SIS did not answer in time"},
		{fmt.Errorf("ask: %w", context.DeadlineExceeded), "SIS did not answer in time"},
		{&StatusError{500}, "SIS reports a fault"},
		{ErrRefused, "SIS reports a fault"},
		{refused, "SIS reports a fault"},
	} {
		if got := ReasonOf(SIS, test.err); got != test.want {
			t.Errorf("%v: %q", test.err, got)
		}
	}
}

func TestWhereASystemMayBe(t *testing.T) {
	mutual := &tls.Config{Certificates: make([]tls.Certificate, 1)}
	for _, test := range []struct {
		name string
		opt  HTTPOptions
		ok   bool
	}{
		{"with a certificate", HTTPOptions{URL: "https://sis.example:8443/boothd/", TLS: mutual}, true},
		{"with a token", HTTPOptions{URL: "https://sis.example", Token: "t"}, true},
		{"with nothing to show", HTTPOptions{URL: "https://sis.example"}, false},
		{"on this machine", HTTPOptions{URL: "http://127.0.0.1:8080"}, true},
		{"without TLS elsewhere", HTTPOptions{URL: "http://sis.example", Token: "t"}, false},
		{"with a password", HTTPOptions{URL: "https://u:p@sis.example", Token: "t"}, false},
		{"with a query", HTTPOptions{URL: "https://sis.example/?a=b", Token: "t"}, false},
		{"with a port and no host", HTTPOptions{URL: "https://:8443", Token: "t"}, false},
		{"a file", HTTPOptions{URL: "file:///etc/passwd", Token: "t"}, false},
		{"no address", HTTPOptions{Token: "t"}, false},
		{"a token with a line break", HTTPOptions{URL: "https://sis.example", Token: "a\nb"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := NewHTTP(test.opt); (err == nil) != test.ok {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestMutualTLSLetsInWhoShowsACertificate(t *testing.T) {
	pair, pool := selfSigned(t)
	for _, test := range []struct {
		name   string
		shown  []tls.Certificate
		newest uint16 // version of TLS that the server speaks
		ok     bool
	}{
		{"with a certificate", []tls.Certificate{pair}, tls.VersionTLS13, true},
		{"without one", nil, tls.VersionTLS13, false},
		{"over TLS 1.2", []tls.Certificate{pair}, tls.VersionTLS12, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := httptest.NewUnstartedServer(Handler(replying(Reply{State: capture.StateNoHit}), HandlerOptions{}))
			server.Config.ErrorLog = log.New(io.Discard, "", 0)
			server.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool, MaxVersion: test.newest}
			server.StartTLS()
			t.Cleanup(server.Close)
			conf := trusting(server)
			conf.Certificates = test.shown
			if _, err := dial(t, HTTPOptions{URL: server.URL, TLS: conf}).Ask(t.Context(), documentQuestion()); (err == nil) != test.ok {
				t.Errorf("error %v", err)
			}
		})
	}
}

func selfSigned(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}
