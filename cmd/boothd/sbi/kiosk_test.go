package sbi_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"image"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"boothd/capture/synthetic"
	"boothd/cmd/boothd/sbi"
	"boothd/devices"
	"boothd/devices/mjpeg"
	"boothd/devices/mjpeg/mjpegemu"
	"boothd/devices/uareu"
	"boothd/devices/uareu/uareuemu"
	"boothd/devices/usbip"
)

// patience is for what must come to pass on a machine that is busy.
const patience = 60 * time.Second

// booth is a server over emulated devices, and a registration kiosk that speaks to it.
type booth struct {
	server  *sbi.Server
	manager *devices.Manager
	scanner *uareuemu.Scanner
	bus     *usbip.Server
	camera  *mjpegemu.Camera
	base    string
}

// keys is the folder of the booth's keys, which take time to make: once for all tests.
var keys string

func TestMain(m *testing.M) {
	var err error
	if keys, err = os.MkdirTemp("", "sbi"); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(keys)
	os.Exit(code)
}

const slot = "1-1" // the scanner's, on the USB/IP server

// open starts everything, with the configuration as change leaves it.
func open(t *testing.T, change func(*sbi.Config)) *booth {
	t.Helper()
	b := &booth{scanner: uareuemu.New(uareuemu.UareU4500)}
	b.openDevices(t)
	identity, err := sbi.OpenIdentity(sbi.IdentityOptions{Dir: keys, Booth: "north-3", Now: time.Now, Log: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	c := sbi.Config{
		Devices: b.manager, Identity: identity, Booth: "north-3", Version: "1.0.0", Purpose: sbi.Registration,
		Env: "Developer", Provider: "Border Police", ProviderID: "BP.1", Now: time.Now,
	}
	if change != nil {
		change(&c)
	}
	l, err := sbi.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b.base = "http://" + l.Addr().String()
	if b.server, err = sbi.New(l, c); err != nil {
		t.Fatal(err)
	}
	background(t, b.server.Run)
	b.await(t, "the devices are ready", func() bool {
		return b.state(devices.KindCamera) == devices.Ready && b.state(devices.KindFingerScanner) == devices.Ready
	})
	return b
}

func (b *booth) openDevices(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b.bus = usbip.NewServer(nil)
	if err := b.bus.Plug(slot, b.scanner); err != nil {
		t.Fatal(err)
	}
	background(t, func(ctx context.Context) error { b.bus.Serve(ctx, l); return nil })
	if b.camera, err = mjpegemu.New("127.0.0.1:0", mjpegemu.Options{Rate: 20}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.camera.Close() })
	if err := b.camera.SetPortrait(synthetic.New(1).Portrait()); err != nil {
		t.Fatal(err)
	}
	place, err := devices.NewFixedPort(b.camera.URL(), "mjpeg")
	if err != nil {
		t.Fatal(err)
	}
	b.manager = &devices.Manager{
		Buses:    []devices.Bus{usbip.NewBus(nil, l.Addr().String()), devices.Fixed{place}},
		Drivers:  []devices.Driver{uareu.Driver(), mjpeg.Driver()},
		Interval: 50 * time.Millisecond,
	}
	background(t, b.manager.Run)
}

// background runs until the test ends and waits for the end.
func background(t *testing.T, run func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
	})
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func (b *booth) state(kind devices.Kind) devices.State {
	for _, st := range b.manager.Status() {
		if st.Kind == kind {
			return st.State
		}
	}
	return ""
}

// await waits until something is so, looking whenever the devices change and ten times a second.
func (b *booth) await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for !holds() {
		select {
		case <-look.C:
		case <-b.manager.Changed():
		case <-late.C:
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// lay lays a finger as soon as the scanner waits for one.
func (b *booth) lay(t *testing.T, img *image.Gray) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := b.scanner.Await(ctx, uareuemu.ModeAwaitFinger); err != nil {
		t.Errorf("the scanner does not wait for a finger: %v", err)
		return
	}
	b.scanner.Lay(img)
	if err := b.scanner.Await(ctx, uareuemu.ModeAwaitRemoval); err != nil {
		t.Errorf("the scanner does not wait for the finger to be lifted: %v", err)
	}
	b.scanner.Lift()
}

// reply is an answer of the interface.
type reply struct {
	status int
	header http.Header
	body   []byte
	took   time.Duration
}

// ask sends a request; a body that is no string is sent as JSON.
func (b *booth) ask(t *testing.T, method, path string, body any, headers ...string) reply {
	t.Helper()
	r, err := b.try(t.Context(), method, path, body, headers...)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return r
}

func (b *booth) try(ctx context.Context, method, path string, body any, headers ...string) (reply, error) {
	text, ok := body.(string)
	if !ok {
		j, err := json.Marshal(body)
		if err != nil {
			return reply{}, err
		}
		text = string(j)
	}
	q, err := http.NewRequestWithContext(ctx, method, b.base+path, strings.NewReader(text))
	if err != nil {
		return reply{}, err
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			q.Host = headers[i+1]
			continue
		}
		q.Header.Set(headers[i], headers[i+1])
	}
	begun := time.Now()
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		return reply{}, err
	}
	defer r.Body.Close()
	data, err := io.ReadAll(r.Body)
	return reply{r.StatusCode, r.Header, data, time.Since(begun)}, err
}

// object is a JSON object whose members the tests look at by name.
type object map[string]any

func (o object) text(t *testing.T, name string) string {
	t.Helper()
	s, ok := o[name].(string)
	if !ok {
		t.Fatalf("%s is %v, not a string", name, o[name])
	}
	return s
}

func (o object) object(t *testing.T, name string) object {
	t.Helper()
	m, ok := o[name].(map[string]any)
	if !ok {
		t.Fatalf("%s is %v, not an object", name, o[name])
	}
	return m
}

// only fails unless the object has exactly these members.
func (o object) only(t *testing.T, what string, names ...string) {
	t.Helper()
	var have []string
	for name := range o {
		have = append(have, name)
	}
	slices.Sort(have)
	slices.Sort(names)
	if !slices.Equal(have, names) {
		t.Errorf("%s has the members %q, want %q", what, have, names)
	}
}

func (r reply) list(t *testing.T) []object {
	t.Helper()
	var all []object
	if err := json.Unmarshal(r.body, &all); err != nil {
		t.Fatalf("answer %d %.200q: %v", r.status, r.body, err)
	}
	return all
}

// biometrics returns the parts of a capture's answer.
func (r reply) biometrics(t *testing.T) []object {
	t.Helper()
	var whole object
	if err := json.Unmarshal(r.body, &whole); err != nil {
		t.Fatalf("answer %d %.200q: %v", r.status, r.body, err)
	}
	whole.only(t, "answer", "biometrics")
	var all []object
	for _, b := range whole["biometrics"].([]any) {
		all = append(all, b.(map[string]any))
	}
	return all
}

// code is the error code of a capture.
func (r reply) code(t *testing.T) string {
	t.Helper()
	return r.biometrics(t)[0].object(t, "error").text(t, "errorCode")
}

// device finds the id of the device of a type.
func (b *booth) device(t *testing.T, kind string) string {
	t.Helper()
	return b.ask(t, "MOSIPDISC", "/device", object{"type": kind}).list(t)[0].text(t, "deviceId")
}

// request is an RCAPTURE of one finger.
func (b *booth) request(t *testing.T, change func(whole, bio object)) object {
	t.Helper()
	bio := object{
		"type": "Finger", "count": "1", "bioSubType": []string{"Right IndexFinger"}, "exception": []string{},
		"requestedScore": "40", "deviceId": b.device(t, "Finger"), "deviceSubId": "0", "previousHash": "",
	}
	whole := object{
		"env": "Developer", "purpose": "Registration", "specVersion": "0.9.5", "timeout": "60000",
		"captureTime": "2026-11-22T09:00:00Z", "transactionId": "1636824682071", "customOpts": nil,
	}
	if change != nil {
		change(whole, bio)
	}
	if _, ok := whole["bio"]; !ok {
		whole["bio"] = []object{bio}
	}
	return whole
}

// later asks and returns the answer when it is there.
func (b *booth) later(t *testing.T, method, path string, body any) <-chan reply {
	t.Helper()
	answer := make(chan reply, 1)
	go func() {
		r, err := b.try(t.Context(), method, path, body)
		if err != nil {
			t.Errorf("%s: %v", method, err)
		}
		answer <- r
	}()
	return answer
}

// verified checks a compact JWS with nothing of the code under test: RS256 over the first two
// parts, by the certificate in x5c, which the booth's root has signed. It returns the payload.
func (b *booth) verified(t *testing.T, jws string) object {
	t.Helper()
	parts := strings.Split(jws, ".")
	if len(parts) != 3 {
		t.Fatalf("a JWS of %d parts", len(parts))
	}
	var header struct {
		Alg, Typ string
		X5c      []string
	}
	if err := json.Unmarshal(unbase64(t, parts[0]), &header); err != nil {
		t.Fatal(err)
	}
	if header.Alg != "RS256" || header.Typ != "JWT" || len(header.X5c) == 0 {
		t.Fatalf("header %+v", header)
	}
	der, err := base64.StdEncoding.DecodeString(header.X5c[0])
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPKCS1v15(cert.PublicKey.(*rsa.PublicKey), crypto.SHA256, sum[:], unbase64(t, parts[2])); err != nil {
		t.Errorf("signature: %v", err)
	}
	roots := x509.NewCertPool()
	text, err := os.ReadFile(filepath.Join(keys, sbi.RootFile))
	if err != nil || !roots.AppendCertsFromPEM(text) {
		t.Fatalf("root: %v", err)
	}
	if _, err := cert.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err != nil {
		t.Errorf("certificate: %v", err)
	}
	return unmarshalled(t, unbase64(t, parts[1]))
}

func unmarshalled(t *testing.T, b []byte) object {
	t.Helper()
	var o object
	if err := json.Unmarshal(b, &o); err != nil {
		t.Fatalf("%.100q: %v", b, err)
	}
	return o
}

func unbase64(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// chained is the hash chain, computed as the specification's text says it.
func chained(previous string, record []byte) string {
	var before []byte
	if previous == "" {
		empty := sha256.New()
		before = empty.Sum(nil)
	} else {
		fmt.Sscanf(previous, "%X", &before)
	}
	h := sha256.New()
	h.Write(record)
	whole := sha256.New()
	whole.Write(before)
	whole.Write(h.Sum(nil))
	return fmt.Sprintf("%X", whole.Sum(nil))
}

// isTime fails unless s is a time as the compliance toolkit reads it: without milliseconds.
func isTime(t *testing.T, s string) {
	t.Helper()
	at, err := time.Parse("2006-01-02T15:04:05Z", s)
	if err != nil || time.Since(at).Abs() > time.Hour {
		t.Errorf("time %q: %v", s, err)
	}
}

// certificate makes a certificate of a key by itself, in PEM.
func certificate(t *testing.T, key *rsa.PrivateKey, until time.Time) []byte {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: until.Add(-1000 * time.Hour), NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSpace(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}
