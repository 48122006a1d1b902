package sbi_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"image"
	"strings"
	"testing"
	"time"

	"boothd/capture/bdir"
	"boothd/capture/synthetic"
	"boothd/devices"
	"boothd/devices/uareu/uareuemu"
)

var (
	captureMembers = []string{"specVersion", "data", "hash", "error"}
	dataMembers    = []string{"digitalId", "deviceCode", "deviceServiceVersion", "bioType", "bioSubType", "purpose", "env", "bioValue",
		"transactionId", "timestamp", "requestedScore", "qualityScore"}
)

// finger is a good print that nobody has.
func finger(position int) *image.Gray { return synthetic.New(1).Finger(position) }

// poor is a print that does not reach any score worth asking for, yet is one.
func poor() *image.Gray { return synthetic.New(1).Press(2, synthetic.Press{Area: 0.3}) }

// jp2Signature begins every JPEG 2000 file.
const jp2Signature = "\x00\x00\x00\x0cjP  \r\n\x87\n"

func TestAFingerIsCapturedForARegistration(t *testing.T) {
	b := open(t, nil)
	answer := b.later(t, "RCAPTURE", "/capture", b.request(t, nil))
	b.lay(t, finger(2))
	found := (<-answer).biometrics(t)
	if len(found) != 1 {
		t.Fatalf("%d parts, want 1", len(found))
	}
	found[0].only(t, "biometric", captureMembers...)
	data := b.verified(t, found[0].text(t, "data"))
	data.only(t, "data", dataMembers...)
	for name, want := range map[string]string{
		"bioType": "Finger", "bioSubType": "Right IndexFinger", "purpose": "Registration", "env": "Developer",
		"transactionId": "1636824682071", "requestedScore": "40", "deviceServiceVersion": "1.0.0",
	} {
		if got := data.text(t, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	isTime(t, data.text(t, "timestamp"))
	b.verified(t, data.text(t, "digitalId")).only(t, "digital id", digitalMembers...)
	record := unbase64(t, data.text(t, "bioValue"))
	if got, want := found[0].text(t, "hash"), chained("", record); got != want {
		t.Errorf("hash %s, want %s", got, want)
	}
	wantFinger(t, record, 2, bdir.JPEG2000Lossless, jp2Signature)
}

// wantFinger reads an ISO/IEC 19794-4:2011 record of one finger.
func wantFinger(t *testing.T, record []byte, position bdir.Position, compression bdir.Compression, begin string) {
	t.Helper()
	r, err := bdir.ReadImages(record)
	if err != nil {
		t.Fatal(err)
	}
	if r.Edition != bdir.ISO2011 || len(r.Pictures) != 1 {
		t.Fatalf("%v with %d pictures", r.Edition, len(r.Pictures))
	}
	p := r.Pictures[0]
	if p.Position != position || p.Compression != compression || p.ResX != 500 || p.Width == 0 || len(p.Quality) != 1 ||
		!bytes.HasPrefix(p.Data, []byte(begin)) {
		t.Errorf("position %d, %v, %d dpi, %d by %d pixels, data %.12q", p.Position, p.Compression, p.ResX, p.Width, p.Height, p.Data)
	}
}

func TestAFaceIsCaptured(t *testing.T) {
	b := open(t, nil)
	r := b.ask(t, "RCAPTURE", "/capture", b.request(t, func(_, bio object) {
		bio["type"], bio["deviceId"], bio["bioSubType"], bio["requestedScore"] = "Face", b.device(t, "Face"), []any{nil}, 10
		bio["exception"] = []string{"Left Thumb"}
	}))
	found := r.biometrics(t)
	data := b.verified(t, found[0].text(t, "data"))
	without := []string{}
	for _, m := range dataMembers {
		if m != "bioSubType" {
			without = append(without, m)
		}
	}
	data.only(t, "data", without...)
	record := unbase64(t, data.text(t, "bioValue"))
	portrait := synthetic.New(1).Portrait().Bounds().Size()
	wantFace(t, record, 2, portrait)
	if got, want := found[0].text(t, "hash"), chained("", record); got != want {
		t.Errorf("hash %s, want %s", got, want)
	}
}

// wantFace reads an ISO/IEC 19794-5:2011 record by its offsets.
func wantFace(t *testing.T, record []byte, compression byte, size image.Point) {
	t.Helper()
	const representation, origin = 17, 15 + 5 // one quality block
	image11 := representation + 4 + origin + 17
	be := binary.BigEndian
	switch {
	case len(record) < image11+15 || string(record[:8]) != "FAC\x00030\x00":
		t.Fatalf("no face record: %d bytes, %.8q", len(record), record)
	case int(be.Uint32(record[8:])) != len(record) || int(be.Uint32(record[representation:])) != len(record)-representation:
		t.Error("a length is wrong")
	case be.Uint16(record[12:]) != 1:
		t.Error("not one face")
	}
	info := record[image11:]
	if info[1] != compression || int(be.Uint16(info[2:])) != size.X || int(be.Uint16(info[4:])) != size.Y || info[10] != 1 {
		t.Errorf("image information %x, want %v", info[:11], size)
	}
	if data := info[15:]; int(be.Uint32(info[11:])) != len(data) || !strings.HasPrefix(string(data), jp2Signature) {
		t.Errorf("data %.12q of %d bytes, %d announced", data, len(data), be.Uint32(info[11:]))
	}
}

func TestHashesAreChainedThroughFingersAndCalls(t *testing.T) {
	b := open(t, nil)
	answer := b.later(t, "RCAPTURE", "/capture", b.request(t, func(_, bio object) {
		bio["count"], bio["bioSubType"] = 2, []string{"Left Thumb", "Right Thumb"}
	}))
	b.lay(t, finger(6))
	b.lay(t, finger(1))
	found := (<-answer).biometrics(t)
	if len(found) != 2 {
		t.Fatalf("%d parts: %v", len(found), found)
	}
	previous := ""
	for i, want := range []bdir.Position{6, 1} {
		record := unbase64(t, b.verified(t, found[i].text(t, "data")).text(t, "bioValue"))
		wantFinger(t, record, want, bdir.JPEG2000Lossless, jp2Signature)
		previous = chained(previous, record)
		if got := found[i].text(t, "hash"); got != previous {
			t.Errorf("hash %d is %s, want %s", i, got, previous)
		}
	}
	r := b.ask(t, "RCAPTURE", "/capture", b.request(t, func(_, bio object) {
		bio["type"], bio["deviceId"], bio["bioSubType"], bio["requestedScore"] = "Face", b.device(t, "Face"), nil, "0"
		bio["previousHash"] = previous
	}))
	face := r.biometrics(t)[0]
	record := unbase64(t, b.verified(t, face.text(t, "data")).text(t, "bioValue"))
	if got, want := face.text(t, "hash"), chained(previous, record); got != want {
		t.Errorf("hash of the next call %s, want %s", got, want)
	}
}

func TestASlapIsTakenFingerByFingerWithoutItsExceptions(t *testing.T) {
	b := open(t, nil)
	answer := b.later(t, "RCAPTURE", "/capture", b.request(t, func(_, bio object) {
		bio["count"], bio["deviceSubId"], bio["bioSubType"] = "2", "1", []string{}
		bio["exception"] = []string{"Left LittleFinger", "Left MiddleFinger"}
	}))
	b.lay(t, finger(7))
	b.lay(t, finger(9))
	var got []string
	for _, part := range (<-answer).biometrics(t) {
		got = append(got, b.verified(t, part.text(t, "data")).text(t, "bioSubType"))
	}
	if strings.Join(got, ", ") != "Left IndexFinger, Left RingFinger" {
		t.Errorf("took %q", got)
	}
}

func TestTheSameFingerIsNotTakenTwice(t *testing.T) {
	b := open(t, nil)
	answer := b.later(t, "RCAPTURE", "/capture", b.request(t, func(_, bio object) {
		bio["count"], bio["bioSubType"] = "2", []string{"Left Thumb", "Right Thumb"}
	}))
	b.lay(t, finger(6))
	b.lay(t, synthetic.New(1).Impression(6, 1))
	b.await(t, "the officer is told", func() bool { return strings.Contains(b.server.Notice(), "taken already") })
	b.lay(t, finger(1))
	found := (<-answer).biometrics(t)
	if len(found) != 2 {
		t.Errorf("%d parts", len(found))
	}
}

func TestThePoorestIsAnsweredOnlyWhenTheTimeIsOver(t *testing.T) {
	b := open(t, nil)
	const timeout = 6 * time.Second // longer than a request may take to be read
	answer := b.later(t, "RCAPTURE", "/capture", b.request(t, func(whole, bio object) {
		whole["timeout"], bio["requestedScore"] = timeout.Milliseconds(), "100"
	}))
	b.lay(t, poor())
	r := <-answer
	if r.took < timeout {
		t.Errorf("answered after %v, before %v", r.took, timeout)
	}
	if got := r.code(t); got != "0" {
		t.Errorf("code %s, want the best picture", got)
	}
}

func TestWithoutAFingerTheCaptureTimesOutAndNotBefore(t *testing.T) {
	b := open(t, nil)
	const timeout = time.Second
	r := b.ask(t, "RCAPTURE", "/capture", b.request(t, func(whole, _ object) { whole["timeout"] = "1000" }))
	if r.took < timeout {
		t.Errorf("answered after %v, before %v", r.took, timeout)
	}
	part := r.biometrics(t)[0]
	part.only(t, "biometric", captureMembers...)
	if got := r.code(t); got != "701" || part.text(t, "data") != "" || part.text(t, "hash") != "" {
		t.Errorf("code %s of %v", got, part)
	}
	b.await(t, "the scanner is free", func() bool { return b.state(devices.KindFingerScanner) == devices.Ready })
}

func TestWhatACheckUsesIsBusyAndTheOtherWayRound(t *testing.T) {
	b := open(t, nil)
	ctx, finish := context.WithCancel(t.Context())
	checked := make(chan error, 1)
	go func() {
		checked <- devices.Use(ctx, b.manager, func(ctx context.Context, d devices.FingerScanner) error {
			_, err := d.CaptureFinger(ctx)
			return err
		})
	}()
	b.await(t, "the check has the scanner", func() bool { return b.state(devices.KindFingerScanner) == devices.Busy })
	if got := b.ask(t, "MOSIPDISC", "/device", object{"type": "Finger"}).list(t)[0].text(t, "deviceStatus"); got != "Busy" {
		t.Errorf("the scanner is %s", got)
	}
	if got := b.ask(t, "RCAPTURE", "/capture", b.request(t, nil)).code(t); got != "111" {
		t.Errorf("code %s, want 111", got)
	}
	finish()
	<-checked

	answer := b.later(t, "RCAPTURE", "/capture", b.request(t, nil))
	b.await(t, "the kiosk has the scanner", func() bool { return b.state(devices.KindFingerScanner) == devices.Busy })
	waiting := make(chan error, 1)
	go func() {
		waiting <- devices.Use(t.Context(), b.manager, func(context.Context, devices.FingerScanner) error { return nil })
	}()
	b.await(t, "the officer is told", func() bool {
		return b.server.Notice() == "A registration kiosk takes the right index finger on the scanner."
	})
	select {
	case err := <-waiting:
		t.Fatalf("a check used the scanner beside the kiosk: %v", err)
	default:
	}
	b.lay(t, finger(2))
	if got := (<-answer).code(t); got != "0" {
		t.Errorf("code %s", got)
	}
	if err := <-waiting; err != nil {
		t.Errorf("the check: %v", err)
	}
	if got := b.server.Notice(); got != "A registration kiosk has just used a device of this booth." {
		t.Errorf("the officer is told %q", got)
	}
}

func TestOneCaptureRunsAtATime(t *testing.T) {
	b := open(t, nil)
	q := b.request(t, nil)
	first := b.later(t, "RCAPTURE", "/capture", q)
	b.await(t, "the first capture waits", func() bool { return b.server.Notice() != "" })
	if got := b.ask(t, "RCAPTURE", "/capture", q).code(t); got != "703" {
		t.Errorf("second capture: code %s, want 703", got)
	}
	b.lay(t, finger(2))
	if got := (<-first).code(t); got != "0" {
		t.Errorf("first capture: code %s", got)
	}
}

func TestAKioskThatHangsUpGivesTheScannerBack(t *testing.T) {
	b := open(t, nil)
	ctx, hangUp := context.WithCancel(t.Context())
	q := b.request(t, nil)
	gone := make(chan error, 1)
	go func() {
		_, err := b.try(ctx, "RCAPTURE", "/capture", q)
		gone <- err
	}()
	b.await(t, "the capture waits", func() bool { return b.server.Notice() != "" })
	hangUp()
	if err := <-gone; err == nil {
		t.Error("it was answered")
	}
	b.await(t, "the scanner is free", func() bool { return b.state(devices.KindFingerScanner) == devices.Ready })
	answer := b.later(t, "RCAPTURE", "/capture", q)
	b.lay(t, finger(2))
	if got := (<-answer).code(t); got != "0" {
		t.Errorf("code %s", got)
	}
}

func TestAScannerThatIsPulledEndsTheCapture(t *testing.T) {
	b := open(t, nil)
	q := b.request(t, nil)
	answer := b.later(t, "RCAPTURE", "/capture", q)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := b.scanner.Await(ctx, uareuemu.ModeAwaitFinger); err != nil {
		t.Fatal(err)
	}
	b.bus.Unplug(slot)
	if got := (<-answer).code(t); got != "106" {
		t.Errorf("code %s, want 106", got)
	}
	b.scanner = uareuemu.New(uareuemu.UareU4500)
	if err := b.bus.Plug(slot, b.scanner); err != nil {
		t.Fatal(err)
	}
	b.await(t, "the replacement is ready", func() bool { return b.state(devices.KindFingerScanner) == devices.Ready })
	answer = b.later(t, "RCAPTURE", "/capture", q)
	b.lay(t, finger(2))
	if got := (<-answer).code(t); got != "0" {
		t.Errorf("code %s of the replacement", got)
	}
}
