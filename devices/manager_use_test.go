package devices_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"boothd/devices"
)

// use calls Use with a function that returns err.
func (b *booth) use(t *testing.T, err error) error {
	return devices.Use(t.Context(), b.Manager, func(context.Context, devices.DocumentReader) error { return err })
}

func TestUseWaitsUntilADeviceOfItsKindIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := run(t, &fakeDriver{})
		defer b.stop()
		ctx, cancel := context.WithCancel(t.Context())
		camera := make(chan error, 1)
		go func() {
			camera <- devices.Use(ctx, b.Manager, func(context.Context, devices.Camera) error { return nil })
		}()
		reader := make(chan error, 1)
		go func() { reader <- b.use(t, nil) }()
		pass(time.Minute)
		b.bus.set(a)
		pass(time.Second)
		select {
		case err := <-reader:
			if err != nil {
				t.Errorf("use: %v", err)
			}
		default:
			t.Error("the document reader is there and was not used")
		}
		select {
		case <-camera:
			t.Error("a document reader was used as a camera")
		default:
		}
		cancel()
		if err := <-camera; err != context.Canceled {
			t.Errorf("use: %v; want context.Canceled", err)
		}
	})
}

func TestTwoUsersOfOneDeviceTakeTurnsAndOfTwoDevicesTakeOneEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := run(t, &fakeDriver{})
		defer b.stop()
		b.bus.set(a)
		pass(time.Second)
		ctx, cancel := context.WithCancel(t.Context())
		first := b.read(ctx)
		synctest.Wait()
		second := b.read(t.Context())
		synctest.Wait()
		b.want(t, "a busy")
		b.bus.set(a, c)
		pass(2 * time.Second)
		b.want(t, "a busy, c busy")
		cancel()
		if err := <-first; !errors.Is(err, context.Canceled) {
			t.Errorf("first use: %v", err)
		}
		synctest.Wait()
		b.want(t, "a ready, c busy")
		b.bus.set()
		pass(time.Second)
		if err := <-second; !errors.Is(err, devices.ErrGone) {
			t.Errorf("second use: %v; want an error matching ErrGone", err)
		}
	})
}

func TestUseAtWaitsForOneAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := run(t, &fakeDriver{})
		defer b.stop()
		b.bus.set(a)
		used := make(chan string, 1)
		go func() {
			err := devices.UseAt(t.Context(), b.Manager, "c", func(_ context.Context, d devices.DocumentReader) error {
				used <- d.Info().Address
				return nil
			})
			if err != nil {
				t.Errorf("use: %v", err)
			}
		}()
		pass(5 * time.Second)
		if len(used) != 0 {
			t.Fatalf("used %s", <-used)
		}
		b.bus.set(a, c)
		if got := <-used; got != "c" {
			t.Errorf("used %s; want c", got)
		}
	})
}

func TestADeviceUnpluggedInUseEndsTheUseAndItsReplacementServesTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := run(t, &fakeDriver{})
		defer b.stop()
		b.bus.set(a)
		pass(time.Second)
		done := b.read(t.Context())
		synctest.Wait()
		b.bus.set()
		pass(time.Second)
		err := <-done
		if !errors.Is(err, devices.ErrGone) || errors.Is(err, context.Canceled) {
			t.Errorf("use: %v; want an error matching ErrGone and no context's", err)
		}
		next := make(chan error, 1)
		go func() { next <- b.use(t, nil) }()
		pass(time.Minute)
		b.bus.set(c)
		if err := <-next; err != nil {
			t.Errorf("next use: %v", err)
		}
	})
}

func TestWhatAUseReturnsDecidesWhetherTheDeviceIsOpenedAgain(t *testing.T) {
	tests := []struct {
		name   string
		err    error
		reopen bool
	}{
		{"success keeps it", nil, false},
		{"a traveller who must present again keeps it", &devices.RetryError{Hint: devices.HintPressFlat}, false},
		{"a wrapped retry keeps it", fmt.Errorf("capture: %w", &devices.RetryError{Hint: devices.HintPressFlat}), false},
		{"a cancelled context keeps it", context.Canceled, false},
		{"a deadline keeps it", fmt.Errorf("capture: %w", context.DeadlineExceeded), false},
		{"gone opens it again", fmt.Errorf("capture: %w", devices.ErrGone), true},
		{"gone with a context's error opens it again", errors.Join(context.Canceled, devices.ErrGone), true},
		{"any other error opens it again", errors.New("checksum wrong"), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := run(t, &fakeDriver{})
				defer b.stop()
				b.bus.set(a)
				pass(time.Second)
				if got := b.use(t, tt.err); !errors.Is(got, tt.err) {
					t.Errorf("use: %v; want %v", got, tt.err)
				}
				want := map[bool]string{false: "a ready", true: "a fault"}[tt.reopen]
				b.want(t, want)
				pass(3 * time.Second)
				b.want(t, "a ready")
				wantOpened := map[bool]int{false: 1, true: 2}[tt.reopen]
				if _, opened := b.driver.counts(); opened != wantOpened {
					t.Errorf("opened %d times; want %d", opened, wantOpened)
				}
			})
		})
	}
}

func TestAPanicInAUseGivesTheDeviceBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := run(t, &fakeDriver{})
		defer b.stop()
		b.bus.set(a)
		pass(time.Second)
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			devices.Use(t.Context(), b.Manager, func(context.Context, devices.DocumentReader) error { panic("user") })
		}()
		pass(3 * time.Second)
		if err := b.use(t, nil); err != nil {
			t.Errorf("use: %v", err)
		}
	})
}

func TestUseWithAnEndedContextDoesNotTouchTheDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := run(t, &fakeDriver{})
		defer b.stop()
		b.bus.set(a)
		pass(time.Second)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := devices.Use(ctx, b.Manager, func(context.Context, devices.DocumentReader) error {
			t.Error("the device was used")
			return nil
		})
		if err != context.Canceled {
			t.Errorf("use: %v; want context.Canceled", err)
		}
	})
}
