package console_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/jpeg"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"boothd/capture/check"
	"boothd/cmd/boothd/console"
	"boothd/devices"
	"boothd/devices/mjpeg"
	"boothd/devices/mjpeg/mjpegemu"
)

// seeing is a booth with an open check and a camera, both real but for the face.
func seeing(t testing.TB, rate int, pixels []byte) (*booth, *mjpegemu.Camera) {
	t.Helper()
	camera, err := mjpegemu.New("127.0.0.1:0", mjpegemu.Options{Rate: rate})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { camera.Close() })
	camera.SetJPEG(pixels)
	port, err := devices.NewFixedPort(camera.URL(), "mjpeg")
	if err != nil {
		t.Fatal(err)
	}
	manager := &devices.Manager{Buses: []devices.Bus{devices.Fixed{port}}, Drivers: []devices.Driver{mjpeg.Driver()}, Interval: 50 * time.Millisecond}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- manager.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	b := serve(t, func(c *console.Config) {
		c.Preview = func(ctx context.Context, k devices.Kind) (*devices.Frame, error) {
			return devices.Preview(ctx, manager, k)
		}
	})
	b.show(collecting())
	return b, camera
}

const faceOfC1 = "/api/v1/checks/C1/preview/face"

// viewer watches a camera.
type viewer struct {
	t     testing.TB
	parts *multipart.Reader
}

func (b *booth) watch(t testing.TB, token string) *viewer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", b.URL+faceOfC1, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	kind, params, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if res.StatusCode != http.StatusOK || err != nil || kind != "multipart/x-mixed-replace" || res.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("preview: %s %v", res.Status, res.Header)
	}
	return &viewer{t, multipart.NewReader(res.Body, params["boundary"])}
}

// next returns the next picture, or io.EOF or the like at the stream's end.
func (v *viewer) next() ([]byte, error) {
	part, err := v.parts.NextRawPart()
	if err != nil {
		return nil, err
	}
	return io.ReadAll(part)
}

func (v *viewer) mustSee(want []byte) {
	v.t.Helper()
	got, err := v.next()
	if err != nil || !bytes.Equal(got, want) {
		v.t.Fatalf("a picture of %d bytes, %v; want one of %d", len(got), err, len(want))
	}
}

// until watches until the picture is seen.
func (v *viewer) until(want []byte) {
	v.t.Helper()
	for range 100 {
		got, err := v.next()
		if err != nil {
			v.t.Fatal(err)
		}
		if bytes.Equal(got, want) {
			return
		}
	}
	v.t.Fatal("the picture is not seen")
}

func TestPreviewShowsWhatTheCameraSees(t *testing.T) {
	first, second := portraitJPEG(), append(bytes.Clone(portraitJPEG()), 0xff, 0xd9)
	b, camera := seeing(t, 50, first)
	v, other := b.watch(t, token), b.watch(t, clearedToken)
	for range 10 {
		v.mustSee(first)
		other.mustSee(first)
	}
	camera.SetJPEG(second)
	v.until(second)
	if err := camera.Unplug(); err != nil {
		t.Fatal(err)
	}
	camera.SetJPEG(first)
	if err := camera.Replug(); err != nil {
		t.Fatal(err)
	}
	v.until(first)
}

func TestPreviewEndsWithTheCheck(t *testing.T) {
	for _, tt := range []struct {
		name string
		view check.View
	}{{"closed", closed()}, {"followed by another", otherCheck()}} {
		t.Run(tt.name, func(t *testing.T) {
			b, _ := seeing(t, 50, portraitJPEG())
			v := b.watch(t, token)
			v.mustSee(portraitJPEG())
			b.show(tt.view)
			for range 100 {
				if _, err := v.next(); err != nil {
					return
				}
			}
			t.Error("the camera is still shown")
		})
	}
}

func otherCheck() check.View {
	v := collecting()
	v.Check.ID = "C2"
	return v
}

func TestPreviewEndsWithTheSession(t *testing.T) {
	b, _ := seeing(t, 50, portraitJPEG())
	cookie := b.signIn(t, token)
	r, err := http.NewRequestWithContext(t.Context(), "GET", b.URL+faceOfC1, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.AddCookie(&http.Cookie{Name: "boothd_session", Value: cookie})
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatal(res, err)
	}
	defer res.Body.Close()
	if got := b.send(t, request{method: "DELETE", path: "/api/v1/session", cookie: cookie, headers: b.own()}); got.status != http.StatusNoContent {
		t.Fatalf("sign out: %d", got.status)
	}
	if _, err := io.Copy(io.Discard, res.Body); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the stream's end: %v", err)
	}
}

func TestPreviewIsRefused(t *testing.T) {
	b, _ := seeing(t, 50, portraitJPEG())
	tests := []struct {
		name string
		q    request
		view check.View
		code string
	}{
		{"to whom is not signed in", request{path: faceOfC1}, collecting(), "sign-in"},
		{"to another site's page", request{path: faceOfC1, token: token, headers: map[string]string{"Sec-Fetch-Site": "cross-site"}}, collecting(), "origin"},
		{"of a camera that there is not", request{path: "/api/v1/checks/C1/preview/ceiling", token: token}, collecting(), "no-camera"},
		{"without a check", request{path: faceOfC1, token: token}, check.View{}, "no-check"},
		{"of another check", request{path: faceOfC1, token: token}, otherCheck(), "no-check"},
		{"of a check that is closed", request{path: faceOfC1, token: token}, closed(), "no-check"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b.show(tt.view)
			tt.q.method = "GET"
			if got := b.send(t, tt.q); got.code() != tt.code {
				t.Errorf("%d %s, want %s", got.status, got.body, tt.code)
			}
		})
	}
	b.show(collecting())
	for range 4 {
		b.watch(t, token).mustSee(portraitJPEG())
	}
	if got := b.send(t, request{method: "GET", path: faceOfC1, token: token}); got.code() != "too-many-viewers" {
		t.Errorf("the fifth viewer: %d %s", got.status, got.body)
	}
}

// TestSlowViewerHoldsUpNobodyAndSeesNothingOld has a viewer that reads nothing while the camera
// sends more than the lines could hold, then everything.
func TestSlowViewerHoldsUpNobodyAndSeesNothingOld(t *testing.T) {
	if testing.Short() {
		t.Skip("sends many megabytes")
	}
	const size = 128 << 10
	numbered := func(n int) []byte {
		return bytes.Join([][]byte{portraitJPEG()[:2], fmt.Appendf([]byte{0xff, 0xfe, 0, 10}, "%08d", n), portraitJPEG()[2:]}, nil)
	}
	padding := bytes.Repeat(append([]byte{0xff, 0xfe, 0xff, 0xff}, make([]byte, 0xfffd)...), size>>16)
	large := func(n int) []byte { // comments make a picture large
		p := numbered(n)
		return bytes.Join([][]byte{p[:12+2], padding, p[12+2:]}, nil)
	}
	b, camera := seeing(t, 20, large(0))
	conn, err := (&net.Dialer{}).Dial("tcp", strings.TrimPrefix(b.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.(*net.TCPConn).SetReadBuffer(64 << 10)
	conn.SetDeadline(time.Now().Add(time.Minute))
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n\r\n", faceOfC1, conn.RemoteAddr(), token)
	quick := b.watch(t, clearedToken)
	const shown = 6
	for n := 1; n <= shown; n++ {
		p := large(n)
		camera.SetJPEG(p)
		quick.until(p)
	}
	// What lies in the lines now is at most two pictures: then comes the last one.
	got, sum := make([]byte, 64<<10), 0
	for tail := []byte{}; !bytes.Contains(tail, fmt.Appendf(nil, "%08d", shown)); {
		n, err := conn.Read(got)
		sum += n
		if err == io.EOF {
			break // it was too slow for too long, on a busy machine
		}
		if err != nil {
			t.Fatal(err)
		}
		tail = append(tail[max(0, len(tail)-64):], got[:n]...)
	}
	if sum > 6*size {
		t.Errorf("%d bytes, %d pictures, before the newest", sum, sum/size)
	}
}

// BenchmarkPreview measures pictures per second with one and with four viewers; the booth
// sends 25 at most.
func BenchmarkPreview(b *testing.B) {
	picture := portraitJPEG()
	if _, err := jpeg.DecodeConfig(bytes.NewReader(picture)); err != nil {
		b.Fatal(err)
	}
	for _, viewers := range []int{1, 4} {
		b.Run(fmt.Sprintf("viewers=%d", viewers), func(b *testing.B) {
			booth, _ := seeing(b, 30, picture)
			var all []*viewer
			for range viewers {
				all = append(all, booth.watch(b, token))
			}
			began := time.Now()
			for b.Loop() {
				for _, v := range all {
					v.mustSee(picture)
				}
			}
			b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "pictures/s")
		})
	}
}
