package devices

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Times of the manager that are not configured.
const (
	scanLimit  = 10 * time.Second // one scan of one bus
	openLimit  = 15 * time.Second // one Open; a driver promises 10 s
	maxBackOff = 30 * time.Second // between two attempts to open
)

// Manager keeps the booth's devices open. It is level-triggered: every Interval it asks
// each bus what is there, opens what is new and closes what has gone, so that a hot-plug
// event that was lost or came twice changes nothing.
//
// Set the fields, call Run in a goroutine, and use the devices with [Use]. A device is
// open as long as it is plugged; whoever wants to capture waits for a free one, and a
// device that fails is closed and opened again. No bus, no Open and no Close waits for
// another.
type Manager struct {
	Buses    []Bus
	Drivers  []Driver
	Interval time.Duration // between two scans of a bus; 0 means one second
	Log      *slog.Logger  // nil means none

	mu         sync.Mutex
	slots      map[string]*slot // by address
	complaints [][]Status       // what is wrong with each bus's answer, by its index
	changed    chan struct{}    // closed at the next change of status
	work       sync.WaitGroup   // opens and closes under way
}

// GoneNotifier is implemented by devices that notice by themselves that they are gone,
// where no bus can tell: network cameras. The manager closes such a device at its next scan
// and then tries to open it again.
type GoneNotifier interface {
	// Gone returns a channel that is closed when the device is gone.
	Gone() <-chan struct{}
}

// Run keeps the devices open until ctx ends, then closes them all, waits until they are
// closed and returns nil. It may be called again afterwards, not meanwhile.
func (m *Manager) Run(ctx context.Context) error {
	m.mu.Lock()
	if m.slots == nil {
		m.slots = make(map[string]*slot)
	}
	m.complaints = make([][]Status, len(m.Buses))
	m.mu.Unlock()

	var scans sync.WaitGroup
	for i := range m.Buses {
		scans.Go(func() { m.scanLoop(ctx, i) })
	}
	<-ctx.Done()
	scans.Wait()

	m.mu.Lock()
	for _, s := range m.slots {
		m.leave(s)
	}
	clear(m.complaints)
	m.notify()
	m.mu.Unlock()
	m.work.Wait()
	return nil
}

func (m *Manager) scanLoop(ctx context.Context, bus int) {
	tick := time.NewTicker(m.interval())
	defer tick.Stop()
	for ctx.Err() == nil {
		m.scan(ctx, bus)
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

func (m *Manager) interval() time.Duration {
	if m.Interval <= 0 {
		return time.Second
	}
	return m.Interval
}

// scan asks one bus and acts on the difference to what is open.
func (m *Manager) scan(ctx context.Context, bus int) {
	limited, cancel := context.WithTimeout(ctx, scanLimit)
	defer cancel()
	ports, err := m.Buses[bus].Scan(limited)
	if ctx.Err() != nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err != nil {
		m.complain(bus, []Status{{Address: busName(m.Buses[bus], bus), State: Fault,
			Reason: "cannot look for devices here; those already in use stay in use", Err: err}})
		return
	}
	listed, doubled := m.sort(bus, ports)
	m.complain(bus, doubled)
	for address, s := range m.slots {
		if s.bus != bus {
			continue
		}
		if p, ok := listed[address]; !ok || p.ID() != s.port.ID() || p.Driver() != s.port.Driver() {
			m.leave(s)
		}
	}
	for address, p := range listed {
		m.visit(ctx, bus, address, p)
	}
}

// sort maps the ports by address and describes those whose address another port has. A
// port that a bus lists twice alike is one port.
func (m *Manager) sort(bus int, ports []Port) (listed map[string]Port, doubled []Status) {
	listed = make(map[string]Port, len(ports))
	for _, p := range ports {
		address := p.Address()
		first, twice := listed[address]
		if twice && first.ID() == p.ID() && first.Driver() == p.Driver() {
			continue
		}
		s, held := m.slots[address]
		if twice || held && s.bus != bus && !s.left {
			doubled = append(doubled, Status{Address: address, Driver: p.Driver(), State: Fault,
				Reason: "configured twice; only the first is used"})
			continue
		}
		listed[address] = p
	}
	return listed, doubled
}

// visit looks after a port that is there: takes it up if it is new, opens it again if it
// is time to, and closes its device if that says it is gone.
func (m *Manager) visit(ctx context.Context, bus int, address string, p Port) {
	s, ok := m.slots[address]
	if !ok {
		s = m.take(bus, address, p)
		if s == nil {
			return
		}
	}
	switch {
	case s.left || s.unknown || s.pending:
	case s.device == nil && !time.Now().Before(s.retryAt):
		s.port = p
		m.open(ctx, s)
	case s.state == Ready && isGone(s.device):
		m.fault(s, ErrGone)
	}
}

// take makes the slot of a new port, or returns nil if no driver is meant for it.
func (m *Manager) take(bus int, address string, p Port) *slot {
	s := &slot{bus: bus, port: p, address: address, name: p.Driver(), state: Fault, since: time.Now()}
	driver, ok := m.choose(p)
	switch {
	case ok:
		s.driver, s.name = driver, driver.Name
	case p.Driver() != "":
		s.unknown, s.reason = true, "the configuration names a driver that does not exist"
		m.log().Error("unknown driver", "address", address, "driver", p.Driver())
		m.notify()
	default:
		return nil
	}
	m.slots[address] = s
	return s
}

// choose returns the driver that the port names, or the first one that knows its ID.
func (m *Manager) choose(p Port) (Driver, bool) {
	for _, d := range m.Drivers {
		if name := p.Driver(); name != "" {
			if name == d.Name {
				return d, true
			}
			continue
		}
		for _, id := range d.IDs {
			if id == p.ID() {
				return d, true
			}
		}
	}
	return Driver{}, false
}

func isGone(d Device) bool {
	n, ok := d.(GoneNotifier)
	if !ok {
		return false
	}
	select {
	case <-n.Gone():
		return true
	default:
		return false
	}
}

func (m *Manager) log() *slog.Logger {
	if m.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return m.Log
}
