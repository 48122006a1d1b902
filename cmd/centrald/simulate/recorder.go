package simulate

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"boothd/sync/system"
)

// Limits of recordings.
const (
	MaxExchanges = 10_000                                       // of a recording
	maxLine      = system.MaxQuestion + system.MaxReply + 1<<10 // bytes of one exchange
	maxKept      = 8 << 20                                      // bytes that a Recorder keeps
)

// Exchange is a question and what came of it. Personal data.
type Exchange struct {
	At       time.Time       `json:"at"`
	Took     time.Duration   `json:"took_ns"`
	Question system.Question `json:"question"`
	Reply    system.Reply    `json:"reply,omitzero"`
	Fault    string          `json:"fault,omitempty"` // the adapter's error; then there is no reply
}

// LogValue keeps the traveller out of logs.
func (e Exchange) LogValue() slog.Value {
	return slog.StringValue("exchange with " + e.Question.System)
}

// Recorder is an adapter that keeps the last exchanges of another in memory. Its methods may
// be called from several goroutines.
type Recorder struct {
	adapter system.Adapter
	keep    int
	now     func() time.Time

	mu    sync.Mutex
	lines [][]byte // JSON, so that what was kept is nobody else's
	size  int
}

var _ system.Adapter = (*Recorder)(nil)

// NewRecorder returns a Recorder of a that keeps the last exchanges: at most so many, at most
// MaxExchanges and 8 MiB. A now of nil is time.Now.
func NewRecorder(a system.Adapter, keep int, now func() time.Time) *Recorder {
	if now == nil {
		now = time.Now
	}
	return &Recorder{adapter: a, keep: min(max(keep, 1), MaxExchanges), now: now}
}

// Ask asks the adapter and keeps the exchange.
func (r *Recorder) Ask(ctx context.Context, q system.Question) (system.Reply, error) {
	e := Exchange{At: r.now(), Question: q}
	reply, err := r.adapter.Ask(ctx, q)
	e.Took = r.now().Sub(e.At)
	if e.Reply = reply; err != nil {
		fault := err.Error()
		e.Reply, e.Fault = system.Reply{}, strings.ToValidUTF8(fault[:min(len(fault), system.MaxText)], "")
	}
	r.add(e)
	return reply, err
}

// add keeps an exchange and drops the oldest that are too many. One that is no JSON or larger
// than a line of a recording may be is not kept.
func (r *Recorder) add(e Exchange) {
	line, err := json.Marshal(e)
	if err != nil || len(line) > maxLine {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, line)
	r.size += len(line)
	for len(r.lines) > r.keep || r.size > maxKept {
		r.size -= len(r.lines[0])
		r.lines[0] = nil
		r.lines = r.lines[1:]
	}
}

// Exchanges returns what is kept, the oldest first.
func (r *Recorder) Exchanges() []Exchange {
	lines := r.kept()
	all := make([]Exchange, len(lines))
	for i, line := range lines {
		json.Unmarshal(line, &all[i]) // it was written by add
	}
	return all
}

func (r *Recorder) kept() [][]byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([][]byte(nil), r.lines...)
}

// WriteTo writes what is kept as a recording: JSON Lines, the first says what it is, each
// other one is an Exchange.
func (r *Recorder) WriteTo(w io.Writer) (int64, error) {
	head, err := json.Marshal(head{Recording: recordingVersion})
	if err != nil {
		return 0, err
	}
	var written int64
	for _, line := range append([][]byte{head}, r.kept()...) {
		n, err := w.Write(append(line[:len(line):len(line)], '\n'))
		written += int64(n)
		if err != nil {
			return written, fmt.Errorf("write recording: %w", err)
		}
	}
	return written, nil
}

// head is the first line of a recording.
type head struct {
	Recording string `json:"recording"`
}

const recordingVersion = "boothd exchanges v1"
