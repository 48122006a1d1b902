package campaign_test

import (
	"flag"
	"testing"
	"testing/synctest"
	"time"

	"boothd/devices/campaign"
)

// long is how long a storm lasts, in the time of whatever runs it. With it, sweeps are complete.
var long = flag.Duration("campaign", 0, "run the long campaign, its storms of this length")

// positions is at how many transfers each fault happens in a test.
func positions(t *testing.T, short int) int {
	t.Helper()
	if *long > 0 {
		return 0
	}
	return short
}

func TestEveryTransferMayGoWrong(t *testing.T) {
	for _, driver := range campaign.VirtualDrivers() {
		at := positions(t, 6)
		if driver == "secugen" {
			at = positions(t, 1) // its emulator calculates much
		}
		t.Run(driver, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rig, err := campaign.Virtual(driver, 1)
				if err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				result, err := campaign.Sweep(t.Context(), rig, campaign.SweepOptions{
					Positions: at,
					Failed:    func(f campaign.Fault, k int, err error) { t.Errorf("%s at transfer %d: %v", f, k, err) },
				})
				if err != nil {
					t.Fatal(err)
				}
				if err := rig.Close(); err != nil {
					t.Error(err)
				}
				if result.Longest > campaign.Limit {
					t.Errorf("usable only %v after: %s", result.Longest, result.LongestAt)
				}
				t.Logf("%+v in %v of virtual time", *result, time.Since(began).Round(time.Second))
			})
		})
	}
}
