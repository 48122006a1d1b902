package portal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"sync"

	"boothd/capture"
	"boothd/internal/signed"
)

// MaxToken limits an officer's token, in bytes.
const MaxToken = 16 << 10

// maxSystems limits how many systems one look may name.
const maxSystems = 64

// ReadLook reads the request of a look on the portal's side: limited, well formed, about
// exactly one piece of evidence, naming only systems that the officer's profile may ask.
// ReplyStatus tells what to reply to its errors.
func ReadLook(w http.ResponseWriter, r *http.Request) (*LookRequest, error) {
	var req LookRequest
	if err := readJSON(w, r, MaxLookBody, &req); err != nil {
		return nil, err
	}
	if err := checkLook(&req); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return &req, nil
}

func checkLook(req *LookRequest) error {
	e := &req.Query.Evidence
	parts := 0
	for _, set := range []bool{e.Document != nil, e.Finger != nil, e.Face != nil} {
		if set {
			parts++
		}
	}
	switch {
	case e.Chip != nil:
		return errors.New("a document's chip, about which no system is asked")
	case parts != 1:
		return fmt.Errorf("evidence has %d parts, want 1", parts)
	case req.Query.Booth == "" || req.Query.Check == "" || e.ID == "":
		return errors.New("no booth, check or evidence id")
	case len(req.Systems) == 0 || len(req.Systems) > maxSystems:
		return fmt.Errorf("%d systems, want 1 to %d", len(req.Systems), maxSystems)
	}
	if i := req.Query.Identify; i != nil && !i.Ground.Valid() {
		return errors.New("an identification on no ground of the law")
	}
	if len(req.Query.Grant) > signed.MaxSize || len(req.Token) > MaxToken {
		return errors.New("a grant or token that is too long")
	}
	for _, s := range req.Systems {
		if !req.Query.Officer.Profile.May(s, e.Modality()) {
			return errors.New("a system that the profile may not ask")
		}
	}
	return nil
}

// ReadReport reads the request of a report on the portal's side: limited, well formed, of
// one booth and epoch. The items themselves are not checked.
func ReadReport(w http.ResponseWriter, r *http.Request) ([]Item, error) {
	var req ReportRequest
	if err := readJSON(w, r, MaxReportBody, &req); err != nil {
		return nil, err
	}
	if len(req.Items) == 0 {
		return nil, fmt.Errorf("%w: no items", ErrRefused)
	}
	return req.Items, checkBatch(req.Items)
}

// ReplyStatus is the HTTP status that an error of ReadLook or ReadReport calls for.
func ReplyStatus(err error) int {
	if errors.Is(err, ErrTooLarge) {
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusBadRequest
}

func readJSON(w http.ResponseWriter, r *http.Request, limit int64, v any) error {
	if t, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); t != "application/json" {
		return fmt.Errorf("%w: body is not application/json", ErrRefused)
	}
	if r.ContentLength > limit {
		return fmt.Errorf("%w: body of %d bytes, at most %d", ErrTooLarge, r.ContentLength, limit)
	}
	body := http.MaxBytesReader(w, r.Body, limit)
	d := json.NewDecoder(body)
	err := d.Decode(v)
	if err == nil {
		if _, more := d.Token(); more != io.EOF {
			err = errors.New("something follows the request")
		}
	}
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return fmt.Errorf("%w: body longer than %d bytes", ErrTooLarge, limit)
	case err != nil:
		// The decoder's error may quote the body.
		return fmt.Errorf("%w: body is not one request in JSON", ErrRefused)
	}
	return nil
}

// ReplyWriter writes the reply to a look on the portal's side. Its methods may be called
// by several goroutines.
type ReplyWriter struct {
	mu  sync.Mutex
	w   http.ResponseWriter
	out *http.ResponseController
}

// NewReplyWriter begins the reply at once, so that the booth knows that the portal is
// there before any system has answered.
func NewReplyWriter(w http.ResponseWriter) *ReplyWriter {
	rw := &ReplyWriter{w: w, out: http.NewResponseController(w)}
	w.Header().Set("Content-Type", contentLines)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
	rw.out.Flush()
	return rw
}

// Answer writes one answer.
func (rw *ReplyWriter) Answer(a capture.Answer) error { return rw.write(LookReply{Answer: &a}) }

// End writes the last line.
func (rw *ReplyWriter) End() error { return rw.write(LookReply{End: true}) }

func (rw *ReplyWriter) write(reply LookReply) error {
	line, err := json.Marshal(reply)
	if err != nil {
		return err
	}
	if len(line) >= MaxReplyLine {
		return fmt.Errorf("%w: line of %d bytes", ErrTooLarge, len(line))
	}
	rw.mu.Lock()
	defer rw.mu.Unlock()
	if _, err := rw.w.Write(append(line, '\n')); err != nil {
		return err
	}
	return rw.out.Flush()
}
