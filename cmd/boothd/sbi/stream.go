package sbi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"net/http"
	"time"
)

const (
	// streamPeriod is how far apart the pictures of a stream are at most, whether there is a
	// new one or not; the interface wants three a second.
	streamPeriod = 250 * time.Millisecond
	// stallLimit is how long a kiosk may take to read a picture.
	stallLimit = 5 * time.Second
)

// stream serves STREAM: pictures until the time is over, the kiosk hangs up or a capture of the
// same device has ended.
func (s *Server) stream(w http.ResponseWriter, r *http.Request, body []byte) {
	var q streamRequest
	if json.Unmarshal(body, &q) != nil {
		s.answer(w, errorAnswer{badJSON.fault()})
		return
	}
	limit, c := q.limit()
	if c == success && s.cfg.Purpose == Auth {
		c = streamAuth
	}
	d, ok := s.find(q.DeviceID)
	if c == success && !ok {
		c = streamUnknown
	}
	var h *hold
	if c == success {
		h, c = s.acquire(r.Context(), &d)
	}
	if c != success {
		s.answer(w, errorAnswer{c.fault()})
		return
	}
	defer s.leave(h)
	s.cfg.Log.Info("stream for a kiosk begins", "device", d.Address)
	defer s.cfg.Log.Info("stream for a kiosk ended", "device", d.Address)
	defer s.watched()()
	s.send(w, r, h, limit)
}

// limit is how long the stream may last.
func (q *streamRequest) limit() (time.Duration, code) {
	if q.DeviceID == "" {
		return 0, streamNoID
	}
	if q.Timeout == "" || q.Timeout == "0" {
		return maxTimeout, success
	}
	ms, ok := q.Timeout.number(int(maxTimeout / time.Millisecond))
	if !ok {
		return 0, badJSON
	}
	return time.Duration(ms) * time.Millisecond, success
}

// send sends pictures. Bytes are as the reference implementation has them: the boundary with
// its dashes in the header, and no transfer coding.
func (s *Server) send(w http.ResponseWriter, r *http.Request, h *hold, limit time.Duration) {
	w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary=--BoundaryString")
	w.Header().Set("Transfer-Encoding", "identity")
	w.WriteHeader(http.StatusOK)
	control := http.NewResponseController(w)
	over := time.NewTimer(limit)
	defer over.Stop()
	pace := time.NewTicker(streamPeriod)
	defer pace.Stop()
	captured := h.finished()
	shown := preview{}
	for {
		latest, changed := h.last()
		control.SetWriteDeadline(time.Now().Add(stallLimit))
		if writePart(w, shown.of(latest)) != nil || control.Flush() != nil {
			return
		}
		select {
		case <-changed:
		case <-pace.C:
		case <-over.C:
			return
		case <-captured:
			return
		case <-h.ended:
			return
		case <-r.Context().Done():
			return
		}
	}
}

func writePart(w http.ResponseWriter, picture []byte) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "--BoundaryString\r\nAccess-Control-Allow-Origin:*\r\nContent-Type:image/jpeg\r\nContent-Length:%d\r\n\r\n", len(picture))
	b.Write(picture)
	b.WriteString("\r\n\r\n")
	_, err := w.Write(b.Bytes())
	return err
}

// preview turns pictures into what a stream shows, each once.
type preview struct {
	number int
	jpeg   []byte
}

// of returns the JPEG of a picture: a frame as it is; a finger in a frame, with a bar as long
// as it is good; an empty field where there is none.
func (p *preview) of(s sample) []byte {
	if s.frame != nil {
		return s.frame.JPEG
	}
	if p.jpeg == nil || p.number != s.number {
		p.number, p.jpeg = s.number, fingerPreview(s)
	}
	return p.jpeg
}

// The look of a finger's preview.
const (
	emptyWidth, emptyHeight = 320, 400
	margin                  = 4  // of the frame around the finger
	barHeight               = 16 // of the bar below it
)

func fingerPreview(s sample) []byte {
	size := image.Pt(emptyWidth, emptyHeight)
	if s.finger != nil {
		size = s.finger.Rect.Size()
	}
	canvas := image.NewGray(image.Rect(0, 0, size.X+2*margin, size.Y+2*margin+barHeight))
	fill := func(r image.Rectangle, v uint8) {
		draw.Draw(canvas, r, image.NewUniform(color.Gray{Y: v}), image.Point{}, draw.Src)
	}
	fill(canvas.Rect, 128)
	field := image.Rectangle{Max: size}.Add(image.Pt(margin, margin))
	fill(field, 255)
	bar := image.Rect(margin, field.Max.Y+margin/2, margin+size.X*s.score/maxScore, canvas.Rect.Max.Y-margin/2)
	if s.finger != nil {
		draw.Draw(canvas, field, s.finger.Gray, s.finger.Rect.Min, draw.Src)
		fill(bar, 0)
	}
	var b bytes.Buffer
	jpeg.Encode(&b, canvas, &jpeg.Options{Quality: 80}) // a buffer takes everything
	return b.Bytes()
}
