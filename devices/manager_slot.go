package devices

import (
	"context"
	"errors"
	"time"
)

// slot is what the manager knows of one port. Manager.mu guards it; the methods here that
// take a slot are called with it held. Opening and closing, which may be slow, happen
// without it, in goroutines: pending is set meanwhile, so that there is one at a time.
type slot struct {
	bus     int
	port    Port
	address string
	driver  Driver
	name    string // of the driver, or the unknown one that the configuration names
	unknown bool   // no such driver: listed as a fault, never opened

	state  State
	reason string
	err    error
	since  time.Time

	device  Device
	info    Info
	pending bool               // an open or a close is under way
	left    bool               // the port has gone; the slot goes with the last work on it
	cancel  context.CancelFunc // ends the open under way
	inUse   context.CancelCauseFunc

	fails   int
	retryAt time.Time
}

// open opens the slot's device in a goroutine of its own.
func (m *Manager) open(ctx context.Context, s *slot) {
	// Only leave ends an open, so that the end of Run is not taken for a fault.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), openLimit)
	s.pending, s.cancel = true, cancel
	if s.fails == 0 {
		m.set(s, Opening, nil)
	}
	port := s.port
	m.work.Go(func() {
		defer cancel()
		d, err := s.driver.Open(ctx, port)
		if err == nil && d == nil {
			err = errors.New("driver returned no device")
		}
		var info Info
		if err == nil {
			info = d.Info()
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		m.opened(s, d, info, err)
	})
}

// opened takes the result of an open.
func (m *Manager) opened(s *slot, d Device, info Info, err error) {
	s.pending, s.cancel = false, nil
	switch {
	case err == nil:
		s.device, s.info, s.fails = d, info, 0
		if s.left {
			m.close(s)
			return
		}
		m.log().Info("device ready", "address", s.address, "driver", s.name, "model", info.Model)
		m.set(s, Ready, nil)
	case s.left:
		m.forget(s)
	default:
		m.failed(s, err)
	}
}

// failed notes an error of the slot's device and when to open it again.
func (m *Manager) failed(s *slot, err error) {
	if s.err == nil || s.err.Error() != err.Error() {
		m.log().Warn("device fault", "address", s.address, "driver", s.name, "error", err)
	}
	wait := min(m.interval()<<min(s.fails, 10), maxBackOff)
	s.fails++
	s.retryAt = time.Now().Add(wait)
	m.set(s, Fault, err)
}

// fault closes a device that failed; a later scan opens it again.
func (m *Manager) fault(s *slot, err error) {
	m.failed(s, err)
	s.info = Info{}
	m.close(s)
}

// leave closes the device of a port that has gone, and forgets the slot.
func (m *Manager) leave(s *slot) {
	if s.left {
		return
	}
	s.left = true
	m.notify()
	if s.inUse != nil {
		s.inUse(ErrGone)
	}
	switch {
	case s.pending:
		if s.cancel != nil {
			s.cancel()
		}
	case s.device != nil:
		m.log().Info("device gone", "address", s.address, "driver", s.name)
		m.close(s)
	default:
		m.forget(s)
	}
}

// close closes the slot's device in a goroutine of its own.
func (m *Manager) close(s *slot) {
	if s.pending || s.device == nil {
		return
	}
	s.pending = true
	d := s.device
	m.work.Go(func() {
		err := d.Close()
		m.mu.Lock()
		defer m.mu.Unlock()
		if err != nil {
			m.log().Debug("close device", "address", s.address, "error", err)
		}
		s.pending, s.device = false, nil
		if s.left {
			m.forget(s)
		}
	})
}

// forget removes the slot; if the port is back, the next scan makes a new one.
func (m *Manager) forget(s *slot) {
	if m.slots[s.address] == s {
		delete(m.slots, s.address)
	}
}

// set changes what the status says of the slot.
func (m *Manager) set(s *slot, state State, err error) {
	var why string
	if err != nil {
		why = reason(err)
	}
	s.err = err
	if s.state == state && s.reason == why {
		return
	}
	if s.state != state {
		s.since = time.Now()
	}
	s.state, s.reason = state, why
	m.notify()
}
