package console

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"boothd/capture"
)

const (
	beatPeriod  = 5 * time.Second
	sendTimeout = 5 * time.Second // for one event; a listener that takes longer is dropped
)

// beat keeps the line alive, tells the page that the booth is, and what the booth's clock
// shows, from which the page counts ages.
type beat struct {
	Now time.Time `json:"now"`
}

// events streams the view and the booth's status to one listener (Server-Sent Events).
func (s *Server) events(w http.ResponseWriter, r *http.Request, o capture.Officer) error {
	select {
	case s.seats <- struct{}{}:
		defer func() { <-s.seats }()
	default:
		return newProblem(http.StatusServiceUnavailable, "too-many-listeners",
			"Too many pages are open at this booth.", "Close the pages that are not used.")
	}
	w.Header().Set("Content-Type", "text/event-stream")
	st := stream{w: w, rc: http.NewResponseController(w)}
	st.rc.SetReadDeadline(time.Time{}) // the server's would end the stream
	tick := time.NewTicker(beatPeriod)
	defer tick.Stop()
	st.beat()
	for st.err == nil {
		changed := s.cfg.Desk.Changed() // before the view, so that no change falls between
		status, news := s.board.latest()
		view := s.shown(o)
		// After the view was taken, so that none is sent from after the session.
		now, err := s.officer(r)
		now = s.inForce(now)
		if err != nil || now.ID != o.ID || now.Profile.Name != o.Profile.Name || now.Profile.Cleared != o.Profile.Cleared {
			return nil // signed out, the session has ended, or it is another one
		}
		o = now
		st.send("view", &st.view, view)
		if status != nil {
			st.send("status", &st.status, s.statusFor(*status, o))
		}
		select {
		case <-changed:
		case <-news:
		case <-tick.C:
			st.beat()
		case <-r.Context().Done():
			return nil
		case <-s.stopping:
			return nil
		}
	}
	s.cfg.Log.DebugContext(r.Context(), "event stream ended", "error", st.err)
	return nil
}

// stream is the line to one listener and what it was sent last.
type stream struct {
	w            http.ResponseWriter
	rc           *http.ResponseController
	view, status []byte
	err          error // the first; nothing is sent after it
}

// send sends the value as an event, unless it reads like the last one.
func (st *stream) send(event string, last *[]byte, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		st.err = err
		return
	}
	if !bytes.Equal(data, *last) {
		*last = data
		st.write(event, data)
	}
}

func (st *stream) beat() {
	data, err := json.Marshal(beat{Now: time.Now()})
	if err != nil {
		st.err = err
		return
	}
	st.write("beat", data)
}

func (st *stream) write(event string, data []byte) {
	if st.err != nil {
		return
	}
	st.rc.SetWriteDeadline(time.Now().Add(sendTimeout)) // not every ResponseWriter can; the server's can
	if _, st.err = fmt.Fprintf(st.w, "event: %s\ndata: %s\n\n", event, data); st.err == nil {
		st.err = st.rc.Flush()
	}
}
