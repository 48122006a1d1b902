package chipemu

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"time"

	"boothd/capture/chip/apdu"
	"boothd/capture/chip/lds"
	"boothd/devices"
)

// endlessLength is what an endless file announces: more than any reader should take.
const endlessLength = 1<<28 - 1

// wire is what happens to answers on their way.
type wire struct {
	endless  lds.File
	early    bool
	delay    time.Duration
	torn     int // after so many commands the chip is gone
	refuses  int // from this command on
	garbage  int
	wrongMAC int // from this protected answer on
	replayed int // this protected answer

	gone     bool
	commands int // since the field was given
	answers  int // protected ones
	last     apdu.Response
}

// restart is a new field.
func (w *wire) restart() { w.commands, w.answers, w.last = 0, 0, apdu.Response{} }

// disturb returns what is answered in place of an answer; nil if nothing is.
func (w *wire) disturb(ctx context.Context) ([]byte, error) {
	if w.gone = w.gone || w.torn > 0 && w.commands >= w.torn; w.gone {
		return nil, fmt.Errorf("emulated chip torn off: %w", devices.ErrGone)
	}
	w.commands++
	if err := wait(ctx, w.delay); err != nil {
		return nil, err
	}
	switch {
	case w.refuses > 0 && w.commands >= w.refuses:
		return fail(apdu.AuthenticationFailed).Encode(), nil
	case w.garbage > 0 && w.commands >= w.garbage:
		return noise(w.commands), nil
	}
	return nil, nil
}

func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// noise is up to 255 bytes that are the same each time, half of them behind 9000.
func noise(n int) []byte {
	from := stream(nil, "noise", strconv.Itoa(n))
	b := make([]byte, 256)
	from.Read(b)
	b = b[1 : 1+max(int(b[0]), 1)]
	if n%2 == 0 {
		return append(b, 0x90, 0x00)
	}
	return b
}

// spoil changes a protected answer.
func (w *wire) spoil(r apdu.Response) apdu.Response {
	w.answers++
	if w.replayed > 0 && w.answers == w.replayed && w.last.Data != nil {
		r = w.last
	}
	w.last = r
	if w.wrongMAC > 0 && w.answers >= w.wrongMAC && len(r.Data) > 0 {
		r.Data = bytes.Clone(r.Data)
		r.Data[len(r.Data)-1] ^= 1
	}
	return r
}
