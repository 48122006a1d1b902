package campaign

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"boothd/devices"
)

// StormOptions say what a storm does.
type StormOptions struct {
	Seed     uint64
	Duration time.Duration
	// Every is the mean time between two deeds; 0: 3 s.
	Every    time.Duration
	Interval time.Duration // the manager's; 0: its default
	// Pace is between two captures on a device; 0: 2 s.
	Pace time.Duration
	// Limit is how long a device may take at the end, when nothing more is done to it; 0: 30 s.
	Limit time.Duration
}

// StormResult tells what became of all devices.
type StormResult struct {
	Devices    int           `json:"devices"`
	Pulls      int           `json:"pulls"`
	Spoilt     int           `json:"spoilt"`   // transfers
	Captures   int           `json:"captures"` // that succeeded
	Retries    int           `json:"retries"`  // the traveller was asked to present again
	Errors     int           `json:"errors"`   // captures that failed
	Altered    int           `json:"altered"`  // captures changed on a wire without a checksum
	Wrong      int           `json:"wrong"`    // captures that returned anything else
	Recoveries int           `json:"recoveries"`
	Longest    time.Duration `json:"longest_ns"` // from a deed's end to a device that captures
	LongestOf  string        `json:"longest_of,omitempty"`
	// Undisturbed is how many captures succeeded on the first device, to which nothing is done,
	// and Disturbed how many failed there.
	Undisturbed int `json:"undisturbed"`
	Disturbed   int `json:"disturbed"`
	// Dead are the devices that did not capture at the end.
	Dead []string `json:"dead,omitempty"`
}

// Storm lets somebody capture on each device, one capture after another, and pulls and spoils all
// but the first at random until the time is over. Then it lets go and sees that each of them
// captures once more. The error means that the storm itself could not go on.
func Storm(ctx context.Context, rigs []*Rig, o StormOptions) (*StormResult, error) {
	if o.Every == 0 {
		o.Every = 3 * time.Second
	}
	if o.Pace == 0 {
		o.Pace = 2 * time.Second
	}
	if o.Limit == 0 {
		o.Limit = 30 * time.Second
	}
	s := &storm{options: o, chance: rand.New(rand.NewPCG(o.Seed, 0x570))}
	s.Devices = len(rigs)
	manager := &devices.Manager{Interval: o.Interval}
	for i, r := range rigs {
		v := &victim{rig: r, first: i == 0, saboteur: NewSaboteur(r.Bus, o.Seed+uint64(i)), manager: manager, mended: make(chan struct{}, 1)}
		port, err := r.port(ctx, r.Bus)
		if err != nil {
			return nil, err
		}
		v.address = port.Address()
		if relay, ok := r.Bus.(*relay); ok {
			relay.obey(v.saboteur)
		}
		s.victims = append(s.victims, v)
		manager.Buses = append(manager.Buses, v.saboteur)
		if !slices.ContainsFunc(manager.Drivers, func(d devices.Driver) bool { return d.Name == r.Driver.Name }) {
			manager.Drivers = append(manager.Drivers, r.Driver)
		}
	}
	running, stop := context.WithCancel(ctx)
	var ended sync.WaitGroup
	ended.Go(func() { _ = manager.Run(running) }) // it returns nil
	err := s.rage(ctx)
	stop()
	ended.Wait()
	return &s.StormResult, err
}

type storm struct {
	options StormOptions
	chance  *rand.Rand
	victims []*victim

	mu sync.Mutex
	StormResult
}

// victim is a device in a storm.
type victim struct {
	rig      *Rig
	first    bool
	address  string
	saboteur *Saboteur
	manager  *devices.Manager
	mended   chan struct{} // has a token when a deed has ended

	mu     sync.Mutex
	healed time.Time // when the last deed ended; zero when it was recovered from
	hurt   int       // deeds under way
}

// rage does everything there is to do.
func (s *storm) rage(ctx context.Context) error {
	users, leave := context.WithCancel(ctx)
	defer leave()
	var using, deeds sync.WaitGroup
	for _, v := range s.victims {
		using.Go(func() { s.captureOn(users, v) })
	}
	err := s.vandalise(ctx, &deeds)
	deeds.Wait()
	leave()
	using.Wait()
	if err != nil {
		return err
	}
	var last sync.WaitGroup
	for _, v := range s.victims {
		last.Go(func() { s.bury(ctx, v) })
	}
	last.Wait()
	slices.Sort(s.Dead)
	return ctx.Err()
}

// captureOn captures until ctx ends.
func (s *storm) captureOn(ctx context.Context, v *victim) {
	for ctx.Err() == nil {
		var claimed time.Time
		var value any
		err := devices.UseAt(ctx, v.manager, v.address, func(ctx context.Context, d devices.Device) (err error) {
			claimed = time.Now()
			value, err = v.rig.capture(ctx, d)
			return err
		})
		if ctx.Err() == nil {
			s.note(v, claimed, value, err)
		}
		if err == nil {
			v.rest(ctx, s.options.Pace)
		}
	}
}

// rest waits until the next traveller comes, who comes at once when a deed has ended.
func (v *victim) rest(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-v.mended:
	case <-ctx.Done():
	}
}

// note counts what a capture came to.
func (s *storm) note(v *victim, claimed time.Time, value any, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var retry *devices.RetryError
	switch {
	case err == nil && v.rig.Golden == nil:
		v.rig.Golden = value
		fallthrough
	case err == nil && v.rig.golden(value):
		s.Captures++
		if v.first {
			s.Undisturbed++
		}
		if took, ok := v.recovered(claimed); ok {
			s.Recoveries++
			if took > s.Longest {
				s.Longest, s.LongestOf = took, v.rig.Name
			}
		}
		return
	case err == nil && v.rig.Unchecked:
		s.Altered++
	case err == nil:
		s.Wrong++
	case errors.As(err, &retry):
		s.Retries++
	default:
		s.Errors++
	}
	if v.first {
		s.Disturbed++
	}
}

// recovered returns how long after the last deed the device was given that captured now.
func (v *victim) recovered(claimed time.Time) (time.Duration, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.healed.IsZero() || v.hurt > 0 {
		return 0, false
	}
	took := max(0, claimed.Sub(v.healed))
	v.healed = time.Time{}
	return took, true
}

// begin notes that something is being done to the device; it returns false if something is
// already.
func (v *victim) begin() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.hurt > 0 {
		return false
	}
	v.hurt++
	return true
}

func (v *victim) end() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.hurt--
	v.healed = time.Now()
	select {
	case v.mended <- struct{}{}:
	default:
	}
}

// vandalise does deeds at random until the time is over.
func (s *storm) vandalise(ctx context.Context, deeds *sync.WaitGroup) error {
	over := time.Now().Add(s.options.Duration)
	errs := make(chan error, 1)
	for time.Now().Before(over) {
		wait := time.Duration(s.chance.ExpFloat64() * float64(s.options.Every))
		if err := pause(min(wait, 10*s.options.Every), ctx, context.Background()); err != nil {
			return err
		}
		v := s.victims[1+s.chance.IntN(len(s.victims)-1)]
		deed, at, lasts := s.chance.IntN(10), 1+s.chance.IntN(40), time.Duration(s.chance.Int64N(int64(3*time.Second)))
		if !v.begin() {
			continue
		}
		deeds.Go(func() {
			defer v.end()
			if err := s.do(ctx, v, deed, at, lasts); err != nil {
				select {
				case errs <- fmt.Errorf("%s: %w", v.rig.Name, err):
				default:
				}
			}
		})
		select {
		case err := <-errs:
			return err
		default:
		}
	}
	return nil
}

// do does one deed: half of them are pulls, the others spoil one of the next transfers.
func (s *storm) do(ctx context.Context, v *victim, deed, at int, lasts time.Duration) error {
	faults := []Fault{Garbage, Short, Long, Late, Lost, Suspend}
	if deed >= len(faults)-1 {
		s.count(&s.Pulls)
		err := v.rig.Unplug()
		_ = pause(lasts, ctx, context.Background())
		return errors.Join(err, v.rig.Replug())
	}
	f := faults[deed]
	if at%8 == 0 {
		f = Suspend
	}
	struck := v.saboteur.Arm(f, at, nil)
	limit := time.NewTimer(5 * time.Second)
	defer limit.Stop()
	select {
	case <-struck:
		s.count(&s.Spoilt)
	case <-limit.C: // there were not so many
	case <-ctx.Done():
	}
	v.saboteur.Disarm()
	switch f {
	case Suspend:
		_ = pause(lasts, ctx, context.Background())
		v.saboteur.Resume()
	case Late, Lost:
		_ = pause(Delay, ctx, context.Background())
	}
	return ctx.Err()
}

func (s *storm) count(n *int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*n++
}

// bury captures once more on a device, and notes it if it no longer does.
func (s *storm) bury(ctx context.Context, v *victim) {
	ctx, cancel := context.WithTimeout(ctx, s.options.Limit)
	defer cancel()
	for ctx.Err() == nil {
		var value any
		err := devices.UseAt(ctx, v.manager, v.address, func(ctx context.Context, d devices.Device) (err error) {
			value, err = v.rig.capture(ctx, d)
			return err
		})
		if err == nil && v.rig.golden(value) {
			return
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Dead = append(s.Dead, v.rig.Name)
}
