// Package mjpegemu emulates a network camera: an HTTP server that sends one portrait again
// and again, as a stream at /video and one at a time at /snapshot.jpg.
//
// Like many real cameras it serves one viewer of the stream at a time and answers others
// with 503.
package mjpegemu

import (
	"bytes"
	"crypto/subtle"
	"fmt"
	"image"
	"image/jpeg"
	"net"
	"net/http"
	"sync"
	"time"
)

// Options say how the camera behaves. The zero value is a well-behaved one.
type Options struct {
	User, Password string // none if User is empty
	Rate           int    // pictures per second; 0 means 10
	NoLength       bool   // parts have no Content-Length
	// Boundary is what the Content-Type says, and Delimiter what stands between the parts;
	// empty, they are "frame" and the two dashes with the boundary, as RFC 2046 wants.
	Boundary, Delimiter string
}

// Camera is one emulated camera. Its methods may be called by several goroutines.
type Camera struct {
	options Options
	viewer  chan struct{} // holds a token while nobody views the stream
	changed chan fault

	mu       sync.Mutex
	address  string
	picture  []byte
	stalled  bool
	server   *http.Server // nil while unplugged
	handlers *sync.WaitGroup
}

// New switches a camera on, at an address such as "127.0.0.1:0". It shows a grey picture.
func New(address string, o Options) (*Camera, error) {
	if o.Rate == 0 {
		o.Rate = 10
	}
	if o.Boundary == "" {
		o.Boundary = "frame"
	}
	if o.Delimiter == "" {
		o.Delimiter = "--" + o.Boundary
	}
	c := &Camera{options: o, address: address, viewer: make(chan struct{}, 1), changed: make(chan fault)}
	c.viewer <- struct{}{}
	if err := c.SetPortrait(image.NewGray(image.Rect(0, 0, 64, 64))); err != nil {
		return nil, err
	}
	return c, c.Replug()
}

// URL returns the address of the stream, without user and password.
func (c *Camera) URL() string { return "http://" + c.host() + "/video" }

// SnapshotURL returns the address of single pictures.
func (c *Camera) SnapshotURL() string { return "http://" + c.host() + "/snapshot.jpg" }

func (c *Camera) host() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.address
}

// SetPortrait changes what the camera sees.
func (c *Camera) SetPortrait(img image.Image) error {
	var buf bytes.Buffer
	if err := jpeg.Encode(&buf, img, &jpeg.Options{Quality: 90}); err != nil {
		return fmt.Errorf("encode portrait: %w", err)
	}
	c.SetJPEG(buf.Bytes())
	return nil
}

// SetJPEG changes what the camera sends, to bytes that it does not look at.
func (c *Camera) SetJPEG(data []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.picture = bytes.Clone(data)
}

// Stall stops the pictures, while the connection stays, or lets them go on.
func (c *Camera) Stall(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stalled = on
}

func (c *Camera) current() (picture []byte, stalled bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.picture, c.stalled
}

// Unplug ends the server and every connection.
func (c *Camera) Unplug() error {
	c.mu.Lock()
	server, handlers := c.server, c.handlers
	c.server = nil
	c.mu.Unlock()
	if server == nil {
		return nil
	}
	err := server.Close()
	handlers.Wait()
	return err
}

// Replug lets an unplugged camera listen again, at the same address.
func (c *Camera) Replug() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.server != nil {
		return nil
	}
	l, err := net.Listen("tcp", c.address)
	if err != nil {
		return fmt.Errorf("plug camera: %w", err)
	}
	c.address = l.Addr().String()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /video", c.serveStream)
	mux.HandleFunc("GET /snapshot.jpg", c.serveSnapshot)
	handlers := new(sync.WaitGroup)
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			handlers.Add(1)
			defer handlers.Done()
			c.authorise(mux, w, r)
		}),
		ReadHeaderTimeout: 5 * time.Second,
	}
	c.server, c.handlers = server, handlers
	handlers.Go(func() { server.Serve(l) })
	return nil
}

// Close unplugs the camera for good.
func (c *Camera) Close() error { return c.Unplug() }

func (c *Camera) authorise(next http.Handler, w http.ResponseWriter, r *http.Request) {
	if c.options.User == "" {
		next.ServeHTTP(w, r)
		return
	}
	user, password, _ := r.BasicAuth()
	if subtle.ConstantTimeCompare([]byte(user+"\x00"+password),
		[]byte(c.options.User+"\x00"+c.options.Password)) == 0 {
		w.Header().Set("WWW-Authenticate", `Basic realm="camera"`)
		http.Error(w, "who are you", http.StatusUnauthorized)
		return
	}
	next.ServeHTTP(w, r)
}
