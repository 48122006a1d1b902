package mjpeg_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"boothd/devices"
	"boothd/devices/devicestest"
	"boothd/devices/mjpeg"
	"boothd/devices/mjpeg/mjpegemu"
)

// portrait returns a JPEG of the given size, different for every seed.
func portrait(t testing.TB, width, height int, seed uint8) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			img.SetGray(x, y, color.Gray{Y: uint8(x*y) + seed})
		}
	}
	var buf bytes.Buffer
	if err := jpeg.Encode(&buf, img, nil); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func newEmu(t *testing.T, o mjpegemu.Options) *mjpegemu.Camera {
	t.Helper()
	if o.Rate == 0 {
		o.Rate = 50
	}
	emu, err := mjpegemu.New("127.0.0.1:0", o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { emu.Close() })
	return emu
}

func portAt(t *testing.T, url string) devices.Port {
	t.Helper()
	p, err := devices.NewFixedPort(url, "mjpeg")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func open(t *testing.T, url string) devices.Camera {
	t.Helper()
	d, err := mjpeg.Driver().Open(t.Context(), portAt(t, url))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d.(devices.Camera)
}

func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func wantFrame(t *testing.T, c devices.Camera, want []byte) {
	t.Helper()
	f, err := c.Frame(within(t, 10*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(f.JPEG, want) {
		t.Errorf("a picture of %d bytes; want the one of %d", len(f.JPEG), len(want))
	}
}

func TestContract(t *testing.T) {
	tests := []struct {
		name    string
		options mjpegemu.Options
	}{
		{"parts with a length", mjpegemu.Options{}},
		{"parts without a length", mjpegemu.Options{NoLength: true}},
	}
	golden := portrait(t, 96, 128, 1)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			devicestest.Run(t, func(t *testing.T) *devicestest.Rig {
				emu := newEmu(t, tt.options)
				emu.SetJPEG(golden)
				do := func(f func() error) func() {
					return func() {
						if err := f(); err != nil {
							t.Error(err)
						}
					}
				}
				return &devicestest.Rig{
					Driver:   mjpeg.Driver(),
					Port:     func() devices.Port { return portAt(t, emu.URL()) },
					Golden:   &devices.Frame{JPEG: golden, Width: 96, Height: 128},
					Present:  func() { emu.Stall(false) },
					Withdraw: func() { emu.Stall(true) },
					Unplug:   do(emu.Unplug),
					Replug:   do(emu.Replug),
					Garble:   emu.Garble,
					Truncate: emu.Shorten,
					Faults: map[string]func(){
						"a picture cut off by the connection's end": emu.Cut,
						"an oversized part":                         emu.Oversize,
					},
				}
			})
		})
	}
}

func TestBoundariesAsCamerasWriteThem(t *testing.T) {
	tests := []struct{ name, boundary, delimiter string }{
		{"as the standard wants", "cam", "--cam"},
		{"quoted", `"cam"`, "--cam"},
		{"quoted with characters that need it", `"c/a:m=1"`, "--c/a:m=1"},
		{"unquoted with characters that need quotes", "c/a:m=1", "--c/a:m=1"},
		{"followed by another parameter", "cam; charset=utf-8", "--cam"},
		{"dashes in the header that count", "--cam", "----cam"},
		{"dashes in the header that do not count", "--cam", "--cam"},
		{"no dashes at all", "cam", "cam"},
	}
	want := portrait(t, 40, 30, 2)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, noLength := range []bool{false, true} {
				emu := newEmu(t, mjpegemu.Options{Boundary: tt.boundary, Delimiter: tt.delimiter, NoLength: noLength})
				emu.SetJPEG(want)
				c := open(t, emu.URL())
				for range 3 {
					wantFrame(t, c, want)
				}
			}
		})
	}
}

func TestAPictureFromBeforeTheCallIsNotReturned(t *testing.T) {
	emu := newEmu(t, mjpegemu.Options{})
	c := open(t, emu.URL())
	for seed := range uint8(20) {
		emu.Stall(true)
		// What was on its way arrives before the next portrait, and nobody asks for it.
		for {
			if _, err := c.Frame(within(t, 200*time.Millisecond)); err != nil {
				break
			}
		}
		want := portrait(t, 64, 64, seed)
		emu.SetJPEG(want)
		emu.Stall(false)
		wantFrame(t, c, want)
	}
}

func TestSinglePicturesAreAskedForOneByOne(t *testing.T) {
	emu := newEmu(t, mjpegemu.Options{})
	c := open(t, emu.SnapshotURL())
	for seed := range uint8(3) {
		want := portrait(t, 64, 64, seed)
		emu.SetJPEG(want)
		wantFrame(t, c, want)
	}
	emu.Stall(true)
	if _, err := c.Frame(within(t, 200*time.Millisecond)); err != context.DeadlineExceeded {
		t.Errorf("frame: %v; want context.DeadlineExceeded", err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := c.Frame(t.Context())
		done <- err
	}()
	emu.Cut()
	if err := <-done; !errors.Is(err, devices.ErrGone) {
		t.Errorf("frame: %v; want an error matching ErrGone", err)
	}
	emu.Unplug()
	if _, err := c.Frame(t.Context()); !errors.Is(err, devices.ErrGone) {
		t.Errorf("frame: %v; want an error matching ErrGone", err)
	}
	emu.Stall(false)
	emu.Replug()
	if _, err := c.Frame(t.Context()); err != nil {
		t.Errorf("frame: %v", err)
	}
	c.Close()
	if _, err := c.Frame(t.Context()); !errors.Is(err, os.ErrClosed) {
		t.Errorf("frame: %v; want an error matching os.ErrClosed", err)
	}
}

func TestAStreamThatEndsIsNoticedWithoutACall(t *testing.T) {
	emu := newEmu(t, mjpegemu.Options{})
	c := open(t, emu.URL())
	emu.Unplug()
	select {
	case <-c.(devices.GoneNotifier).Gone():
	case <-time.After(10 * time.Second):
		t.Error("the end was not noticed")
	}
}

func TestTheUserAndThePasswordAreSentAndNotShown(t *testing.T) {
	emu := newEmu(t, mjpegemu.Options{User: "booth7", Password: "s3cret"})
	url := strings.Replace(emu.URL(), "http://", "http://booth7:s3cret@", 1) + "?token=s3cret"
	c := open(t, url)
	if _, err := c.Frame(within(t, 10*time.Second)); err != nil {
		t.Error(err)
	}
	shown := c.Info().Address
	_, err := mjpeg.Driver().Open(t.Context(), portAt(t, strings.Replace(url, ":s3cret", ":s3cret2", 1)))
	if err == nil {
		t.Fatal("a wrong password was accepted")
	}
	shown += err.Error()
	emu.Unplug()
	_, err = c.Frame(t.Context())
	shown += err.Error()
	_, err = mjpeg.Driver().Open(t.Context(), portAt(t, url))
	if !errors.Is(err, devices.ErrGone) {
		t.Errorf("open: %v; want an error matching ErrGone", err)
	}
	shown += err.Error()
	if strings.Contains(shown, "s3cret") || strings.Contains(shown, "booth7") {
		t.Errorf("shown: %s", shown)
	}
}

// serve answers every request with a content type and a body, and then ends.
func serve(t *testing.T, status int, contentType string, body []byte) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Location", "http://127.0.0.1:1/")
		w.WriteHeader(status)
		w.Write(body)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestAnAnswerThatIsNoCameraIsRefused(t *testing.T) {
	tests := []struct {
		name, contentType string
		status            int
		is                error
	}{
		{"a page", "text/html", 200, nil},
		{"no type", "", 200, nil},
		{"a stream without a boundary", "multipart/x-mixed-replace", 200, nil},
		{"a stream with an empty boundary", "multipart/x-mixed-replace; boundary=--", 200, nil},
		{"a boundary without end", "multipart/x-mixed-replace; boundary=" + strings.Repeat("x", 1000), 200, nil},
		{"a redirection", "image/jpeg", 302, nil},
		{"a refusal", "image/jpeg", 403, nil},
		{"a missing page", "image/jpeg", 404, nil},
		{"too many viewers", "image/jpeg", 503, devices.ErrBusy},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, err := mjpeg.Driver().Open(t.Context(), portAt(t, serve(t, tt.status, tt.contentType, nil)))
			if err == nil {
				d.Close()
				t.Fatal("it was opened")
			}
			if tt.is != nil && !errors.Is(err, tt.is) || errors.Is(err, devices.ErrGone) {
				t.Errorf("open: %v", err)
			}
		})
	}
}

func TestAnHTTPSCameraThatNobodyVouchesForIsRefusedAndNotCalledGone(t *testing.T) {
	s := httptest.NewTLSServer(http.NotFoundHandler())
	defer s.Close()
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	_, err := mjpeg.Driver().Open(t.Context(), portAt(t, s.URL))
	if err == nil || errors.Is(err, devices.ErrGone) {
		t.Errorf("open: %v; want an error that does not match ErrGone", err)
	}
}

func TestOpenObeysItsContext(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer s.Close()
	if _, err := mjpeg.Driver().Open(within(t, 200*time.Millisecond), portAt(t, s.URL)); err == nil ||
		!errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("open: %v; want context.DeadlineExceeded", err)
	}
}

func TestOnlyAPlaceOnTheNetworkIsOpened(t *testing.T) {
	if _, err := mjpeg.Driver().Open(t.Context(), portAt(t, "ftp://127.0.0.1/")); err == nil {
		t.Error("ftp was opened")
	}
	if _, err := mjpeg.Driver().Open(t.Context(), bare{}); err == nil {
		t.Error("a port without a URL was opened")
	}
}

type bare struct{}

func (bare) Address() string { return "bare" }
func (bare) ID() devices.ID  { return devices.ID{} }
func (bare) Driver() string  { return "mjpeg" }

func TestASnapshotThatIsNoPictureIsAFault(t *testing.T) {
	good := portrait(t, 32, 32, 0)
	tests := []struct {
		name string
		body []byte
	}{
		{"nothing", nil},
		{"text", []byte("hello")},
		{"half a picture", good[:len(good)/2]},
		{"markers only", []byte{0xff, 0xd8, 0xff, 0xd9}},
		{"more than 8 MiB", append(bytes.Clone(good), make([]byte, 8<<20)...)},
		{"much after the end", append(bytes.Clone(good), bytes.Repeat([]byte{1}, 5000)...)},
		{"too wide", wide(t)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := open(t, serve(t, 200, "image/jpeg", tt.body))
			f, err := c.Frame(within(t, 10*time.Second))
			if err == nil || errors.Is(err, devices.ErrGone) || errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("frame %v, %v; want a fault", f, err)
			}
		})
	}
}

// wide returns a JPEG whose header says 9000 pixels.
func wide(t *testing.T) []byte {
	data := portrait(t, 32, 32, 0)
	at := bytes.Index(data, []byte{0xff, 0xc0}) + 7
	data[at], data[at+1] = 9000>>8, 9000&0xff
	return data
}

func TestAPictureWithBytesAfterItsEndIsReturnedWithoutThem(t *testing.T) {
	good := portrait(t, 32, 32, 0)
	c := open(t, serve(t, 200, "image/jpeg", append(bytes.Clone(good), "\r\n\x00\x00"...)))
	wantFrame(t, c, good)
}

func TestAStreamOfBadPicturesIsAFaultAndNotAWaitWithoutEnd(t *testing.T) {
	part := "--cam\r\nContent-Type: image/jpeg\r\nContent-Length: 5\r\n\r\nhello\r\n"
	asked := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary=cam")
		http.NewResponseController(w).Flush()
		<-asked
		for r.Context().Err() == nil {
			w.Write([]byte(part))
		}
	}))
	defer s.Close()
	c := open(t, s.URL)
	close(asked)
	_, err := c.Frame(within(t, 20*time.Second))
	if err == nil || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, devices.ErrGone) {
		t.Errorf("frame: %v; want a fault", err)
	}
	c.Close()
}
