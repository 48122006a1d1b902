package system

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"boothd/capture"
)

// adapter is a function that is an Adapter.
type adapter func(ctx context.Context, q Question) (Reply, error)

func (f adapter) Ask(ctx context.Context, q Question) (Reply, error) { return f(ctx, q) }

// replying answers every question with r.
func replying(r Reply) adapter {
	return func(context.Context, Question) (Reply, error) { return r, nil }
}

const token = "a-token"

// serve serves h over TLS and returns an adapter that asks it with the token.
func serve(t testing.TB, h http.Handler) *HTTP {
	t.Helper()
	server := httptest.NewUnstartedServer(h)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	return dial(t, HTTPOptions{URL: server.URL, TLS: trusting(server), Token: token})
}

func dial(t testing.TB, opt HTTPOptions) *HTTP {
	t.Helper()
	a, err := NewHTTP(opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

func trusting(server *httptest.Server) *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	return &tls.Config{RootCAs: pool}
}

// documentQuestion is a question about a document.
func documentQuestion() Question {
	return Question{
		ID: "q1", System: SIS, Officer: "officer-1", Category: "border guard", Booth: "booth-1",
		Purpose: "border check", LegalBasis: "2018/1861", At: time.Unix(1_800_000_000, 0).UTC(),
		DocumentNumber: "L898902C3", DocumentType: "P", Issuer: "UTO", ExpiryDate: "2030-01-02",
		Surname: "ERIKSSON", GivenNames: "ANNA MARIA", BirthDate: "1974-08-12", Sex: "F", Nationality: "UTO",
	}
}

// fullReply is a reply with something in every field.
func fullReply() Reply {
	return Reply{
		State:  capture.StateHit,
		Reason: "not taken with findings",
		Findings: []capture.Finding{{
			Entry: "e1", By: capture.ByName, State: capture.StateHit, Score: 0.9, Category: "c", Action: "a", Name: "n",
			Needs: "judicial", Minor: true, Discreet: true,
			Explanation: []capture.Part{{What: "surname", Asked: "A", Found: "B", Note: "n", Weight: 0.5}},
		}},
		Facts: []capture.Fact{{Code: capture.FactDaysLeft, Value: "23"}},
		Links: []capture.Link{{ID: "l1", Colour: capture.LinkYellow, Systems: []string{SIS, EES}, Work: "w", Due: time.Unix(1_800_000_000, 0).UTC(), Discreet: true}},
		Rest:  &capture.Rest{State: capture.StateStale, Reason: "old"},
		AsOf:  time.Unix(1_700_000_000, 0).UTC(),
	}
}
