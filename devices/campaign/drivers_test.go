package campaign_test

import (
	"slices"
	"testing"

	"boothd/devices/campaign"
	"boothd/devices/drivers"
)

// elsewhere are the drivers whose transports cannot be had here, and what takes the place of a
// campaign.
var elsewhere = map[string]string{
	"pcsc":    "its service is one to a process; its own tests restart it, tear chips off and hold them back",
	"v4l2":    "its devices are the kernel's; package kerneltest and its own tests",
	"pagecam": "it drives cameras of v4l2 and mjpeg",
}

func TestEveryDriverIsInACampaign(t *testing.T) {
	for _, d := range drivers.All() {
		if !slices.Contains(campaign.RealDrivers(), d.Name) && elsewhere[d.Name] == "" {
			t.Errorf("%s is in no campaign: give it a rig", d.Name)
		}
	}
}
