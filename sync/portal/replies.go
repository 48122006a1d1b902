package portal

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"boothd/capture"
)

// Limits of one answer. What is beyond them is cut off. How many open findings were cut is
// said in the answer's reason; of discreet ones nothing is said.
const (
	MaxFindings = 64  // open ones, and as many discreet ones
	MaxParts    = 16  // of a finding's explanation
	MaxText     = 512 // bytes of any text
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
	for i := range a.Findings {
		if s := a.Findings[i].Score; s < 0 || s > 1 {
			return errors.New(a.System + " has a score outside 0 to 1")
		}
	}
	return nil
}

// own makes the answer speak of what was asked and keeps it within the limits.
func (r *replies) own(a capture.Answer) capture.Answer {
	a.Evidence, a.Modality, a.Source = r.evidence, r.modality, r.source
	a.At, a.Late, a.Silence = r.now(), false, false
	if a.AsOf.After(a.At) {
		a.AsOf = a.At
	}
	a.List = clip(a.List, MaxText)
	a.Reason = clip(a.Reason, MaxText)
	switch a.State {
	case capture.StateHit, capture.StatePossible:
		a = ownFindings(a)
	default:
		a.Rest = nil
	}
	return a
}

// ownFindings keeps the findings within the limits. What an officer without clearance is
// left with of the answer must be the same with discreet findings as without: these take no
// open finding's place, and the portal's reason, which could speak of them, is not taken.
func ownFindings(a capture.Answer) capture.Answer {
	a.Rest = ownRest(a.Rest)
	a.Reason = ""
	kept := map[bool]int{} // by whether they are discreet
	all := a.Findings
	a.Findings = nil
	for _, f := range all {
		if f.State != capture.StateHit && f.State != capture.StatePossible {
			f.State = a.State
		}
		if kept[f.Discreet]++; kept[f.Discreet] <= MaxFindings {
			limitFinding(&f)
			a.Findings = append(a.Findings, f)
		}
	}
	if slices.ContainsFunc(a.Findings, func(f capture.Finding) bool { return f.State == capture.StateHit }) {
		a.State = capture.StateHit
	}
	if more := kept[false] - MaxFindings; more > 0 {
		a.Reason = fmt.Sprintf("%d more findings at central", more)
	}
	return a
}

// ownRest keeps the rest within the limits. One that is not understood is not known.
func ownRest(r *capture.Rest) *capture.Rest {
	if r == nil {
		return nil
	}
	switch r.State {
	case capture.StateNoHit:
		return nil
	case capture.StateStale, capture.StateUnavailable:
		return &capture.Rest{State: r.State, Reason: clip(r.Reason, MaxText)}
	}
	return &capture.Rest{State: capture.StateUnavailable, Reason: reasonOf(ErrRefused)}
}

func limitFinding(f *capture.Finding) {
	f.By = capture.By(clip(string(f.By), MaxText))
	for _, s := range []*string{&f.Entry, &f.Category, &f.Action, &f.Name} {
		*s = clip(*s, MaxText)
	}
	if len(f.Explanation) > MaxParts {
		f.Explanation = f.Explanation[:MaxParts]
	}
	for i := range f.Explanation {
		p := &f.Explanation[i]
		for _, s := range []*string{&p.What, &p.Asked, &p.Found, &p.Note} {
			*s = clip(*s, MaxText)
		}
	}
}

// clip cuts s to at most n bytes at a character's border, and takes out what does not
// print: control characters, and those that turn the direction of writing and could make
// one name look like another.
func clip(s string, n int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) > n {
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n]
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, s)
}
