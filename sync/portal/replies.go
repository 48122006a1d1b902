package portal

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"boothd/capture"
)

// Limits of one answer. What is beyond them is cut off. How many open findings were cut is
// said in the answer's reason; of discreet ones nothing is said.
const (
	MaxFindings = 64  // open ones, and as many discreet ones
	MaxParts    = 16  // of a finding's explanation
	MaxText     = 512 // bytes of any text
	MaxFacts    = 64
	MaxLinks    = 64 // open ones, and as many discreet ones
)

// Errors of a look's reply.
var (
	// ErrRefused is matched when the portal said something that was not taken.
	ErrRefused = errors.New("refused")
	// ErrCutOff is matched when the reply ended before its last line.
	ErrCutOff = errors.New("reply cut off")
	// ErrTooLarge is matched when something is beyond a limit of the wire.
	ErrTooLarge = errors.New("too large")
)

// replies reads the reply to one look.
type replies struct {
	asked    []string
	evidence string
	modality capture.Modality
	source   string
	named    func(system string) bool // whether the profile names the system; nil if any will do
	now      func() time.Time

	answered []string
	refused  []error // one for each line that was not taken
}

// read hands on the answers of the stream. A line that is not taken does not end it. The
// errors name lines by their number and never by their content.
func (r *replies) read(stream io.Reader, answer func(capture.Answer)) error {
	lines := bufio.NewScanner(stream)
	lines.Buffer(make([]byte, 0, 4<<10), MaxReplyLine)
	n := 0
	for lines.Scan() {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue // keeps the line alive
		}
		if n++; n > MaxReplyLines {
			return r.result(fmt.Errorf("%w: more than %d lines", ErrTooLarge, MaxReplyLines))
		}
		a, end, err := r.line(lines.Bytes())
		switch {
		case err != nil:
			r.refused = append(r.refused, fmt.Errorf("line %d: %w", n, err))
		case end:
			return r.result(nil)
		default:
			r.answered = append(r.answered, a.System)
			answer(a)
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return r.result(fmt.Errorf("%w: line %d is longer than %d bytes", ErrTooLarge, n+1, MaxReplyLine))
	case err != nil:
		return r.result(fmt.Errorf("%w: %w", ErrCutOff, err))
	}
	return r.result(ErrCutOff)
}

// missing lists the systems that were asked and have not answered.
func (r *replies) missing() []string {
	var systems []string
	for _, s := range r.asked {
		if !slices.Contains(r.answered, s) {
			systems = append(systems, s)
		}
	}
	return systems
}

// result joins what ended the reading with what was refused on the way.
func (r *replies) result(err error) error {
	if len(r.refused) == 0 {
		return err
	}
	refused := fmt.Errorf("%w %d lines, first %w", ErrRefused, len(r.refused), r.refused[0])
	return errors.Join(err, refused)
}

// line reads one line: an answer, or the end.
func (r *replies) line(b []byte) (a capture.Answer, end bool, err error) {
	var reply LookReply
	if err := json.Unmarshal(b, &reply); err != nil {
		// The decoder's error may quote the line.
		return a, false, errors.New("not a reply in JSON")
	}
	switch {
	case reply.End && reply.Answer == nil:
		return a, true, nil
	case reply.Answer == nil || reply.End:
		return a, false, errors.New("neither an answer nor the end")
	}
	a = *reply.Answer
	if err := r.check(&a); err != nil {
		return a, false, err
	}
	return r.own(a), false, nil
}

func (r *replies) check(a *capture.Answer) error {
	switch {
	case !slices.Contains(r.asked, a.System):
		return errors.New("speaks of a system that was not asked")
	case slices.Contains(r.answered, a.System):
		return errors.New("second answer of " + a.System)
	}
	switch a.State {
	case capture.StateHit, capture.StatePossible:
	case capture.StateNoHit, capture.StateUnavailable, capture.StateStale:
		if len(a.Findings) > 0 {
			return fmt.Errorf("%s says %s and has findings", a.System, a.State)
		}
	default:
		return errors.New(a.System + " has a state that is not known")
	}
	return checkParts(a)
}

// own makes the answer speak of what was asked and keeps it within the limits.
func (r *replies) own(a capture.Answer) capture.Answer {
	a.Evidence, a.Modality, a.Source = r.evidence, r.modality, r.source
	a.At, a.Late, a.Silence = r.now(), false, false
	return limited(a, r.named)
}
