package campaign_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"boothd/devices/campaign"
)

// patiently waits until a condition holds; there is nothing that signals it.
func patiently(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(15 * time.Second)
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for !holds() {
		select {
		case <-look.C:
		case <-deadline:
			t.Fatalf("%s, 15 s later", what)
		}
	}
}

// wantNothingLeft compares with what was held before.
func wantNothingLeft(t *testing.T, before campaign.Toll) {
	t.Helper()
	patiently(t, "goroutines or descriptors are left", func() bool {
		now := campaign.Held()
		return now.Goroutines <= before.Goroutines && now.Descriptors <= before.Descriptors
	})
	now := campaign.Held()
	t.Logf("before %+v, after %+v", before, now)
	if grown := now.Heap - before.Heap; grown > 16<<20 {
		t.Errorf("the heap has grown by %d bytes", grown)
	}
}

// accelerated is a booth whose manager looks ten times as often, and whose suspensions are short.
func accelerated(o campaign.SweepOptions) campaign.SweepOptions {
	o.Interval, o.Asleep, o.Unplugged = 100*time.Millisecond, 400*time.Millisecond, 300*time.Millisecond
	return o
}

// unhurried leaves the drivers as they are in a long campaign. In a short one it leaves secugen
// out: its emulator calculates so much that under the race detector travellers lose patience; it has
// its campaign in virtual time.
func unhurried(drivers []string) []string {
	if *long > 0 {
		return drivers
	}
	return slices.DeleteFunc(drivers, func(d string) bool { return d == "secugen" })
}

func TestEveryTransferOnARealWireMayGoWrong(t *testing.T) {
	before := campaign.Held()
	var sweeps sync.WaitGroup // more of them at once than there are processors: they mostly wait
	for _, driver := range unhurried(campaign.RealDrivers()) {
		folder := t.TempDir()
		sweeps.Go(func() {
			rig, err := campaign.Real(driver, 1, folder)
			if err != nil {
				t.Error(err)
				return
			}
			result, err := campaign.Sweep(t.Context(), rig, accelerated(campaign.SweepOptions{
				Positions: positions(t, 1),
				Failed: func(f campaign.Fault, k int, err error) {
					t.Errorf("%s: %s at transfer %d: %v", driver, f, k, err)
				},
			}))
			if err := errors.Join(err, rig.Close()); err != nil {
				t.Errorf("%s: %v", driver, err)
				return
			}
			t.Logf("%+v", *result)
		})
	}
	sweeps.Wait()
	wantNothingLeft(t, before)
}

func TestAStormOverRealWires(t *testing.T) {
	duration := 5 * time.Second
	if *long > 0 {
		duration = *long
	}
	before := campaign.Held()
	var rigs []*campaign.Rig
	ten := []string{"cute", "uareu", "zfm", "idbox", "rte", "barcode", "mjpeg", "demo", "uareu", "demo"}
	if *long > 0 {
		ten[9] = "secugen"
	}
	for i, driver := range ten {
		rig, err := campaign.Real(driver, i, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		rigs = append(rigs, rig)
	}
	result, err := campaign.Storm(t.Context(), rigs, campaign.StormOptions{
		Seed: 1, Duration: duration, Every: 300 * time.Millisecond, Interval: 100 * time.Millisecond, Pace: 200 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rigs {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	wantCalm(t, result)
	wantNothingLeft(t, before)
}
