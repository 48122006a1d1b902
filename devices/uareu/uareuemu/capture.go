package uareuemu

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"time"

	"boothd/devices/usb"
)

// Fault is something that goes wrong.
type Fault int

// The faults. The first group spoils pictures, the second power-ups.
const (
	EmptyPicture     Fault = iota // a transfer without a byte
	TruncatedPicture              // fewer lines than the header announces
	BadHeader                     // impossible numbers in a header
	Garbage                       // nothing but noise
	Stall                         // the endpoint refuses
	Silence                       // no picture comes

	Stuck   // the power register is stuck for a while
	Dead    // the power register is stuck for good
	NoPower // the scanner wakes up without saying so
)

// stuckLooks is how many reads of the power register it takes a stuck scanner to recover.
const stuckLooks = 5

// Inject makes the next n pictures or power-ups fail.
func (s *Scanner) Inject(f Fault, n int) {
	s.change(func() {
		switch f {
		case Stuck:
			s.stuck = stuckLooks
		case Dead:
			s.stuck = 1 << 30
		default:
			s.faults[f] += n
		}
	})
}

// fails says whether a fault strikes now.
func (s *Scanner) fails(f Fault) bool {
	if s.faults[f] == 0 {
		return false
	}
	s.faults[f]--
	return true
}

// readPicture sends the picture that the host asked for by the capture mode, and another
// one for every further read as long as the mode lasts. A picture ends with a packet that
// is not full.
func (s *Scanner) readPicture(ctx context.Context, buf []byte) (int, error) {
	for {
		s.mu.Lock()
		changed, wait := s.changed, s.untilPicture()
		if wait == 0 {
			defer s.mu.Unlock()
			return s.send(buf)
		}
		s.mu.Unlock()
		ready := time.NewTimer(wait)
		select {
		case <-ready.C:
		case <-changed:
		case <-ctx.Done():
		}
		ready.Stop()
		if err := ctx.Err(); err != nil {
			return 0, err
		}
	}
}

// never is longer than any host waits.
const never = 24 * time.Hour

// untilPicture says how long it takes until there is something to send.
func (s *Scanner) untilPicture() time.Duration {
	if s.mode != ModeCapture {
		return never
	}
	if s.busy {
		return 0
	}
	if wait := time.Until(s.due); wait > 0 {
		return wait
	}
	if s.fails(Silence) {
		s.due = time.Now().Add(never)
		return never
	}
	return 0
}

func (s *Scanner) send(buf []byte) (int, error) {
	if !s.busy {
		if s.fails(Stall) {
			return 0, usb.ErrStall
		}
		s.sending, s.busy = s.take(), true
	}
	n := copy(buf, s.sending)
	s.sending = s.sending[n:]
	if n < len(buf) || len(s.sending) == 0 && n%packetLen != 0 {
		s.busy = false
		s.due = time.Now().Add(PictureTime)
	}
	return n, nil
}

// take takes a picture and returns its transfer.
func (s *Scanner) take() []byte {
	s.taken++
	if s.fails(EmptyPicture) {
		return nil
	}
	if s.fails(Garbage) {
		noise := make([]byte, pictureHeader+Width*(Height-1))
		rand.Read(noise)
		return noise
	}
	number := byte(3 * s.taken)
	blocks := s.blocks
	f := sense(nil, false)
	if s.finger != nil {
		f = sense(s.finger.img, s.sheet.upsideDown)
		if s.finger.short {
			blocks = blocks[:1]
			s.finger = nil
		}
	}
	b := f.transfer(blocks, number, func(number byte) uint32 { return keyOf(s.model, number) })
	switch {
	case s.fails(TruncatedPicture):
		b = b[:len(b)/2]
	case s.fails(BadHeader):
		binary.LittleEndian.PutUint16(b[4:], 0xffff)
	}
	return b
}
