package devices_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"boothd/devices"
)

// booth is a manager that runs in the bubble.
type booth struct {
	*devices.Manager
	bus    *fakeBus
	driver *fakeDriver
	stop   func()
}

// run starts a manager; the returned booth's stop ends it and waits.
func run(t *testing.T, f *fakeDriver, more ...devices.Bus) *booth {
	t.Helper()
	b := &booth{bus: new(fakeBus), driver: f}
	b.Manager = &devices.Manager{Buses: append([]devices.Bus{b.bus}, more...), Drivers: []devices.Driver{f.driver()}}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- b.Run(ctx) }()
	b.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
		if open, _ := f.counts(); open != 0 {
			t.Errorf("%d devices are open after the end", open)
		}
		if f.doubles != 0 {
			t.Errorf("%d opens of an address that was open", f.doubles)
		}
		if left := b.Status(); len(left) != 0 {
			t.Errorf("status after the end: %v", left)
		}
	})
	return b
}

// pass lets the bubble's clock run and everything come to rest.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// states returns "address state" of all ports.
func (b *booth) states() string {
	var all []string
	for _, s := range b.Status() {
		all = append(all, s.Address+" "+string(s.State))
	}
	return strings.Join(all, ", ")
}

func (b *booth) want(t *testing.T, states string) {
	t.Helper()
	if got := b.states(); got != states {
		t.Errorf("status %q; want %q", got, states)
	}
}

// read uses a document reader in a goroutine.
func (b *booth) read(ctx context.Context) <-chan error {
	done := make(chan error, 1)
	go func() {
		done <- devices.Use(ctx, b.Manager, func(ctx context.Context, d devices.DocumentReader) error {
			_, err := d.ReadMRZ(ctx)
			return err
		})
	}()
	return done
}

var a, c = fakePort{address: "a", id: fakeID}, fakePort{address: "c", driver: "fake"}

func TestPluggedDevicesAreOpenedAndUnpluggedOnesClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := run(t, &fakeDriver{})
		defer b.stop()
		pass(time.Second)
		b.want(t, "")
		b.bus.set(a, c, fakePort{address: "keyboard", id: devices.ID{Vendor: 1}})
		pass(time.Second)
		b.want(t, "a ready, c ready")
		if got := b.Status()[0].Info; got.Model != "Fake" || got.Address != "a" {
			t.Errorf("info %+v", got)
		}
		b.bus.set(c)
		pass(time.Second)
		b.want(t, "c ready")
		if open, opened := b.driver.counts(); open != 1 || opened != 2 {
			t.Errorf("%d of %d devices open", open, opened)
		}
	})
}

func TestADoubledPortIsOneDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := run(t, &fakeDriver{})
		defer b.stop()
		b.bus.set(a, a)
		pass(10 * time.Second)
		b.want(t, "a ready")
		if _, opened := b.driver.counts(); opened != 1 {
			t.Errorf("opened %d times", opened)
		}
	})
}

func TestAnotherDeviceAtTheSamePlaceReplacesTheFirstWhenNoScanSawThePlaceEmpty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := run(t, &fakeDriver{})
		defer b.stop()
		b.bus.set(a)
		pass(time.Second)
		b.bus.set(fakePort{address: "a", driver: "fake"})
		pass(2 * time.Second)
		b.want(t, "a ready")
		if open, opened := b.driver.counts(); open != 1 || opened != 2 {
			t.Errorf("%d of %d devices open; want the second of 2", open, opened)
		}
	})
}

func TestConflictsInTheConfigurationAreReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		second := new(fakeBus)
		b := run(t, &fakeDriver{}, second)
		defer b.stop()
		b.bus.set(a, fakePort{address: "a", driver: "fake"}, fakePort{address: "x", driver: "nonesuch"})
		pass(2 * time.Second)
		b.want(t, "a ready, a fault, x fault")
		b.bus.set(a)
		second.set(a, c)
		pass(2 * time.Second)
		b.want(t, "a ready, a fault, c ready")
		for _, s := range b.Status() {
			if (s.State == devices.Fault) != (s.Reason != "") || s.Since.IsZero() {
				t.Errorf("status %+v", s)
			}
		}
		b.bus.set()
		pass(3 * time.Second)
		b.want(t, "a ready, c ready") // the second bus's
	})
}

func TestAFailedOpenIsAFaultAndIsTriedAgainLaterAndLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := run(t, &fakeDriver{fail: 2})
		defer b.stop()
		b.bus.set(a)
		pass(time.Second + time.Second/2)
		b.want(t, "a fault")
		st := b.Status()[0]
		if st.Reason != "another program uses the device" || !errors.Is(st.Err, devices.ErrBusy) {
			t.Errorf("fault %q, %v", st.Reason, st.Err)
		}
		pass(10 * time.Second)
		b.want(t, "a ready")
		if _, opened := b.driver.counts(); opened != 3 {
			t.Errorf("opened %d times; want 3", opened)
		}
	})
}

func TestADeviceThatNeverOpensIsTriedAtLeastTwiceAMinuteButNotEverySecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := run(t, &fakeDriver{fail: 1 << 30})
		defer b.stop()
		b.bus.set(a)
		pass(2 * time.Minute)
		_, before := b.driver.counts()
		since := b.Status()[0].Since
		pass(10 * time.Minute)
		if _, opened := b.driver.counts(); opened-before < 19 || opened-before > 20 {
			t.Errorf("opened %d times in ten minutes", opened-before)
		}
		if got := b.Status()[0].Since; !got.Equal(since) {
			t.Errorf("one fault since %v, then since %v", since, got)
		}
	})
}

func TestASlowOpenDelaysNoOtherAndUnpluggingEndsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := run(t, &fakeDriver{slow: 9 * time.Second, crawl: "crawl"})
		defer b.stop()
		crawl := fakePort{address: "crawl", id: fakeID}
		b.bus.set(crawl, a)
		pass(2 * time.Second)
		b.want(t, "a ready, crawl opening")
		b.bus.set(a)
		pass(time.Second)
		b.want(t, "a ready")
		b.bus.set(a, crawl)
		pass(11 * time.Second)
		b.want(t, "a ready, crawl ready")
	})
}

func TestADeviceThatOpensAfterItWasUnpluggedIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := run(t, &fakeDriver{slow: 5 * time.Second, deaf: true})
		defer b.stop()
		b.bus.set(a)
		pass(2 * time.Second)
		b.bus.set()
		pass(time.Second)
		b.want(t, "")
		b.bus.set(a) // while the first open still runs
		pass(10 * time.Second)
		b.want(t, "a ready")
		if open, opened := b.driver.counts(); open != 1 || opened != 2 {
			t.Errorf("%d of %d devices open; want the second of 2", open, opened)
		}
	})
}

func TestTheEndOfRunIsNoFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		b := &booth{bus: &fakeBus{ports: []devices.Port{a, c}}, driver: &fakeDriver{slow: 5 * time.Second, crawl: "a"}}
		b.Manager = &devices.Manager{Buses: []devices.Bus{b.bus}, Drivers: []devices.Driver{b.driver.driver()},
			Log: slog.New(slog.NewTextHandler(&log, nil))}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		b.Run(ctx)
		if !strings.Contains(log.String(), "device ready") || strings.Contains(log.String(), "fault") {
			t.Errorf("log:\n%s", &log)
		}
	})
}

func TestAStuckBusDelaysNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := run(t, &fakeDriver{}, &fakeBus{stuck: true})
		defer b.stop()
		b.bus.set(a)
		pass(2 * time.Second)
		b.want(t, "a ready")
		pass(10 * time.Second)
		b.want(t, "a ready, bus 2 fault")
	})
}

func TestABusThatCannotTellLeavesWhatIsOpenAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := run(t, &fakeDriver{})
		defer b.stop()
		b.bus.set(a)
		pass(time.Second)
		b.bus.set()
		b.bus.fail(errors.New("no such bus"))
		pass(5 * time.Second)
		b.want(t, "a ready, bus 1 fault")
		b.bus.fail(nil)
		pass(time.Second)
		b.want(t, "")
	})
}

func TestADeviceThatNoticesItsEndIsOpenedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := run(t, &fakeDriver{})
		defer b.stop()
		b.bus.set(a)
		pass(time.Second)
		b.driver.mu.Lock()
		for r := range b.driver.open {
			close(r.gone)
		}
		b.driver.mu.Unlock()
		b.driver.failNext(1)
		pass(2 * time.Second)
		b.want(t, "a fault")
		pass(5 * time.Second)
		b.want(t, "a ready")
	})
}

func TestRunEndsOnlyWhenEverythingIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := run(t, &fakeDriver{lag: 3 * time.Second})
		b.bus.set(a, c)
		pass(time.Second)
		done := b.read(t.Context())
		synctest.Wait()
		start := time.Now()
		b.stop() // looks for open devices
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("the end took %v; want the 3s of the closes, side by side", took)
		}
		if err := <-done; !errors.Is(err, devices.ErrGone) {
			t.Errorf("use: %v; want an error matching ErrGone", err)
		}
	})
}

func TestAManagerThatEndedRunsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := run(t, &fakeDriver{})
		b.bus.set(a)
		pass(2 * time.Second)
		b.stop()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- b.Run(ctx) }()
		pass(2 * time.Second)
		b.want(t, "a ready")
		cancel()
		<-done
		if open, opened := b.driver.counts(); open != 0 || opened != 2 {
			t.Errorf("%d of %d devices open; want none of 2", open, opened)
		}
	})
}

func TestEveryChangeOfStatusIsSignalled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := run(t, &fakeDriver{slow: time.Second, fail: 1})
		defer b.stop()
		seen := make(chan string, 100)
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			defer close(seen)
			for last := ""; ; {
				changed := b.Changed()
				if now := b.states(); now != last {
					seen <- now
					last = now
				}
				select {
				case <-changed:
				case <-ctx.Done():
					return
				}
			}
		}()
		b.bus.set(a)
		pass(5 * time.Second)
		use, end := context.WithCancel(t.Context())
		done := b.read(use)
		synctest.Wait()
		end()
		<-done
		pass(time.Second)
		b.bus.set()
		pass(time.Second)
		cancel()
		var got []string
		for s := range seen {
			got = append(got, s)
		}
		want := []string{"a opening", "a fault", "a ready", "a busy", "a ready", ""}
		if !slices.Equal(got, want) {
			t.Errorf("saw %q; want %q", got, want)
		}
	})
}

func TestTenThousandPlugsAndUnplugsLeaveNothingBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before := runtime.NumGoroutine()
		random := rand.New(rand.NewPCG(1, 2))
		f := &fakeDriver{slow: 300 * time.Millisecond, lag: 200 * time.Millisecond}
		b := run(t, f)
		users, end := context.WithCancel(t.Context())
		var using sync.WaitGroup
		for range 3 {
			using.Go(func() {
				for users.Err() == nil {
					ctx, cancel := context.WithTimeout(users, 700*time.Millisecond)
					<-b.read(ctx)
					cancel()
				}
			})
		}
		plugged := make(map[int]devices.Port)
		for range 10_000 {
			n := random.IntN(8)
			if _, in := plugged[n]; in {
				delete(plugged, n)
			} else {
				plugged[n] = fakePort{address: fmt.Sprint("port ", n), id: fakeID}
			}
			var ports []devices.Port
			for _, p := range plugged {
				ports = append(ports, p)
				if random.IntN(20) == 0 {
					ports = append(ports, p)
				}
			}
			b.bus.set(ports...)
			f.failNext(random.IntN(2))
			pass(time.Duration(random.IntN(2000)) * time.Millisecond)
		}
		f.failNext(0)
		end()
		using.Wait()
		pass(time.Minute)
		if open, opened := f.counts(); open != len(plugged) || opened < 3000 {
			t.Errorf("%d devices open, %d are plugged; %d were opened", open, len(plugged), opened)
		}
		b.stop()
		synctest.Wait()
		if after := runtime.NumGoroutine(); after > before {
			t.Errorf("%d goroutines before, %d after", before, after)
		}
	})
}
