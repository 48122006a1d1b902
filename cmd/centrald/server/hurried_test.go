package server

import (
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"boothd/capture"
	"boothd/sync/portal"
)

// line is a booth's connection as a server's ResponseWriter. It keeps the deadline that was
// set last.
type line struct {
	net.Conn
	deadline time.Time
}

func (l *line) Header() http.Header { return http.Header{} }
func (l *line) WriteHeader(int)     {}
func (l *line) FlushError() error   { return nil }
func (l *line) SetWriteDeadline(t time.Time) error {
	l.deadline = t
	return l.Conn.SetWriteDeadline(t)
}

func TestABoothThatReadsNothingDoesNotHoldUpASearch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		central, _ := net.Pipe() // the booth reads nothing
		reply := portal.NewReplyWriter(newHurried(&line{Conn: central}))
		began := time.Now()
		if err := reply.Answer(capture.Answer{System: "SIS"}); err == nil {
			t.Error("the answer was written to nobody")
		}
		if took := time.Since(began); took != writeTimeout {
			t.Errorf("cut off after %v", took)
		}
	})
}

// HTTP/2 ends a stream at its deadline also when nothing is written.
func TestBetweenAnswersThereIsNoDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		central, booth := net.Pipe()
		go func() {
			for b := make([]byte, 1<<10); ; {
				if _, err := booth.Read(b); err != nil {
					return
				}
			}
		}()
		l := &line{Conn: central}
		reply := portal.NewReplyWriter(newHurried(l))
		for range 2 {
			if err := reply.Answer(capture.Answer{System: "SIS"}); err != nil {
				t.Fatal(err)
			}
			if !l.deadline.IsZero() {
				t.Error("a deadline is left behind an answer")
			}
		}
		booth.Close()
	})
}
