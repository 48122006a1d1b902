package config

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestOfficersMaySignInAtAnIssuer(t *testing.T) {
	text := whole + "\n[signin]\nissuer = \"https://signin.example\"\nca = \"ca.pem\"\noffline_grace = \"2h\"\n"
	begin, end := strings.Index(text, "[[officer]]"), strings.Index(text, "[portal]")
	path := write(t, text[:begin]+text[end:])
	c, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if s := c.SignIn; s.Client != "boothd" || time.Duration(s.Grace) != 2*time.Hour || !filepath.IsAbs(s.CA) {
		t.Errorf("sign-in %+v", s)
	}
	if want := filepath.Join(filepath.Dir(path), "state", "signin.json"); c.SignInKeysPath() != want {
		t.Errorf("keys at %s, want %s", c.SignInKeysPath(), want)
	}
	if tls, err := c.SignIn.TLS(); err != nil || tls.RootCAs == nil {
		t.Errorf("TLS %v", err)
	}
}

func TestEveryFaultOfTheSignInIsNamed(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"an open line", `issuer = "http://signin.example"`, "signin.issuer: must begin with https"},
		{"a query", `issuer = "https://signin.example?a"`, "signin.issuer: must begin with https"},
		{"no issuer", `offline_grace = "2h"`, "signin.issuer: is missing"},
		{"no client", "issuer = \"https://signin.example\"\nclient_id = \"\"", "signin.client_id: "},
		{"two scopes in one", "issuer = \"https://signin.example\"\nscopes = [\"a b\"]", "signin.scopes[0]: "},
		{"a grace of a day", "issuer = \"https://signin.example\"\noffline_grace = \"24h\"", "signin.offline_grace: "},
		{"an authority that is none", "issuer = \"https://signin.example\"\nca = \"text\"", "signin.ca: "},
		{"an unknown key", "issuer = \"https://signin.example\"\nsecret = \"a\"", "signin.secret: unknown key"},
	} {
		_, err := Read(write(t, whole+"\n[signin]\n"+test.text+"\n"))
		var e *Error
		if !errors.As(err, &e) || len(e.Faults) != 1 || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
}
