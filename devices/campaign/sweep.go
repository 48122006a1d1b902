package campaign

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"boothd/devices"
	"boothd/devices/cute"
)

// Limit is within what time a device must be usable again.
const Limit = 3 * time.Second

// SweepOptions say how thorough a sweep is and how the booth is set up.
type SweepOptions struct {
	// Positions is at how many transfers each fault happens, spread over all of them; 0: at each.
	Positions int
	// Faults that happen; nil: all.
	Faults []Fault
	// Interval is the manager's; 0: its default.
	Interval time.Duration
	// Asleep is how long a suspension lasts; 0: an hour.
	Asleep time.Duration
	// Unplugged is how long a device stays unplugged; 0: 500 ms.
	Unplugged time.Duration
	// Failed is told of every case that did not end well. It may be nil.
	Failed func(f Fault, k int, err error)
}

// SweepResult tells what became of a device.
type SweepResult struct {
	Device    string
	Transfers int // from plugging in to a finished capture
	Cases     int // faults that happened
	Missed    int // faults that did not, because the capture took fewer transfers that time
	Survived  int // captures that succeeded in spite of the fault
	Retries   int // captures after which the traveller was asked to present again
	Altered   int // captures that returned what was changed on a wire without a checksum
	Failed    int // cases that did not end well
	Longest   time.Duration
	LongestAt string // which case it was
}

// Sweep lets each fault happen at each transfer. The error means that the campaign itself could not
// go on.
func Sweep(ctx context.Context, r *Rig, o SweepOptions) (*SweepResult, error) {
	s := newSweep(r, o)
	bystander := virtualReader("bystander", bystanderAddress, cute.Driver(), nil, nil)
	manager := &devices.Manager{
		Buses: []devices.Bus{s.saboteur, bystander.Bus}, Interval: o.Interval,
		Drivers: []devices.Driver{r.Driver, bystander.Driver},
	}
	s.manager = manager
	port, err := r.port(ctx, r.Bus)
	if err != nil {
		return nil, err
	}
	s.address = port.Address()
	running, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = manager.Run(running) // it returns nil
	}()
	defer func() {
		stop()
		<-ended
	}()
	if err := s.count(ctx); err != nil {
		return nil, fmt.Errorf("%s: without a fault: %w", r.Name, err)
	}
	before := s.bystander()
	for _, f := range s.faults() {
		for _, k := range positions(s.Transfers, o.Positions) {
			if err := ctx.Err(); err != nil {
				return &s.SweepResult, err
			}
			err := s.inflict(ctx, f, k)
			if now := s.bystander(); err == nil && now != before {
				err = fmt.Errorf("another device noticed it: it was %v and is %v", before, now)
				before = now
			}
			if err != nil {
				s.Failed++
				if o.Failed != nil {
					o.Failed(f, k, err)
				}
			}
		}
	}
	return &s.SweepResult, nil
}

// sweep is one under way.
type sweep struct {
	SweepResult
	rig      *Rig
	options  SweepOptions
	address  string
	saboteur *Saboteur
	manager  *devices.Manager
}

const bystanderAddress = "memory:bystander"

// bystander is since when the other device is ready.
func (s *sweep) bystander() (since time.Time) {
	for _, st := range s.manager.Status() {
		if st.Address == bystanderAddress && st.State == devices.Ready {
			since = st.Since
		}
	}
	return since
}

func newSweep(r *Rig, o SweepOptions) *sweep {
	if o.Asleep == 0 {
		o.Asleep = time.Hour
	}
	if o.Unplugged == 0 {
		o.Unplugged = 500 * time.Millisecond
	}
	s := &sweep{SweepResult: SweepResult{Device: r.Name}, rig: r, options: o, saboteur: NewSaboteur(r.Bus, 1)}
	if relay, ok := r.Bus.(*relay); ok {
		relay.obey(s.saboteur)
	}
	return s
}

func (s *sweep) faults() []Fault {
	if s.options.Faults == nil {
		return Faults()
	}
	return s.options.Faults
}

// positions are at most n of the transfers 1 to all: the one in the middle, or more with the first
// and the last among them.
func positions(all, n int) []int {
	if n == 1 {
		return []int{1 + all/2}
	}
	if n <= 0 || n > all {
		n = all
	}
	var p []int
	for i := range n {
		p = append(p, 1+i*(all-1)/max(n-1, 1))
	}
	return slices.Compact(p)
}

// count captures once, undisturbed, and counts. On a machine that is busy a document may be
// presented twice in what was to be one frame, so it has three attempts.
func (s *sweep) count(ctx context.Context) (err error) {
	for range 3 {
		if err := s.pull(ctx); err != nil {
			return err
		}
		s.saboteur.Arm("", 0, nil)
		if err := s.rig.Replug(); err != nil {
			return err
		}
		var value any
		value, err = s.use(ctx, nil)
		s.Transfers, _ = s.saboteur.Disarm()
		if err == nil && s.rig.Golden == nil {
			s.rig.Golden = value
		}
		if err == nil && s.rig.golden(value) {
			return nil
		}
		if err == nil {
			err = errors.New("the capture returned something else")
		}
	}
	return err
}

// pull unplugs the device and waits until the manager has noticed.
func (s *sweep) pull(ctx context.Context) error {
	if err := errors.Join(s.rig.Withdraw(), s.rig.Unplug()); err != nil {
		return err
	}
	for {
		changed := s.manager.Changed()
		there := slices.ContainsFunc(s.manager.Status(), func(st devices.Status) bool {
			return st.Address == s.address && (st.State == devices.Ready || st.State == devices.Busy || st.State == devices.Opening)
		})
		if !there {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// use captures once. claimed is told when the device was given.
func (s *sweep) use(ctx context.Context, claimed func()) (value any, err error) {
	err = devices.UseAt(ctx, s.manager, s.address, func(ctx context.Context, d devices.Device) (err error) {
		if claimed != nil {
			claimed()
		}
		value, err = s.rig.capture(ctx, d)
		return err
	})
	return value, err
}
