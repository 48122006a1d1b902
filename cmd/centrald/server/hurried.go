package server

import (
	"net/http"
	"time"
)

// writeTimeout is how long a booth may take to read one answer. One that reads nothing would
// hold up a search for ever.
const writeTimeout = 10 * time.Second

// hurried gives each write a deadline. Between them there is none, since a system may take
// longer to answer, and HTTP/2 ends a stream at its deadline also when nothing is written.
type hurried struct {
	http.ResponseWriter
	out *http.ResponseController
}

func newHurried(w http.ResponseWriter) hurried { return hurried{w, http.NewResponseController(w)} }

// Write does not fail for want of a deadline: not every ResponseWriter has them, the
// server's do.
func (h hurried) Write(p []byte) (int, error) {
	h.out.SetWriteDeadline(time.Now().Add(writeTimeout))
	return h.ResponseWriter.Write(p)
}

// FlushError implements the method of [http.ResponseController].
func (h hurried) FlushError() error {
	h.out.SetWriteDeadline(time.Now().Add(writeTimeout))
	err := h.out.Flush()
	h.out.SetWriteDeadline(time.Time{})
	return err
}

// Unwrap implements the method of [http.ResponseController].
func (h hurried) Unwrap() http.ResponseWriter { return h.ResponseWriter }
