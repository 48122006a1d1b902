package devices

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// errUnfinished stands for the result of a function that panicked.
var errUnfinished = errors.New("use of the device did not finish")

// Use waits until a device of the kind D (such as [FingerScanner]) is there and free, calls
// f with it, and returns f's error or, while it waits, that of ctx. Nobody else uses the
// device meanwhile. If several are free it takes the one whose address sorts first.
//
// What f returns decides what becomes of the device. After nil, a *RetryError and an error
// of a context it stays open. Any other error is a fault of the device, which is closed and
// opened again at a later scan; so f returns the device's errors and keeps its own for
// itself.
//
// When the device is unplugged while f runs, it is closed, which ends the call under way,
// the context that f was given is cancelled, and Use returns an error matching [ErrGone].
// The caller then calls Use again to wait for the replacement.
func Use[D Device](ctx context.Context, m *Manager, f func(ctx context.Context, d D) error) error {
	return UseAt(ctx, m, "", f)
}

// UseAt is Use for the device at one address; the empty address means any.
func UseAt[D Device](ctx context.Context, m *Manager, address string, f func(ctx context.Context, d D) error) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		changed := m.Changed()
		used, s, d := claim[D](ctx, m, address)
		if s != nil {
			return use(used, m, s, d, f)
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// claim takes a free device, if there is one.
func claim[D Device](ctx context.Context, m *Manager, address string) (context.Context, *slot, D) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, at := range slices.Sorted(maps.Keys(m.slots)) {
		s := m.slots[at]
		if s.state != Ready || s.left || address != "" && at != address || isGone(s.device) {
			continue
		}
		if d, ok := s.device.(D); ok {
			ctx, s.inUse = context.WithCancelCause(ctx)
			m.set(s, Busy, nil)
			return ctx, s, d
		}
	}
	var none D
	return nil, nil, none
}

func use[D Device](ctx context.Context, m *Manager, s *slot, d D, f func(context.Context, D) error) error {
	err := errUnfinished
	defer func() { m.release(s, err) }()
	err = f(ctx, d)
	if err == nil || errors.Is(err, ErrGone) || context.Cause(ctx) != ErrGone {
		return err
	}
	if isContext(err) {
		// The caller's context lives; it was the device that went.
		return fmt.Errorf("use %s: %w", s.address, ErrGone)
	}
	return fmt.Errorf("use %s: %w (%w)", s.address, ErrGone, err)
}

// release gives a device back, after a use that ended with err.
func (m *Manager) release(s *slot, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s.inUse(nil)
	s.inUse = nil
	switch {
	case s.left:
	case err != nil && isFault(err):
		m.fault(s, err)
	default:
		m.set(s, Ready, nil)
	}
}

// isFault tells the errors after which a device is opened anew.
func isFault(err error) bool {
	var retry *RetryError
	return errors.Is(err, ErrGone) || !errors.As(err, &retry) && !isContext(err)
}

func isContext(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
