package campaign_test

import (
	"testing"
	"testing/synctest"

	"boothd/devices/campaign"
)

func TestACaptureIsComparedWithWhatItsWireAllows(t *testing.T) {
	for driver, least := range map[string]int{"uareu": 80_000, "secugen": 600_000} {
		t.Run(driver, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rig, err := campaign.Virtual(driver, 1)
				if err != nil {
					t.Fatal(err)
				}
				w, err := campaign.Wire(t.Context(), rig, 1)
				if err != nil {
					t.Fatal(err)
				}
				t.Logf("%+v", *w)
				if w.Picture < least || w.Ratio < 1 {
					t.Errorf("%d bytes of picture at %.2f of the wire's limit", w.Picture, w.Ratio)
				}
			})
		})
	}
}
