package console

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"boothd/capture"
	"boothd/capture/check"
	"boothd/devices"
)

const (
	maxPreviews   = 4                     // at once
	previewPeriod = 40 * time.Millisecond // the least from one picture to the next
	previewWait   = time.Second           // for a picture, before looking whether it may still be shown
	// previewBuffer is what the kernel may hold of the pictures for a viewer, in bytes. A viewer
	// who is slow sees fewer pictures, not older ones.
	previewBuffer   = 64 << 10
	previewBoundary = "boothd-picture"
)

// connKey is the key of a request's connection in its context.
type connKey struct{}

func keepConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// cameras are the kinds of camera by what they look at.
func cameras(name string) (devices.Kind, bool) {
	switch name {
	case "face":
		return devices.KindCamera, true
	case "page":
		return devices.KindPageCamera, true
	}
	return "", false
}

// preview streams what a camera sees while a check is open (multipart/x-mixed-replace): always
// the newest picture, of which none is kept. The camera is shared with all who watch and
// with whoever takes the traveller's picture.
func (s *Server) preview(w http.ResponseWriter, r *http.Request, o capture.Officer) error {
	kind, known := cameras(r.PathValue("camera"))
	if !known || s.cfg.Preview == nil {
		return newProblem(http.StatusNotFound, "no-camera",
			"There is no such camera.", "Use one of the names in /api/v1/openapi.yaml.")
	}
	id := r.PathValue("check")
	if !s.isOpen(id) {
		return check.ErrNoCheck
	}
	select {
	case s.viewers <- struct{}{}:
		defer func() { <-s.viewers }()
	default:
		return newProblem(http.StatusServiceUnavailable, "too-many-viewers",
			"Too many pages watch the camera.", "Close the pages that are not used.")
	}
	if conn, ok := r.Context().Value(connKey{}).(*net.TCPConn); ok {
		conn.SetWriteBuffer(previewBuffer) // without it there is more in the pipe, and that is all
	}
	w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary="+previewBoundary)
	w.Header().Set("Connection", "close") // its buffer would be too small for other answers
	rc := http.NewResponseController(w)
	rc.SetReadDeadline(time.Time{}) // the server's would end the stream
	fmt.Fprintf(w, "--%s\r\n", previewBoundary)
	rc.Flush()
	err := s.show(r, o, id, kind, func(f *devices.Frame) error { return sendPart(w, rc, f) })
	s.cfg.Log.DebugContext(r.Context(), "preview ended", "error", err)
	return nil
}

var errOver = errors.New("the check was closed or the officer has signed out")

// show sends picture after picture, as long as they may be seen.
func (s *Server) show(r *http.Request, o capture.Officer, id string, kind devices.Kind, send func(*devices.Frame) error) error {
	pace := time.NewTicker(previewPeriod)
	defer pace.Stop()
	for {
		ctx, cancel := context.WithTimeout(r.Context(), previewWait)
		frame, err := s.cfg.Preview(ctx, kind)
		cancel()
		now, signedIn := s.officer(r)
		switch {
		case r.Context().Err() != nil:
			return r.Context().Err()
		case signedIn != nil || now.ID != o.ID || !s.isOpen(id):
			return errOver
		case err == nil:
			if err := send(frame); err != nil {
				return err
			}
		case !errors.Is(err, context.DeadlineExceeded):
			return err
		}
		select {
		case <-pace.C:
		case <-r.Context().Done():
			return r.Context().Err()
		case <-s.stopping:
			return errOver
		}
	}
}

// sendPart sends a picture with the boundary after it, for which browsers wait before they show
// the picture.
func sendPart(w http.ResponseWriter, rc *http.ResponseController, f *devices.Frame) error {
	rc.SetWriteDeadline(time.Now().Add(sendTimeout))
	if _, err := fmt.Fprintf(w, "Content-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n", len(f.JPEG)); err != nil {
		return err
	}
	if _, err := w.Write(f.JPEG); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(w, "\r\n--%s\r\n", previewBoundary); err != nil {
		return err
	}
	return rc.Flush()
}

// isOpen reports whether the check is the desk's and runs.
func (s *Server) isOpen(id string) bool {
	c := s.cfg.Desk.View(false).Check
	return c != nil && c.ID == id && c.Phase != check.PhaseClosed && c.Phase != check.PhaseAbandoned
}
