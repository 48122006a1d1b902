package sbi_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"boothd/capture/synthetic"
	"boothd/devices"
)

// watching is a kiosk that reads a stream from the wire itself, byte by byte.
type watching struct {
	conn net.Conn
	r    *bufio.Reader
}

// watch asks for a stream and reads the head of its answer.
func (b *booth) watch(t *testing.T, device string, timeout string) *watching {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(b.base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(patience))
	body := fmt.Sprintf(`{"deviceId":%q,"deviceSubId":"0","timeout":%q}`, device, timeout)
	fmt.Fprintf(conn, "STREAM /stream HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n%s", strings.TrimPrefix(b.base, "http://"), len(body), body)
	w := &watching{conn, bufio.NewReader(conn)}
	head := w.until(t, "\r\n\r\n")
	for _, want := range []string{
		"HTTP/1.1 200 OK\r\n", "\r\nContent-Type: multipart/x-mixed-replace; boundary=--BoundaryString\r\n", "\r\nConnection: close\r\n", "\r\nCache-Control: no-store\r\n",
	} {
		if !strings.Contains(head, want) {
			t.Errorf("the head lacks %q: %q", want, head)
		}
	}
	if strings.Contains(head, "Transfer-Encoding") {
		t.Errorf("the stream is coded: %q", head)
	}
	return w
}

// until reads up to and with an ending.
func (w *watching) until(t *testing.T, ending string) string {
	t.Helper()
	var got strings.Builder
	for !strings.HasSuffix(got.String(), ending) {
		c, err := w.r.ReadByte()
		if err != nil || got.Len() > 4096 {
			t.Fatalf("read %q: %v", got.String(), err)
		}
		got.WriteByte(c)
	}
	return got.String()
}

// picture reads one part, whose bytes are those of the reference implementation.
func (w *watching) picture(t *testing.T) image.Image {
	t.Helper()
	head := w.until(t, "\r\n\r\n")
	rest, ok := strings.CutPrefix(head, "--BoundaryString\r\nAccess-Control-Allow-Origin:*\r\nContent-Type:image/jpeg\r\nContent-Length:")
	n, err := strconv.Atoi(strings.TrimSuffix(rest, "\r\n\r\n"))
	if !ok || err != nil {
		t.Fatalf("head of a part %q", head)
	}
	data := make([]byte, n+4)
	if _, err := io.ReadFull(w.r, data); err != nil || string(data[n:]) != "\r\n\r\n" {
		t.Fatalf("a part ends with %q, %v", data[max(0, n-4):], err)
	}
	img, err := jpeg.Decode(bytes.NewReader(data[:n]))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// end reads to the end of the stream.
func (w *watching) end(t *testing.T) {
	t.Helper()
	if _, err := io.Copy(io.Discard, w.r); err != nil {
		t.Errorf("the stream does not end: %v", err)
	}
}

func TestTheCameraIsStreamed(t *testing.T) {
	b := open(t, nil)
	w := b.watch(t, b.device(t, "Face"), "")
	want := synthetic.New(1).Portrait().Bounds().Size()
	seen := 0
	for seen < 5 { // the first may be that of no picture yet
		if w.picture(t).Bounds().Size() == want {
			seen++
		}
	}
	if got := b.server.Notice(); got != "A registration kiosk watches a device of this booth." {
		t.Errorf("the officer is told %q", got)
	}
	if got := b.ask(t, "MOSIPDISC", "/device", object{"type": "Face"}).list(t)[0].text(t, "deviceStatus"); got != "Busy" {
		t.Errorf("the camera is %s", got)
	}
	w.conn.Close()
	b.await(t, "the camera is free", func() bool { return b.state(devices.KindCamera) == devices.Ready && b.server.Notice() == "" })
}

func TestAnEmptyScannerIsStreamedToo(t *testing.T) {
	b := open(t, nil)
	w := b.watch(t, b.device(t, "Finger"), "")
	empty := w.picture(t).Bounds()
	for range 3 {
		if got := w.picture(t).Bounds(); got != empty {
			t.Errorf("a picture of %v, then of %v", empty, got)
		}
	}
}

func TestAStreamEndsWhenItsTimeIsOver(t *testing.T) {
	b := open(t, nil)
	begun := time.Now()
	b.watch(t, b.device(t, "Face"), "700").end(t)
	if took := time.Since(begun); took < 700*time.Millisecond {
		t.Errorf("it ended after %v", took)
	}
}

func TestACaptureRunsBesideItsStreamAndEndsIt(t *testing.T) {
	b := open(t, nil)
	q := b.request(t, nil) // discovers before the scanner is busy
	w := b.watch(t, b.device(t, "Finger"), "")
	w.picture(t)
	answer := b.later(t, "RCAPTURE", "/capture", q)
	b.await(t, "the capture waits", func() bool { return strings.Contains(b.server.Notice(), "right index finger") })
	b.lay(t, finger(2))
	if got := (<-answer).code(t); got != "0" {
		t.Errorf("code %s", got)
	}
	next := b.watch(t, q["bio"].([]object)[0].text(t, "deviceId"), "")
	w.end(t)
	for range 3 {
		next.picture(t) // a stream that comes after the capture goes on
	}
	next.conn.Close()
	b.await(t, "the scanner is free", func() bool { return b.state(devices.KindFingerScanner) == devices.Ready })
}

func TestWhatLayOnTheScannerBeforeTheCaptureIsNotTaken(t *testing.T) {
	b := open(t, nil)
	q := b.request(t, func(whole, _ object) { whole["timeout"] = "1500" })
	w := b.watch(t, b.device(t, "Finger"), "")
	empty := w.picture(t).Bounds()
	b.lay(t, finger(7))
	for w.picture(t).Bounds() == empty { // until the finger is shown
	}
	if got := b.ask(t, "RCAPTURE", "/capture", q).code(t); got != "701" {
		t.Errorf("code %s, want 701", got)
	}
}

func TestFaultsOfStreamsHaveTheirCodes(t *testing.T) {
	b := open(t, nil)
	face := b.device(t, "Face")
	ctx, finish := context.WithCancel(t.Context())
	checked := make(chan error, 1)
	go func() {
		checked <- devices.Use(ctx, b.manager, func(ctx context.Context, _ devices.Camera) error {
			<-ctx.Done()
			return ctx.Err()
		})
	}()
	b.await(t, "the check has the camera", func() bool { return b.state(devices.KindCamera) == devices.Busy })
	for body, want := range map[string]string{
		`{"deviceSubId":"0"}`:                            "604",
		`{"deviceId":"B0"}`:                              "605",
		`{"deviceId":"` + face + `","timeout":"900000"}`: "123",
		`{"deviceId":7}`:                                 "123",
		`no JSON`:                                        "123",
		`{"deviceId":"` + face + `","deviceSubId":0,"timeout":0}`: "111",
	} {
		r := b.ask(t, "STREAM", "/stream", body)
		answer := unmarshalled(t, r.body)
		answer.only(t, body, "error")
		if got := answer.object(t, "error").text(t, "errorCode"); got != want || r.status != 200 {
			t.Errorf("%s: code %s with status %d, want %s", body, got, r.status, want)
		}
	}
	finish()
	<-checked
}
