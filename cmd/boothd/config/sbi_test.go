package config

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"boothd/cmd/boothd/sbi"
)

func TestRegistrationKiosksAreShutOutUnlessConfigured(t *testing.T) {
	c, err := Read(write(t, whole))
	if err != nil {
		t.Fatal(err)
	}
	if c.SBI.Enabled {
		t.Error("kiosks may use the devices by default")
	}
	path := write(t, whole+"\n[sbi]\nenabled = true\nprovider = \"Border Police\"\nprovider_id = \"BP.1\"\ncert = \"ca.pem\"\nkey = \"booth.key\"\norigins = [\"https://kiosk.example\"]\n")
	if c, err = Read(path); err != nil {
		t.Fatal(err)
	}
	if s := c.SBI; s.Purpose != sbi.Registration || s.Env != "Developer" || !filepath.IsAbs(s.Cert) || !filepath.IsAbs(s.Key) {
		t.Errorf("%+v", s)
	}
}

func TestEveryFaultOfTheKiosksIsNamed(t *testing.T) {
	const good = "enabled = true\nprovider = \"a\"\nprovider_id = \"b\"\n"
	for _, test := range []struct{ name, text, want string }{
		{"no provider", "enabled = true\nprovider_id = \"b\"", "sbi.provider: is missing"},
		{"no id of the provider", "enabled = true\nprovider = \"b\"", "sbi.provider_id: is missing"},
		{"another purpose", good + `purpose = "Both"`, "sbi.purpose: "},
		{"another environment", good + `environment = "Test"`, "sbi.environment: "},
		{"a path for an origin", good + `origins = ["https://kiosk.example/"]`, "sbi.origins[0]: "},
		{"a certificate without a key", good + `cert = "ca.pem"`, "sbi.key: is missing"},
		{"an authentication without its service", good + `purpose = "Auth"`, "sbi.domain_cert: is missing"},
		{"a service with another sort of key", good + "purpose = \"Auth\"\ndomain_cert = \"ca.pem\"", "sbi.domain_cert: "},
		{"an unknown key", good + `port = 4501`, "sbi.port: unknown key"},
	} {
		_, err := Read(write(t, whole+"\n[sbi]\n"+test.text+"\n"))
		var e *Error
		if !errors.As(err, &e) || len(e.Faults) != 1 || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
	if _, err := Read(write(t, whole+"\n[sbi]\nprovider = \"a\"\n")); err != nil {
		t.Errorf("faults of what is switched off: %v", err)
	}
}
