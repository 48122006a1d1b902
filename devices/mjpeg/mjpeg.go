// Package mjpeg drives network cameras that send JPEG pictures over HTTP or HTTPS: as a
// stream (multipart/x-mixed-replace) or one picture a request (image/jpeg). Which of the
// two, the camera's answer to Open tells.
//
// The configuration names a camera by its URL, through devices.Fixed. User and password
// stand in the URL, are sent with HTTP's basic authentication, and appear in no address,
// error or log. The certificate of an https camera must be one that this machine trusts.
// Redirections are not followed.
//
// A stream is kept open and read all the time, because what nobody reads queues up in the
// camera and the network, and the next picture would be seconds old. It also tells at
// once when the camera goes. Frame returns a picture that began to arrive after the call.
//
// Cameras are careless about multipart (RFC 2046 §5.1). This driver takes a boundary with
// and without its leading dashes wherever they are missing or doubled, parts with and
// without Content-Length, lines that end in LF, and bytes after a picture's end. It does
// not take a part of more than 8 MiB, and it passes over pictures that are not whole.
// A camera that answers 503 serves as many viewers as it can: it is busy.
package mjpeg

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"boothd/devices"
	"boothd/devices/jpegfile"
)

const (
	answerLimit = 8 * time.Second  // for the connection and the head of an answer
	stallLimit  = 10 * time.Second // without a byte, after which a camera is gone
	maxBad      = 10               // pictures in a row that are not whole
)

// Driver returns the driver's row of the table. The configuration chooses it.
func Driver() devices.Driver {
	return devices.Driver{Name: "mjpeg", Kind: devices.KindCamera, Open: open}
}

// locator is a port that knows a URL, such as devices.FixedPort.
type locator interface {
	Location() *url.URL
}

// Camera is an opened camera.
type Camera struct {
	info   devices.Info
	url    string        // with secrets
	turn   chan struct{} // held by who asks for a single picture
	client *http.Client
	stream bool

	life context.Context // ends at Close
	end  context.CancelFunc
	work sync.WaitGroup
	gone chan struct{} // closed with failure set

	mu      sync.Mutex
	failure error         // what ended the stream
	calls   int           // so far
	waiting int           // calls under way
	picture picture       // the latest that a call waited for, while calls wait
	next    chan struct{} // closed when picture or failure changes
}

// picture is a frame and how many calls had come when its first byte was read.
type picture struct {
	frame *devices.Frame
	calls int
}

var (
	_ devices.Camera       = (*Camera)(nil)
	_ devices.Previewer    = (*Camera)(nil)
	_ devices.GoneNotifier = (*Camera)(nil)
)

func open(ctx context.Context, p devices.Port) (devices.Device, error) {
	at, ok := p.(locator)
	if !ok {
		return nil, fmt.Errorf("open %s: not a network place", p.Address())
	}
	u := at.Location()
	if u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("open %s: neither http nor https", p.Address())
	}
	u.Fragment = ""
	c := &Camera{
		info: devices.Info{Driver: "mjpeg", Kind: devices.KindCamera, Address: p.Address()},
		url:  u.String(), client: newClient(), turn: make(chan struct{}, 1),
		gone: make(chan struct{}), next: make(chan struct{}),
	}
	c.life, c.end = context.WithCancel(context.Background())
	if err := c.connect(ctx); err != nil {
		c.Close()
		return nil, fmt.Errorf("open %s: %w", p.Address(), err)
	}
	return c, nil
}

func newClient() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DialContext:            (&net.Dialer{Timeout: answerLimit}).DialContext,
			TLSHandshakeTimeout:    answerLimit,
			ResponseHeaderTimeout:  answerLimit,
			MaxResponseHeaderBytes: 64 << 10,
			DisableCompression:     true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// connect asks for pictures and learns in which way the camera sends them.
func (c *Camera) connect(ctx context.Context) error {
	asked, cancel := context.WithCancel(c.life)
	resp, err := c.ask(ctx, asked, cancel)
	if err != nil {
		cancel()
		return err
	}
	kind := resp.Header.Get("Content-Type")
	if isJPEG(kind) {
		c.info.Model = "network camera, single JPEG pictures"
		resp.Body.Close()
		cancel()
		return nil
	}
	boundary, err := boundaryOf(kind)
	if err != nil {
		resp.Body.Close()
		cancel()
		return err
	}
	c.info.Model, c.stream = "network camera, MJPEG stream", true
	c.work.Go(func() {
		defer cancel()
		defer resp.Body.Close()
		c.fail(c.watch(newStallReader(resp.Body, stallLimit, cancel), boundary))
	})
	return nil
}

// ask sends the request whose answer may go on after Open: cancel ends asked, and does so
// if the head of the answer takes too long.
func (c *Camera) ask(ctx, asked context.Context, cancel func()) (*http.Response, error) {
	stop := context.AfterFunc(ctx, cancel)
	limit := time.AfterFunc(answerLimit, cancel)
	resp, err := c.get(asked)
	inTime, wanted := limit.Stop(), stop()
	if err == nil && !(inTime && wanted) {
		resp.Body.Close()
	}
	switch {
	case !wanted:
		return nil, ctx.Err()
	case !inTime:
		return nil, fmt.Errorf("no answer within %v: %w", answerLimit, devices.ErrGone)
	}
	return resp, err
}

// get sends one request. Its errors do not name the URL.
func (c *Camera) get(ctx context.Context) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url, nil)
	if err != nil {
		return nil, errors.New("not a usable URL")
	}
	resp, err := c.client.Do(req)
	var failed *url.Error
	if errors.As(err, &failed) {
		err = failed.Err // url.Error quotes the URL
	}
	if err != nil {
		return nil, lost(err)
	}
	switch resp.StatusCode {
	case http.StatusOK:
		return resp, nil
	case http.StatusServiceUnavailable:
		err = fmt.Errorf("the camera has too many viewers: %w", devices.ErrBusy)
	case http.StatusUnauthorized, http.StatusForbidden:
		err = errors.New("the camera refuses the user or the password")
	default:
		err = fmt.Errorf("the camera answers with status %d", resp.StatusCode)
	}
	resp.Body.Close()
	return nil, err
}

// lost says that the camera is gone because of err. A time-out of the network counts as an
// end of a context, which it is not here; so err is quoted and not wrapped.
func lost(err error) error {
	var untrusted *tls.CertificateVerificationError
	if errors.As(err, &untrusted) {
		return fmt.Errorf("the camera is not trusted: %w", err)
	}
	return fmt.Errorf("%w: %v", devices.ErrGone, err)
}

// Info describes the camera.
func (c *Camera) Info() devices.Info { return c.info }

// Gone is closed when the stream has ended by itself.
func (c *Camera) Gone() <-chan struct{} { return c.gone }

// Close ends the stream and the call under way.
func (c *Camera) Close() error {
	c.end()
	c.work.Wait()
	c.client.CloseIdleConnections()
	return nil
}

// Frame implements devices.Camera. The picture was taken after the call, as far as the
// camera itself does not keep it back.
func (c *Camera) Frame(ctx context.Context) (*devices.Frame, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	frame, err := c.frame(ctx)
	switch {
	case err == nil:
		return frame, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case c.life.Err() != nil:
		return nil, fmt.Errorf("picture of %s: %w", c.info.Address, os.ErrClosed)
	}
	return nil, fmt.Errorf("picture of %s: %w", c.info.Address, err)
}

// Preview implements devices.Previewer.
func (c *Camera) Preview(ctx context.Context) (*devices.Frame, error) { return c.Frame(ctx) }

// frame returns a picture that began after the call. Calls that wait at the same time share
// one.
func (c *Camera) frame(ctx context.Context) (*devices.Frame, error) {
	c.mu.Lock()
	c.calls++
	c.waiting++
	call := c.calls
	c.mu.Unlock()
	defer c.leave()
	if !c.stream {
		return c.single(ctx, call)
	}
	for {
		frame, next, err := c.taken(call)
		if frame != nil || err != nil {
			return frame, err
		}
		select {
		case <-next:
		case <-c.life.Done():
			return nil, os.ErrClosed
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// leave ends a call. No picture is kept that nobody waits for.
func (c *Camera) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting--; c.waiting == 0 {
		c.picture.frame = nil
	}
}

// taken returns the picture that began after the call, or what ended the stream, or a
// channel that is closed when there may be either.
func (c *Camera) taken(call int) (*devices.Frame, <-chan struct{}, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.picture.calls < call {
		return nil, c.next, c.failure
	}
	return c.picture.frame, nil, nil
}

// single asks for one picture, unless another call has just asked for one after this began.
func (c *Camera) single(ctx context.Context, call int) (*devices.Frame, error) {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-c.life.Done():
		return nil, os.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if frame, _, _ := c.taken(call); frame != nil {
		return frame, nil
	}
	c.mu.Lock()
	calls := c.calls
	c.mu.Unlock()
	frame, err := c.snapshot(ctx)
	if err == nil {
		c.publish(func() { c.picture = picture{frame, calls} })
	}
	return frame, err
}

// snapshot asks for one picture.
func (c *Camera) snapshot(ctx context.Context) (*devices.Frame, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(c.life, func() { cancel(os.ErrClosed) })()
	stalled := fmt.Errorf("no byte for %v: %w", stallLimit, devices.ErrGone)
	at := time.Now()
	resp, err := c.get(ctx)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if !isJPEG(resp.Header.Get("Content-Type")) {
		return nil, errors.New("the camera no longer sends pictures")
	}
	body := newStallReader(resp.Body, stallLimit, func() { cancel(stalled) })
	defer body.stop()
	data, err := io.ReadAll(io.LimitReader(body, maxPart+1))
	if cause := context.Cause(ctx); cause != nil {
		return nil, cause
	}
	if err != nil {
		return nil, lost(err)
	}
	return jpegfile.Frame(data, at)
}

// watch reads the stream until it ends, and keeps the pictures that calls wait for.
func (c *Camera) watch(body *stallReader, boundary string) error {
	defer body.stop()
	parts := newPartReader(body, boundary)
	bad := 0
	for {
		if err := parts.next(); err != nil {
			return body.why(err)
		}
		at := time.Now()
		c.mu.Lock()
		calls := c.calls
		wanted := c.waiting > 0 && calls > c.picture.calls
		c.mu.Unlock()
		data, err := parts.body()
		if err != nil {
			return body.why(err)
		}
		if !wanted || !parts.jpeg {
			continue
		}
		frame, err := jpegfile.Frame(data, at)
		if err != nil {
			if bad++; bad == maxBad {
				return fmt.Errorf("%d pictures in a row are bad, the last because %w", bad, err)
			}
			continue
		}
		bad = 0
		c.publish(func() { c.picture = picture{frame, calls} })
	}
}

// fail notes what ended the stream.
func (c *Camera) fail(err error) {
	c.publish(func() { c.failure = err })
	if c.life.Err() == nil {
		close(c.gone)
	}
}

func (c *Camera) publish(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
	close(c.next)
	c.next = make(chan struct{})
}

func isJPEG(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	return kind == "image/jpeg" || kind == "image/jpg"
}
