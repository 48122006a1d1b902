package portal

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"boothd/capture"
	"boothd/internal/signed"
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
// and calls alive for each line. Lines of fields that are not known are passed over, as the
// format wants; so are events whose data is beyond its limit. An event cut off is none.
func readEvents(stream io.Reader, alive func(), handle func(rawEvent) error) error {
	lines := bufio.NewScanner(stream)
	lines.Buffer(make([]byte, 0, 4<<10), MaxEvent)
	var e rawEvent
	tooLong := false
	for lines.Scan() {
		alive()
		line := lines.Bytes()
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
		switch string(field) {
		case "event":
			e.name = string(value)
		case "id":
			e.id = string(value)
		case "data":
			if tooLong = tooLong || len(e.data)+len(value) >= MaxEvent; tooLong {
				continue
			}
			if len(e.data) > 0 {
				e.data = append(e.data, '\n')
			}
			e.data = append(e.data, value...)
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return fmt.Errorf("%w: line of more than %d bytes", ErrTooLarge, MaxEvent)
	case err != nil:
		return fmt.Errorf("%w: %w", ErrCutOff, err)
	}
	return ErrCutOff
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
	case answer.State != capture.StateHit && answer.State != capture.StatePossible, len(answer.Findings) == 0:
		return errors.New("without a finding")
	}
	if err := checkParts(answer); err != nil {
		return err
	}
	a.Check, answer.System = clip(a.Check, MaxText), clip(answer.System, MaxText)
	now := c.opt.Now()
	if a.At.IsZero() || a.At.After(now) {
		a.At = now
	}
	answer.Evidence, answer.Source = clip(answer.Evidence, MaxText), c.opt.Source
	answer.At, answer.Late, answer.Silence = now, true, false
	*answer = limited(*answer, nil)
	return nil
}
