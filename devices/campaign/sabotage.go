package campaign

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"boothd/devices"
	"boothd/devices/serial"
	"boothd/devices/usb"
)

// Fault is what happens at one transfer.
type Fault string

// The faults. What a device answers to a transfer can only be spoilt where it answers something;
// a USB transfer that carries nothing back is refused instead.
const (
	Unplug  Fault = "unplugged"         // and plugged in again a moment later
	Garbage Fault = "garbage answer"    // as long as the right one
	Short   Fault = "short answer"      // the first half
	Long    Fault = "over-long answer"  // the right one and more, or more than the buffer holds
	Late    Fault = "delayed answer"    // by Delay
	Lost    Fault = "lost answer"       // it never comes
	Cancel  Fault = "capture given up"  // by whoever captures
	Suspend Fault = "machine suspended" // silence, then a reset of every transport
)

// Faults are all faults.
func Faults() []Fault { return []Fault{Unplug, Garbage, Short, Long, Late, Lost, Cancel, Suspend} }

// Delay is how late a late answer is.
const Delay = 2 * time.Second

// Saboteur is a bus that stands before another one and spoils one transfer at a time. It
// implements devices.Bus; its ports implement usb.Port, serial.Port or, for network cameras,
// what devices.FixedPort does.
type Saboteur struct {
	bus devices.Bus

	mu     sync.Mutex
	count  int // transfers since Arm
	at     int // the one to spoil; 0: none
	fault  Fault
	act    func()        // does what happens beside the transfer
	struck chan struct{} // closed when it is done
	over   time.Time     // when the spoilt transfer ended
	frozen chan struct{} // not nil while suspended; closed by Resume
	reset  context.Context
	cut    context.CancelCauseFunc // ends what is under way
	noise  *rand.Rand
	traffic
}

// traffic is what went over the wire.
type traffic struct {
	transfers int
	bytes     int
	bulk      int           // bytes of the USB transfers that carried leastBulk or more
	busy      time.Duration // of these
}

var _ devices.Bus = (*Saboteur)(nil)

// NewSaboteur returns a saboteur that does nothing yet but count.
func NewSaboteur(bus devices.Bus, seed uint64) *Saboteur {
	s := &Saboteur{bus: bus, noise: rand.New(rand.NewPCG(seed, 0x5ab0)), struck: make(chan struct{})}
	s.reset, s.cut = context.WithCancelCause(context.Background())
	return s
}

// Arm lets the fault happen at the k-th transfer from now, counted from 1; 0 only counts. act, if
// it is not nil, is called at that moment. The channel is closed when it has happened.
func (s *Saboteur) Arm(f Fault, k int, act func()) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count, s.at, s.fault, s.act, s.struck = 0, k, f, act, make(chan struct{})
	s.over = time.Time{}
	return s.struck
}

// Disarm ends what Arm began, and returns how many transfers there were and when the spoilt one
// ended; zero if there was none.
func (s *Saboteur) Disarm() (transfers int, over time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = 0
	return s.count, s.over
}

// next counts a transfer and tells what happens to it.
func (s *Saboteur) next() Fault {
	s.mu.Lock()
	s.count++
	s.transfers++
	if s.at == 0 || s.count != s.at {
		s.mu.Unlock()
		return ""
	}
	s.at = 0
	f, act, struck := s.fault, s.act, s.struck
	if f == Suspend {
		s.frozen = make(chan struct{})
	}
	s.over = time.Now()
	s.mu.Unlock()
	if act != nil {
		act()
	}
	close(struck)
	return f
}

func (s *Saboteur) ended(f Fault) {
	if f == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = time.Now()
}

// Resume ends a suspension: every connection is reset, as after a loss of power.
func (s *Saboteur) Resume() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.frozen == nil {
		return
	}
	s.cut(fmt.Errorf("reset after suspension: %w", devices.ErrGone))
	s.reset, s.cut = context.WithCancelCause(context.Background())
	close(s.frozen)
	s.frozen = nil
}

// leastBulk is from how many bytes a transfer is part of a picture.
const leastBulk = 1024

func (s *Saboteur) moved(n int, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bytes += n
	if n >= leastBulk {
		s.bulk += n
		s.busy += took
	}
}

func (s *Saboteur) soFar() traffic {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.traffic
}

// session returns the context of a new connection, which a reset ends.
func (s *Saboteur) session() context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reset
}

// thaw waits while the machine is suspended.
func (s *Saboteur) thaw(ctx, session context.Context) error {
	s.mu.Lock()
	frozen := s.frozen
	s.mu.Unlock()
	if frozen == nil {
		return context.Cause(session)
	}
	select {
	case <-frozen:
		return context.Cause(session)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// spoil returns what becomes of n bytes in buf.
func (s *Saboteur) spoil(f Fault, buf []byte, n int) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch f {
	case Garbage:
		s.random(buf[:n])
	case Short:
		return n / 2, nil
	case Long:
		if n == len(buf) {
			return 0, errOverflow
		}
		more := min(len(buf)-n, n+64)
		s.random(buf[n : n+more])
		return n + more, nil
	}
	return n, nil
}

func (s *Saboteur) random(b []byte) {
	for i := range b {
		b[i] = byte(s.noise.Uint32())
	}
}

// pause lets time pass. It returns early, with an error, when one of the contexts ends.
func pause(d time.Duration, ctx, session context.Context) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-session.Done():
		return context.Cause(session)
	}
}

// Scan returns the other bus's ports, with the saboteur in between. A bus of a suspended machine
// does not answer.
func (s *Saboteur) Scan(ctx context.Context) ([]devices.Port, error) {
	if err := s.thaw(ctx, context.Background()); err != nil {
		return nil, err
	}
	ports, err := s.bus.Scan(ctx)
	for i, p := range ports {
		switch p := p.(type) {
		case usb.Port:
			ports[i] = usbPort{p, s}
		case serial.Port:
			ports[i] = serialPort{p, s}
		}
	}
	return ports, err
}
