package campaign

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"boothd/devices"
)

// hopeless is after what time a case is given up.
const hopeless = 40 * time.Second

// inflict plugs the device in, lets the fault happen at transfer k and sees that the device is
// usable again.
func (s *sweep) inflict(ctx context.Context, f Fault, k int) error {
	if err := s.pull(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, hopeless+s.options.Asleep)
	defer cancel()
	call, giveUp := context.WithCancel(ctx)
	defer giveUp()
	var act func()
	switch f {
	case Unplug:
		act = func() { _ = s.rig.Unplug() } // the replug tells
	case Cancel:
		act = giveUp
	}
	struck := s.saboteur.Arm(f, k, act)
	if err := s.rig.Replug(); err != nil {
		return err
	}
	done := make(chan struct{})
	var healing sync.WaitGroup
	var healed time.Time
	var failed error
	healing.Go(func() { healed, failed = s.heal(f, struck, done) })
	value, err := s.use(call, nil)
	close(done)
	healing.Wait()
	_, over := s.saboteur.Disarm()
	if over.IsZero() {
		s.Missed++
		return s.judge(ctx, value, err)
	}
	s.Cases++
	if failed == nil {
		failed = s.judge(ctx, value, err)
	}
	if failed != nil {
		return failed
	}
	if healed.Before(over) {
		healed = over
	}
	return s.recover(ctx, healed, fmt.Sprintf("%s at transfer %d", f, k))
}

// heal waits until the fault has happened and ends it, if it does not end by itself. done is
// closed when the capture has ended.
func (s *sweep) heal(f Fault, struck, done <-chan struct{}) (time.Time, error) {
	select {
	case <-struck:
	case <-done:
		select {
		case <-struck:
		default:
			return time.Time{}, nil
		}
	}
	var err error
	switch f {
	case Unplug:
		time.Sleep(s.options.Unplugged)
		err = s.rig.Replug()
	case Suspend:
		time.Sleep(s.options.Asleep)
		s.saboteur.Resume()
	}
	return time.Now(), err
}

// judge says whether a capture that may have been disturbed ended as it may.
func (s *sweep) judge(ctx context.Context, value any, err error) error {
	var retry *devices.RetryError
	switch {
	case err == nil && s.rig.golden(value):
		s.Survived++
	case err == nil && s.rig.Unchecked:
		s.Altered++
	case err == nil:
		return errors.New("the capture returned something else")
	case errors.As(err, &retry):
		s.Retries++
	case ctx.Err() != nil:
		return fmt.Errorf("the capture did not end within %v", hopeless)
	}
	return nil
}

// recover captures until it succeeds, and notes how long after the fault's end the device was
// given that did.
func (s *sweep) recover(ctx context.Context, healed time.Time, where string) error {
	var claimed time.Time
	for {
		value, err := s.use(ctx, func() {
			if claimed.IsZero() {
				claimed = time.Now()
			}
		})
		var retry *devices.RetryError
		switch {
		case err == nil && s.rig.golden(value):
			if took := claimed.Sub(healed); took > s.Longest {
				s.Longest, s.LongestAt = took, where
			}
			return nil
		case err == nil && s.rig.Unchecked:
			s.Altered++
		case err == nil:
			return errors.New("the capture after it returned something else")
		case ctx.Err() != nil:
			return fmt.Errorf("not usable %v later: %w", time.Since(healed).Round(time.Second), err)
		case errors.As(err, &retry):
			s.Retries++
		default:
			claimed = time.Time{}
		}
	}
}
