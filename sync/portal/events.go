package portal

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"boothd/capture"
	"boothd/internal/signed"
	"boothd/sync/system"
)

// MaxEvent limits the data of an event, in bytes.
const MaxEvent = 1 << 20

// Event is one event of the stream of alerts: an alert, a drill order or, if it could not be
// understood, neither. Such a one only moves the mark on.
type Event struct {
	ID    uint64
	Alert *Alert
	Drill string // a drill order, signed
}

// rawEvent is an event as it stands on the stream.
type rawEvent struct {
	name, id string
	data     []byte
}

// readEvents reads a stream of Server-Sent Events until it ends, hands each event to handle
// and calls alive whenever something came. Lines of fields that are not known are passed over,
// as the format wants. An event whose data is beyond its limit is handed on without data. An
// event cut off is none.
func readEvents(stream io.Reader, alive func(), handle func(rawEvent) error) error {
	in := bufio.NewReader(stream)
	var e rawEvent
	var line []byte
	tooLong := false
	for {
		var whole bool
		var err error
		if line, whole, err = readLine(in, line, alive); err != nil {
			return fmt.Errorf("%w: %w", ErrCutOff, err)
		}
		if len(line) == 0 {
			if len(e.data) > 0 || e.id != "" {
				if tooLong {
					e.data = nil
				}
				if err := handle(e); err != nil {
					return err
				}
			}
			e, tooLong = rawEvent{}, false
			continue
		}
		field, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch {
		case string(field) == "data":
			if tooLong = tooLong || !whole || len(e.data)+len(value) >= MaxEvent; tooLong {
				continue
			}
			if len(e.data) > 0 {
				e.data = append(e.data, '\n')
			}
			e.data = append(e.data, value...)
		case !whole:
		case string(field) == "event":
			e.name = string(value)
		case string(field) == "id":
			e.id = string(value)
		}
	}
}

// readLine reads a line without its end, using buf again. Of a line of MaxEvent bytes or more
// it returns the beginning, and that it is not whole.
func readLine(in *bufio.Reader, buf []byte, alive func()) (line []byte, whole bool, err error) {
	line, whole = buf[:0], true
	for {
		part, err := in.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return nil, false, err
		}
		alive()
		if whole = whole && len(line)+len(part) <= MaxEvent; whole {
			line = append(line, part...)
		}
		if err == nil {
			return bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r")), whole, nil
		}
	}
}

// event understands an event. The error says why one is not understood and quotes nothing;
// if its number could be read it is in the event nevertheless.
func (c *Client) event(raw rawEvent) (Event, error) {
	id, err := strconv.ParseUint(raw.id, 10, 63)
	if err != nil || id == 0 {
		return Event{}, fmt.Errorf("%w: event without a number", ErrRefused)
	}
	e := Event{ID: id}
	switch raw.name {
	case "alert":
		var a Alert
		if json.Unmarshal(raw.data, &a) != nil {
			return e, fmt.Errorf("%w: event %d is no alert in JSON", ErrRefused, id)
		}
		if err := c.ownAlert(id, &a); err != nil {
			return e, fmt.Errorf("%w: alert %d: %w", ErrRefused, id, err)
		}
		e.Alert = &a
	case "drill":
		var d DrillEvent
		if json.Unmarshal(raw.data, &d) != nil || d.ID != id || d.Order == "" || len(d.Order) > signed.MaxSize {
			return e, fmt.Errorf("%w: event %d is no drill order in JSON", ErrRefused, id)
		}
		e.Drill = d.Order
	default:
		return e, fmt.Errorf("%w: event %d of a kind that is not known", ErrRefused, id)
	}
	return e, nil
}

// ownAlert makes the alert speak of this booth and keeps it within the limits.
func (c *Client) ownAlert(id uint64, a *Alert) error {
	answer := &a.Answer
	switch {
	case a.ID != id:
		return errors.New("two numbers")
	case a.Booth != c.opt.Booth:
		return errors.New("of another booth")
	case a.Check == "" || len(a.Check) > MaxText || answer.System == "" || len(answer.System) > MaxText:
		return errors.New("of no check or system")
	case a.Cause != CauseLateAnswer && a.Cause != CauseReplayed && a.Cause != CauseListUpdate:
		return errors.New("of a cause that is not known")
	case answer.Modality != capture.ModalityDocument && answer.Modality != capture.ModalityFinger && answer.Modality != capture.ModalityFace:
		return errors.New("of a modality that is not known")
	case answer.State != capture.StateHit && answer.State != capture.StatePossible:
		return errors.New("without a finding")
	}
	if err := checkParts(answer); err != nil {
		return err
	}
	a.Check, answer.System = system.Clip(a.Check, MaxText), system.Clip(answer.System, MaxText)
	now := c.opt.Now()
	if a.At.IsZero() || a.At.After(now) {
		a.At = now
	}
	if a.Checked.After(now) {
		a.Checked = time.Time{}
	}
	answer.Evidence, answer.Source = system.Clip(answer.Evidence, MaxText), c.opt.Source
	answer.At, answer.Late, answer.Silence = now, true, false
	*answer = limited(*answer, nil)
	return nil
}
