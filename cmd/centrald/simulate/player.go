package simulate

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"boothd/sync/system"
)

// Errors of recordings and their players.
var (
	// ErrNotRecorded is returned for a question that is not in the recording.
	ErrNotRecorded = errors.New("question not recorded")
	// ErrRecording is matched when a file is no recording. The error names the line.
	ErrRecording = errors.New("not a recording")
	// ErrRecorded is matched by a fault that was recorded.
	ErrRecorded = errors.New("recorded fault")
)

// Read reads a recording. A question or reply that does not keep the contract is refused.
func Read(r io.Reader) ([]Exchange, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine+1)
	var h head
	if !lines.Scan() || json.Unmarshal(lines.Bytes(), &h) != nil || h.Recording != recordingVersion {
		return nil, fmt.Errorf("%w: line 1 does not say %q", ErrRecording, recordingVersion)
	}
	var all []Exchange
	for n := 2; lines.Scan(); n++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		if len(all) == MaxExchanges {
			return nil, fmt.Errorf("%w: more than %d exchanges", ErrRecording, MaxExchanges)
		}
		e, err := readExchange(lines.Bytes())
		if err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", ErrRecording, n, err)
		}
		all = append(all, e)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRecording, err)
	}
	return all, nil
}

func readExchange(line []byte) (Exchange, error) {
	var e Exchange
	if json.Unmarshal(line, &e) != nil {
		// The decoder's error may quote the line.
		return e, errors.New("not an exchange in JSON")
	}
	if err := e.Question.Check(); err != nil {
		return e, err
	}
	if len(e.Fault) > system.MaxText {
		return e, errors.New("fault too long")
	}
	if e.Fault != "" {
		return e, nil
	}
	var err error
	e.Reply, err = e.Reply.Checked(e.At.Add(e.Took))
	return e, err
}

// Player is an adapter that replays a recording. Questions are told apart by everything but
// their id and time. One that was recorded several times gets the replies in their order,
// the last again and again. Its methods may be called from several goroutines.
type Player struct {
	mu      sync.Mutex
	replies map[string][]Exchange
}

var _ system.Adapter = (*Player)(nil)

// NewPlayer returns a Player of the exchanges.
func NewPlayer(all []Exchange) *Player {
	p := &Player{replies: make(map[string][]Exchange)}
	for _, e := range all {
		k := key(e.Question)
		p.replies[k] = append(p.replies[k], e)
	}
	return p
}

// Ask returns what was recorded. Its errors match ErrRecorded or ErrNotRecorded.
func (p *Player) Ask(ctx context.Context, q system.Question) (system.Reply, error) {
	if err := ctx.Err(); err != nil {
		return system.Reply{}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	k := key(q)
	recorded := p.replies[k]
	if len(recorded) == 0 {
		return system.Reply{}, ErrNotRecorded
	}
	if len(recorded) > 1 {
		p.replies[k] = recorded[1:]
	}
	if fault := recorded[0].Fault; fault != "" {
		return system.Reply{}, fmt.Errorf("%w: %s", ErrRecorded, fault)
	}
	return recorded[0].Reply, nil
}

// key is the same for questions that differ in id and time only.
func key(q system.Question) string {
	q.ID, q.At = "", time.Time{}
	b, err := json.Marshal(q)
	if err != nil {
		return "" // no question that was read or kept is like this
	}
	return string(b)
}
