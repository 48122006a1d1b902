package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"boothd/capture"
	"boothd/sync/system"
)

// start runs the program and returns an asker with the token.
func start(t *testing.T, token string) *system.HTTP {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "list.csv"), "X1234567,UTO,\"reported invalid, 2026\",seize\n")
	write(t, filepath.Join(dir, "token"), "secret\n")
	ctx, cancel := context.WithCancel(t.Context())
	address, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- run(ctx, []string{"-listen", "127.0.0.1:0", "-data", filepath.Join(dir, "list.csv"), "-token-file", filepath.Join(dir, "token")},
			func(a string) { address <- a })
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	select {
	case a := <-address:
		asker, err := system.NewHTTP(system.HTTPOptions{URL: "http://" + a, Token: token})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(asker.Close)
		return asker
	case err := <-ended:
		ended <- nil
		t.Fatal(err)
	}
	return nil
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestTheExampleAnswers(t *testing.T) {
	asker := start(t, "secret")
	if err := asker.Health(t.Context()); err != nil {
		t.Error(err)
	}
	for _, test := range []struct {
		name           string
		number, issuer string
		want           capture.State
	}{
		{"a document on the list", "X1234567", "UTO", capture.StateHit},
		{"another one", "X7654321", "UTO", capture.StateNoHit},
		{"the same number of another issuer", "X1234567", "XXA", capture.StateNoHit},
		{"no document", "", "", capture.StateUnavailable},
	} {
		r, err := asker.Ask(t.Context(), system.Question{ID: "q1", System: "national", DocumentNumber: test.number, Issuer: test.issuer})
		if err != nil || r.State != test.want || test.want == capture.StateHit && r.Findings[0].Action != "seize" {
			t.Errorf("%s: %s, %v", test.name, r.State, err)
		}
	}
}

func TestTheExampleLetsNobodyInWithoutTheToken(t *testing.T) {
	var status *system.StatusError
	_, err := start(t, "wrong").Ask(t.Context(), system.Question{ID: "q1", System: "national"})
	if !errors.As(err, &status) || status.Code != 401 {
		t.Errorf("error %v", err)
	}
}

func TestTheExampleDoesNotServeStrangers(t *testing.T) {
	data := filepath.Join(t.TempDir(), "list.csv")
	write(t, data, "")
	for name, args := range map[string][]string{
		"without a token":            {"-listen", "127.0.0.1:0", "-data", data},
		"without TLS to the world":   {"-listen", "0.0.0.0:0", "-data", data, "-token-file", data},
		"without a list":             {"-listen", "127.0.0.1:0"},
		"with a certificate missing": {"-listen", "127.0.0.1:0", "-data", data, "-cert", "missing.pem"},
	} {
		if err := run(t.Context(), args, func(string) { t.Errorf("%s: it serves", name) }); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
