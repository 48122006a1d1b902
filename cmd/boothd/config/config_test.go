package config

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"boothd/capture"
)

const whole = `
[booth]
id = "north-3"
place = "North gate, lane 3"
state_dir = "state"

[policy]
default = { hit = "stop", possible = "refer", unavailable = "incomplete", stale = "refer" }
[[policy.system]]
name = "EES"
modality = "document"
unavailable = "clear"

[[profile]]
name = "first-line"
category = "border guard"
purpose = "border check"
legal_basis = "Regulation (EU) 2016/399 Art 8"
systems = { document = ["SIS", "EES"] }

[[officer]]
id = "officer-7"
profile = "first-line"
token_file = "token"

[portal]
url = "https://portal.example:8443"
ca = "ca.pem"
cert = "booth.pem"
key = "booth.key"
systems = ["SIS", "EES"]
timeout = "4s"
sealing_key = "seal.pub"
signing_keys = ["sign.pub"]

[mqtt]
broker = "ssl://broker.example:8883"
ca = "ca.pem"

[[list]]
name = "sis-persons"
system = "SIS"
keys = ["lists.pub"]

[outbox]
max_size = "512MiB"

[usb]
usbip = ["127.0.0.1:3240"]

[[serial]]
path = "/dev/ttyS0"
baud = 9600
driver = "cute"

[[camera]]
url = "http://127.0.0.1:8080/stream"
driver = "mjpeg"
`

func write(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"token", "ca.pem", "booth.pem", "booth.key", "seal.pub", "sign.pub", "lists.pub"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "boothd.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWholeFileIsRead(t *testing.T) {
	path := write(t, whole)
	c, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(filepath.Dir(path), "state"); c.Booth.State != want {
		t.Errorf("state folder %s, want %s", c.Booth.State, want)
	}
	if got := c.Profiles[0].Systems[capture.ModalityDocument]; !slices.Equal(got, []string{"SIS", "EES"}) {
		t.Errorf("profile's systems %v", got)
	}
	if time.Duration(c.Portal.Timeout) != 4*time.Second || time.Duration(c.Portal.Linger) != time.Minute || c.Outbox.MaxBytes != 512<<20 {
		t.Errorf("timeout %v, linger %v, outbox %d", c.Portal.Timeout, c.Portal.Linger, c.Outbox.MaxBytes)
	}
	rules := c.Rules()
	ees := rules.Systems[0]
	if ees.System != "EES" || ees.Unavailable != capture.OutcomeClear || ees.Hit != capture.OutcomeStop {
		t.Errorf("rule of EES %+v", ees)
	}
}

func TestEveryFaultIsNamed(t *testing.T) {
	tests := []struct {
		name, old, new string
		want           string // "key: reason" it must contain
	}{
		{"an unknown key", `place =`, `palce =`, "booth.palce: unknown key"},
		{"a value of another type", `baud = 9600`, `baud = "fast"`, "serial"},
		{"no TOML at all", `[booth]`, `[booth`, "line "},
		{"a booth without an id", `id = "north-3"`, ``, "booth.id: "},
		{"a listener open to the network", `[usb]`, "[api]\nlisten = \"0.0.0.0:8470\"\n[usb]", "api.listen: must be a loopback"},
		{"a hit that clears", `hit = "stop"`, `hit = "clear"`, "policy.default.hit: must not be clear"},
		{"an officer without a profile", `profile = "first-line"`, `profile = "second-line"`, `officer[0].profile: "second-line"`},
		{"a token file that is not there", `token_file = "token"`, `token_file = "nowhere"`, "officer[0].token_file: "},
		{"a portal without TLS", `https://portal`, `http://portal`, "portal.url: must begin with https"},
		{"a list without keys", `keys = ["lists.pub"]`, `keys = []`, "list[0].keys: is missing"},
		{"a driver that does not exist", `driver = "cute"`, `driver = "cutest"`, `serial[0].driver: "cutest"`},
		{"a speed that does not exist", `baud = 9600`, `baud = 12345`, "serial[0].baud: "},
		{"a size without a unit", `"512MiB"`, `"512"`, "no size"},
		{"a time span without a unit", `"4s"`, `"4"`, "no positive time span"},
		{"a broker of another kind", `ssl://`, `http://`, "mqtt.broker: "},
		{"an origin with a path", `[usb]`, "[api]\norigins = [\"https://kiosk.example/app\"]\n[usb]", "api.origins[0]: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if !strings.Contains(whole, tt.old) {
				t.Fatalf("%q is not in the file", tt.old)
			}
			path := write(t, strings.Replace(whole, tt.old, tt.new, 1))
			_, err := Read(path)
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("error %v, want an *Error", err)
			}
			if !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), path+": ") {
				t.Errorf("error %q, want the file and %q", err, tt.want)
			}
		})
	}
}

func TestAllFaultsAreNamedAtOnce(t *testing.T) {
	_, err := Read(write(t, "[booth]\nid = \"\"\ncolour = \"red\"\n"))
	var e *Error
	if !errors.As(err, &e) || len(e.Faults) < 5 {
		t.Errorf("error %v, want every fault", err)
	}
}
