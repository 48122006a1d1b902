package secugenemu

import (
	"context"
	"crypto/rand"

	"boothd/devices/usb"
)

// Fault is something that goes wrong.
type Fault int

// The faults. The first group spoils frames, the second requests.
const (
	ShortFrame Fault = iota // half of a frame
	EmptyFrame              // a transfer without a byte
	Misplaced               // a frame behind a packet of another one
	Garbage                 // nothing but noise
	Stall                   // the endpoint refuses
	Silence                 // no frame comes

	BadSum      // a byte of the calibration is read wrong
	BadRegister // a register is read wrong
	Refusal     // a request is refused
	Deafness    // a request gets no answer
)

// Inject makes the next n frames, reads of the calibration, reads of registers or requests fail.
func (s *Scanner) Inject(f Fault, n int) { s.change(func() { s.faults[f] += n }) }

// Heal takes back all faults that have not struck yet.
func (s *Scanner) Heal() { s.change(func() { clear(s.faults) }) }

// fails says whether a fault strikes now.
func (s *Scanner) fails(f Fault) bool {
	if s.faults[f] == 0 {
		return false
	}
	s.faults[f]--
	return true
}

// spoil does to a frame what faults do.
func (s *Scanner) spoil(frame []byte) []byte {
	switch {
	case s.fails(ShortFrame):
		return frame[:rawPixels/2]
	case s.fails(EmptyFrame):
		return nil
	case s.fails(Misplaced):
		return append(blanking(512), frame...)
	case s.fails(Garbage):
		rand.Read(frame[:rawPixels])
	}
	return frame
}

// obstruct does to a request what faults do.
func (s *Scanner) obstruct(ctx context.Context) error {
	s.mu.Lock()
	refused, deaf := s.fails(Refusal), s.fails(Deafness)
	s.mu.Unlock()
	if deaf {
		<-ctx.Done()
		return ctx.Err()
	}
	if refused {
		return usb.ErrStall
	}
	return nil
}
