package devices

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// State says what can be done with a device.
type State string

// The states of a device.
const (
	Opening State = "opening" // plugged, not usable yet
	Ready   State = "ready"   // open and free
	Busy    State = "busy"    // in use
	Fault   State = "fault"   // plugged or configured, but not usable; the reason says why
)

// Status is what the manager says of one port, or of a bus that cannot be asked.
type Status struct {
	Address string `json:"address"` // of the port, or the bus's name
	Driver  string `json:"driver,omitempty"`
	Kind    Kind   `json:"kind,omitempty"`
	Info    Info   `json:"info,omitzero"` // while the device is open
	State   State  `json:"state"`
	// Reason says in plain words, for the officer, why a device is at fault.
	Reason string    `json:"reason,omitempty"`
	Since  time.Time `json:"since"` // when it came to this state
	// Err is the fault's technical cause, for logs and for boothctl doctor; may be nil.
	Err error `json:"-"`
}

// Status describes all ports that a driver is meant for, and every fault, sorted by
// address. A port whose device was unplugged is not listed.
func (m *Manager) Status() []Status {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []Status
	for _, s := range m.slots {
		if s.left {
			continue
		}
		all = append(all, Status{Address: s.address, Driver: s.name, Kind: s.driver.Kind,
			Info: s.info, State: s.state, Reason: s.reason, Since: s.since, Err: s.err})
	}
	all = append(all, slices.Concat(m.complaints...)...)
	slices.SortStableFunc(all, func(a, b Status) int { return cmp.Compare(a.Address, b.Address) })
	return all
}

// Changed returns a channel that is closed at the next change of what Status returns. To
// miss nothing, call it before Status.
func (m *Manager) Changed() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.changed == nil {
		m.changed = make(chan struct{})
	}
	return m.changed
}

// notify wakes those who wait for a change. It is called with m.mu held.
func (m *Manager) notify() {
	if m.changed != nil {
		close(m.changed)
		m.changed = nil
	}
}

// complain notes what is wrong with a bus's answer. It is called with m.mu held.
func (m *Manager) complain(bus int, now []Status) {
	before := m.complaints[bus]
	alike := func(a, b Status) bool {
		return a.Address == b.Address && a.Driver == b.Driver && a.Reason == b.Reason
	}
	if slices.EqualFunc(before, now, alike) {
		return
	}
	for i := range now {
		now[i].Since = time.Now()
		m.log().Warn("device fault", "address", now[i].Address, "driver", now[i].Driver,
			"reason", now[i].Reason, "error", now[i].Err)
	}
	m.complaints[bus] = now
	m.notify()
}

func busName(b Bus, index int) string {
	if s, ok := b.(fmt.Stringer); ok {
		return s.String()
	}
	return fmt.Sprintf("bus %d", index+1)
}

// reason says in plain words, for the officer, why a device cannot be used.
func reason(err error) string {
	switch {
	case errors.Is(err, ErrBusy):
		return "another program uses the device"
	case errors.Is(err, ErrGone):
		return "the device was unplugged or does not answer"
	case errors.Is(err, context.DeadlineExceeded):
		return "the device did not answer in time"
	}
	return "the device does not work properly; unplug it and plug it in again"
}
