package mjpegemu

import (
	"fmt"
	"net/http"
	"time"
)

// fault is one spoilt picture.
type fault struct {
	body   []byte
	length int  // what the Content-Length says, if not the length of body
	cut    bool // the connection ends after it
}

// inflict gives a fault to a viewer who waits for a picture, and returns when it was sent.
// Without a viewer it does nothing.
func (c *Camera) inflict(f fault) {
	select {
	case c.changed <- f:
	case <-time.After(time.Second):
	}
}

// Garble sends one picture whose bytes make no sense.
func (c *Camera) Garble() {
	picture, _ := c.current()
	garbled := make([]byte, len(picture))
	for i := range garbled {
		garbled[i] = byte(i*7 + 3)
	}
	c.inflict(fault{body: garbled, length: len(garbled)})
}

// Shorten sends one picture that lacks its second half, in a part that says so.
func (c *Camera) Shorten() {
	picture, _ := c.current()
	c.inflict(fault{body: picture[:len(picture)/2], length: len(picture) / 2})
}

// Cut sends half of a picture and ends the connection.
func (c *Camera) Cut() {
	picture, _ := c.current()
	c.inflict(fault{body: picture[:len(picture)/2], length: len(picture), cut: true})
}

// Oversize sends a part that says it has 100 MiB, and begins it.
func (c *Camera) Oversize() {
	c.inflict(fault{body: make([]byte, 64<<10), length: 100 << 20, cut: true})
}

func (c *Camera) serveStream(w http.ResponseWriter, r *http.Request) {
	// A viewer who has just left may not have been noticed yet.
	select {
	case <-c.viewer:
	case <-time.After(time.Second):
		http.Error(w, "too many viewers", http.StatusServiceUnavailable)
		return
	}
	defer func() { c.viewer <- struct{}{} }()
	w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary="+c.options.Boundary)
	fmt.Fprintf(w, "%s\r\n", c.options.Delimiter)
	c.serve(w, r, func(f fault) bool {
		fmt.Fprint(w, "Content-Type: image/jpeg\r\n")
		if !c.options.NoLength {
			fmt.Fprintf(w, "Content-Length: %d\r\n", f.length)
		}
		fmt.Fprint(w, "\r\n")
		w.Write(f.body)
		if !f.cut {
			fmt.Fprintf(w, "\r\n%s\r\n", c.options.Delimiter)
		}
		return true
	})
}

func (c *Camera) serveSnapshot(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "image/jpeg")
	c.serve(w, r, func(f fault) bool {
		w.Write(f.body)
		return false
	})
}

// serve sends the picture of the moment at the camera's rate, and the faults, until send
// wants no more or the viewer leaves.
func (c *Camera) serve(w http.ResponseWriter, r *http.Request, send func(fault) (more bool)) {
	flush := http.NewResponseController(w).Flush
	flush()
	tick := time.NewTicker(time.Second / time.Duration(c.options.Rate))
	defer tick.Stop()
	for {
		var f fault
		select {
		case <-r.Context().Done():
			return
		case f = <-c.changed:
		case <-tick.C:
			picture, stalled := c.current()
			if stalled {
				continue
			}
			f = fault{body: picture, length: len(picture)}
		}
		more := send(f)
		flush()
		if f.cut {
			panic(http.ErrAbortHandler)
		}
		if !more {
			return
		}
	}
}
