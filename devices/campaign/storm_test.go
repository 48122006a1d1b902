package campaign_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"boothd/devices/campaign"
)

// TestTenDevicesArePulledAndSpoiltAtRandom runs a storm in virtual time. The bubble fails if a
// goroutine is left.
func TestTenDevicesArePulledAndSpoiltAtRandom(t *testing.T) {
	duration, seeds := 3*time.Minute, []uint64{1}
	if *long > 0 {
		duration, seeds = *long, []uint64{1, 2, 3, 4}
	}
	before := campaign.Held()
	for _, seed := range seeds {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var rigs []*campaign.Rig
				for i, driver := range []string{"cute", "uareu", "uareu", "uareu", "demo", "demo", "cute", "rte", "barcode", "demo"} {
					rig, err := campaign.Virtual(driver, i)
					if err != nil {
						t.Fatal(err)
					}
					rigs = append(rigs, rig)
				}
				result, err := campaign.Storm(t.Context(), rigs, campaign.StormOptions{Seed: seed, Duration: duration, Pace: 5 * time.Second})
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range rigs {
					if err := r.Close(); err != nil {
						t.Error(err)
					}
				}
				wantCalm(t, result)
				if result.Longest > campaign.Limit {
					t.Errorf("%s was usable only %v after it had been let go", result.LongestOf, result.Longest)
				}
			})
		})
	}
	after := campaign.Held()
	t.Logf("before %+v, after %+v", before, after)
	if after.Goroutines > before.Goroutines {
		t.Errorf("%d goroutines are left", after.Goroutines-before.Goroutines)
	}
	if grown := after.Heap - before.Heap; grown > 8<<20 {
		t.Errorf("the heap has grown by %d bytes", grown)
	}
}

// wantCalm wants what must hold after every storm.
func wantCalm(t *testing.T, r *campaign.StormResult) {
	t.Helper()
	t.Logf("%+v", *r)
	if len(r.Dead) > 0 {
		t.Errorf("%v do not capture any more", r.Dead)
	}
	if r.Wrong > 0 {
		t.Errorf("%d captures returned what was never presented", r.Wrong)
	}
	if r.Disturbed > 0 || r.Undisturbed == 0 {
		t.Errorf("the device to which nothing was done captured %d times and failed %d times", r.Undisturbed, r.Disturbed)
	}
	if r.Pulls == 0 || r.Spoilt == 0 || r.Recoveries == 0 {
		t.Error("nothing was done")
	}
}
