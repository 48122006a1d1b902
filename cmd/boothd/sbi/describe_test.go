package sbi_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"boothd/cmd/boothd/sbi"
	"boothd/devices"
)

var digitalMembers = []string{"serialNo", "make", "model", "type", "deviceSubType", "deviceProvider", "deviceProviderId", "dateTime"}

func TestDevicesAreDiscoveredByType(t *testing.T) {
	b := open(t, nil)
	for _, test := range []struct {
		kind string
		want []string // their types
	}{
		{"Biometric Device", []string{"Face", "Finger"}},
		{"Finger", []string{"Finger"}},
		{"Face", []string{"Face"}},
		{"finger", []string{"Finger"}},
	} {
		r := b.ask(t, "MOSIPDISC", "/device", object{"type": test.kind})
		found := r.list(t)
		if len(found) != len(test.want) {
			t.Errorf("%s: %d devices, want %d", test.kind, len(found), len(test.want))
			continue
		}
		for i, d := range found {
			d.only(t, "device", "deviceId", "deviceStatus", "certification", "serviceVersion", "deviceSubId", "callbackId",
				"digitalId", "deviceCode", "specVersion", "purpose", "error")
			id := unmarshalled(t, unbase64(t, d.text(t, "digitalId")))
			id.only(t, "digital id", digitalMembers...)
			isTime(t, id.text(t, "dateTime"))
			if id.text(t, "type") != test.want[i] || id.text(t, "serialNo") != d.text(t, "deviceCode") {
				t.Errorf("%s: device %v with %v", test.kind, d, id)
			}
			if d.text(t, "deviceStatus") != "Ready" || d.text(t, "certification") != "L0" || d.text(t, "purpose") != "Registration" {
				t.Errorf("device %v", d)
			}
		}
	}
}

func TestWhatIsNoTypeAndTypesWithoutDeviceAreErrors(t *testing.T) {
	b := open(t, nil)
	for body, want := range map[string]string{
		`{"type":"Iris"}`: "503", `{"type":"Voice"}`: "502", `{"type":""}`: "502", `{}`: "502", `nothing`: "123", `{"type":7}`: "123",
	} {
		found := b.ask(t, "MOSIPDISC", "/device", body).list(t)
		found[0].only(t, body, "error")
		if got := found[0].object(t, "error").text(t, "errorCode"); got != want {
			t.Errorf("%s: error %s, want %s", body, got, want)
		}
	}
}

func TestHeadersAreTheSpecificationsWhicheverTheAnswer(t *testing.T) {
	b := open(t, nil)
	for _, q := range [][2]string{{"MOSIPDISC", "/device"}, {"MOSIPDINFO", "/info"}, {"GET", "/"}, {"RCAPTURE", "/capture"}, {"STREAM", "/stream"}, {"BREW", "/"}} {
		r := b.ask(t, q[0], q[1], "{}")
		for name, want := range map[string]string{
			"Cache-Control": "no-store", "Location": b.base, "Content-Type": "application/json", "Connection": "close",
			"Access-Control-Allow-Origin": "",
		} {
			if got := r.header.Get(name); got != want && !(name == "Connection" && got == "") {
				t.Errorf("%s: %s is %q, want %q", q[0], name, got, want)
			}
		}
		if r.header.Get("Content-Length") == "" {
			t.Errorf("%s: no length", q[0])
		}
		want := http.StatusOK
		if q[0] == "BREW" {
			want = http.StatusMethodNotAllowed
		}
		if r.status != want {
			t.Errorf("%s: status %d, want %d", q[0], r.status, want)
		}
	}
}

func TestAKioskThatOpensTheAddressDiscovers(t *testing.T) {
	b := open(t, nil)
	if got := len(b.ask(t, "GET", "/", "").list(t)); got != 2 {
		t.Errorf("GET found %d devices", got)
	}
	if got := len(b.ask(t, "POST", "/", `{"type":"Face"}`).list(t)); got != 1 {
		t.Errorf("POST found %d devices", got)
	}
}

func TestInformationIsSigned(t *testing.T) {
	b := open(t, nil)
	found := b.ask(t, "MOSIPDINFO", "/info", "").list(t)
	if len(found) != 2 {
		t.Fatalf("%d devices, want 2", len(found))
	}
	for _, d := range found {
		d.only(t, "answer", "deviceInfo", "error")
		info := b.verified(t, d.text(t, "deviceInfo"))
		info.only(t, "device", "deviceStatus", "deviceId", "firmware", "certification", "serviceVersion", "deviceSubId", "callbackId",
			"digitalId", "deviceCode", "env", "purpose", "specVersion")
		id := b.verified(t, info.text(t, "digitalId"))
		id.only(t, "digital id", digitalMembers...)
		if id.text(t, "deviceProvider") != "Border Police" || info.text(t, "env") != "Developer" {
			t.Errorf("device %v with %v", info, id)
		}
	}
}

func TestWithoutDevicesInformationIsAnError(t *testing.T) {
	b := open(t, nil)
	b.bus.Unplug(slot)
	if err := b.camera.Unplug(); err != nil {
		t.Fatal(err)
	}
	b.await(t, "the scanner has gone and the camera is at fault", func() bool {
		return b.state(devices.KindFingerScanner) == "" && b.state(devices.KindCamera) == devices.Fault
	})
	camera := b.ask(t, "MOSIPDISC", "/device", object{"type": "Face"}).list(t)[0]
	if got := camera.text(t, "deviceStatus"); got != "Not Ready" {
		t.Errorf("the camera is %s", got)
	}
	scanner := b.ask(t, "MOSIPDISC", "/device", object{"type": "Finger"}).list(t)[0]
	if got := scanner.object(t, "error").text(t, "errorCode"); got != "503" {
		t.Errorf("error %s, want 503", got)
	}
}

func TestOnlyOwnAddressesAndConfiguredPagesAreServed(t *testing.T) {
	b := open(t, withOrigin)
	own := b.base[len("http://"):]
	port := own[len("127.0.0.1:"):]
	for name, test := range map[string]struct {
		headers []string
		want    int
	}{
		"a program":                   {nil, 200},
		"a program by name":           {[]string{"Host", "localhost:" + port}, 200},
		"a rebound name":              {[]string{"Host", "kiosk.example:" + port}, 421},
		"another port":                {[]string{"Host", "127.0.0.1:80"}, 421},
		"no port":                     {[]string{"Host", "127.0.0.1"}, 421},
		"the configured page":         {[]string{"Origin", "https://kiosk.example"}, 200},
		"a foreign page":              {[]string{"Origin", "https://evil.example"}, 403},
		"a page over plain HTTP":      {[]string{"Origin", "http://kiosk.example"}, 403},
		"a page of another port":      {[]string{"Origin", "https://kiosk.example:8443"}, 403},
		"a page without an origin":    {[]string{"Origin", "null"}, 403},
		"an address that is typed":    {[]string{"Sec-Fetch-Site", "none"}, 200},
		"a picture on a foreign page": {[]string{"Sec-Fetch-Site", "cross-site"}, 403},
		"another port's page":         {[]string{"Sec-Fetch-Site", "same-site"}, 403},
	} {
		for _, method := range []string{"MOSIPDISC", "OPTIONS"} {
			r := b.ask(t, method, "/device", object{"type": "Face"}, test.headers...)
			if r.status != test.want {
				t.Errorf("%s, %s: status %d, want %d", name, method, r.status, test.want)
			}
			if test.want != 200 && len(r.header.Get("Access-Control-Allow-Origin")) > 0 {
				t.Errorf("%s, %s: is let in all the same", name, method)
			}
		}
	}
}

func TestPreflightsOfTheConfiguredPageAreAnswered(t *testing.T) {
	b := open(t, withOrigin)
	r := b.ask(t, "OPTIONS", "/capture", "", "Origin", "https://kiosk.example", "Access-Control-Request-Method", "RCAPTURE",
		"Access-Control-Request-Private-Network", "true")
	for name, want := range map[string]string{
		"Access-Control-Allow-Origin":          "https://kiosk.example",
		"Access-Control-Allow-Methods":         "OPTIONS, RCAPTURE, CAPTURE, MOSIPDINFO, MOSIPDISC, STREAM, GET, POST",
		"Access-Control-Allow-Private-Network": "true",
	} {
		if got := r.header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func withOrigin(c *sbi.Config) { c.Origins = []string{"https://kiosk.example"} }

func TestOnlyTheLoopbackAddressIsServed(t *testing.T) {
	l, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := sbi.New(l, sbi.Config{}); err == nil {
		t.Error("an address that others reach is served")
	}
}

func TestARequestThatDoesNotEndIsCutOff(t *testing.T) {
	b := open(t, nil)
	conn, err := net.Dial("tcp", b.base[len("http://"):])
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	fmt.Fprintf(conn, "RCAPTURE /capture HTTP/1.1\r\nHost: %s\r\nContent-Length: 100\r\n\r\n{", b.base[len("http://"):])
	if _, err := io.Copy(io.Discard, conn); err != nil {
		t.Errorf("the connection stays: %v", err)
	}
}

func TestSixteenRequestsAreServedAtATime(t *testing.T) {
	b := open(t, nil)
	face := b.device(t, "Face")
	for range 16 {
		b.watch(t, face, "")
	}
	if r := b.ask(t, "MOSIPDISC", "/device", object{"type": "Face"}); r.status != http.StatusServiceUnavailable {
		t.Errorf("the seventeenth: status %d", r.status)
	}
}

func TestWhatIsTooLongIsRefused(t *testing.T) {
	b := open(t, nil)
	r := b.ask(t, "RCAPTURE", "/capture", `{"env":"`+strings.Repeat("x", 64<<10)+`"}`)
	if r.status != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d", r.status)
	}
}
