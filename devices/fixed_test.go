package devices_test

import (
	"fmt"
	"strings"
	"testing"

	"boothd/devices"
)

func TestAFixedPortShowsNoSecrets(t *testing.T) {
	tests := []struct{ name, location, address string }{
		{"plain", "http://10.0.0.7/video", "http://10.0.0.7/video"},
		{"password", "https://booth:secret@cam.local:8443/video", "https://cam.local:8443/video"},
		{"password in the query", "http://cam/cgi?user=booth&pwd=secret", "http://cam/cgi"},
		{"query with a label", "http://cam/cgi?channel=2&pwd=secret#left", "http://cam/cgi#left"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := devices.NewFixedPort(tt.location, "mjpeg")
			if err != nil {
				t.Fatal(err)
			}
			if p.Address() != tt.address || p.Driver() != "mjpeg" || p.ID() != (devices.ID{}) {
				t.Errorf("port %s, %s, %s", p.Address(), p.Driver(), p.ID())
			}
			if got := p.Location().String(); got != tt.location {
				t.Errorf("location %s; want %s", got, tt.location)
			}
			for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
				if text := fmt.Sprintf(verb, p); strings.Contains(text, "secret") {
					t.Errorf("%s prints %s", verb, text)
				}
			}
			ports, err := devices.Fixed{p, p}.Scan(t.Context())
			if err != nil || len(ports) != 2 {
				t.Errorf("scan: %v, %v", ports, err)
			}
		})
	}
}

func TestAFixedPortWithoutAnAbsoluteURLIsRefusedAndNotQuoted(t *testing.T) {
	for _, location := range []string{"", "secret", "/dev/secret", "http://", "http://u:secret@[::1/", "://secret"} {
		_, err := devices.NewFixedPort(location, "mjpeg")
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", location, err)
		}
	}
}
