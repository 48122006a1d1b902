package devices_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"boothd/devices"
)

// fakePort is a place on the fakeBus.
type fakePort struct {
	address, driver string
	id              devices.ID
}

func (p fakePort) Address() string { return p.address }
func (p fakePort) ID() devices.ID  { return p.id }
func (p fakePort) Driver() string  { return p.driver }

var fakeID = devices.ID{Vendor: 0xb007, Product: 1}

// fakeBus has the ports that the test plugs.
type fakeBus struct {
	mu    sync.Mutex
	ports []devices.Port
	err   error
	stuck bool // Scan answers only when its context ends
}

func (b *fakeBus) Scan(ctx context.Context) ([]devices.Port, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stuck {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return slices.Clone(b.ports), b.err
}

func (b *fakeBus) set(ports ...devices.Port) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ports = ports
}

func (b *fakeBus) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err = err
}

// fakeDriver opens fakeReaders and remembers them.
type fakeDriver struct {
	mu      sync.Mutex
	open    map[*fakeReader]bool
	opened  int
	doubles int // opens of an address that was open
	fail    int // so many opens fail
	slow    time.Duration
	deaf    bool          // a slow open does not hear its context
	crawl   string        // if set, the only address that is slow
	lag     time.Duration // of Close
}

func (f *fakeDriver) driver() devices.Driver {
	return devices.Driver{Name: "fake", Kind: devices.KindDocumentReader, IDs: []devices.ID{fakeID}, Open: f.openPort}
}

func (f *fakeDriver) openPort(ctx context.Context, p devices.Port) (devices.Device, error) {
	if f.crawl == "" || f.crawl == p.Address() {
		if f.deaf {
			ctx = context.Background()
		}
		select {
		case <-time.After(f.slow):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.opened++
	if f.fail > 0 {
		f.fail--
		return nil, devices.ErrBusy
	}
	for r := range f.open {
		if r.address == p.Address() {
			f.doubles++
		}
	}
	r := &fakeReader{driver: f, address: p.Address(), closed: make(chan struct{}), gone: make(chan struct{})}
	if f.open == nil {
		f.open = make(map[*fakeReader]bool)
	}
	f.open[r] = true
	return r, nil
}

func (f *fakeDriver) failNext(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail = n
}

func (f *fakeDriver) counts() (open, opened int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.open), f.opened
}

// fakeReader captures until its context or itself ends.
type fakeReader struct {
	driver       *fakeDriver
	address      string
	once         sync.Once
	closed, gone chan struct{}
}

func (r *fakeReader) Info() devices.Info {
	return devices.Info{Driver: "fake", Kind: devices.KindDocumentReader, Address: r.address, Model: "Fake"}
}

func (r *fakeReader) Gone() <-chan struct{} { return r.gone }

func (r *fakeReader) ReadMRZ(ctx context.Context) ([]string, error) {
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-r.closed:
		return nil, errors.New("read from a closed device")
	}
}

func (r *fakeReader) Close() error {
	r.once.Do(func() {
		close(r.closed)
		time.Sleep(r.driver.lag) // the bubble's clock
		r.driver.mu.Lock()
		defer r.driver.mu.Unlock()
		delete(r.driver.open, r)
	})
	return nil
}
