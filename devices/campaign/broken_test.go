package campaign_test

import (
	"context"
	"errors"
	"image"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"boothd/devices"
	"boothd/devices/campaign"
)

// spoilt is a scanner that breaks a promise once something went wrong.
type spoilt struct {
	devices.FingerScanner
	wrong *atomic.Bool // something went wrong since the emulator was made
	after func(ctx context.Context, s devices.FingerScanner) (*devices.FingerImage, error)
}

func (s spoilt) CaptureFinger(ctx context.Context) (*devices.FingerImage, error) {
	if s.wrong.Load() {
		return s.after(ctx, s.FingerScanner)
	}
	img, err := s.FingerScanner.CaptureFinger(ctx)
	if err != nil {
		s.wrong.Store(true)
	}
	return img, err
}

func TestACampaignNoticesABrokenDriver(t *testing.T) {
	var errDead = errors.New("dead for good")
	tests := []struct {
		name   string
		after  func(context.Context, devices.FingerScanner) (*devices.FingerImage, error)
		slow   bool // it is usable, and too late
		failed bool
	}{
		{"that works", func(ctx context.Context, s devices.FingerScanner) (*devices.FingerImage, error) {
			return s.CaptureFinger(ctx)
		}, false, false},
		{"that is dead after a fault", func(context.Context, devices.FingerScanner) (*devices.FingerImage, error) { return nil, errDead }, false, true},
		{"that returns another finger after a fault", func(context.Context, devices.FingerScanner) (*devices.FingerImage, error) {
			return &devices.FingerImage{Gray: image.NewGray(image.Rect(0, 0, 10, 10)), DPI: 500}, nil
		}, false, true},
		{"that takes its time after a fault", nil, true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rig, err := campaign.Virtual("demo", 1)
				if err != nil {
					t.Fatal(err)
				}
				wrong, open := new(atomic.Bool), rig.Driver.Open
				rig.Driver.Open = func(ctx context.Context, p devices.Port) (devices.Device, error) {
					if tt.slow && wrong.Load() {
						time.Sleep(8 * time.Second)
						wrong.Store(false)
					}
					d, err := open(ctx, p)
					if err != nil {
						return nil, err
					}
					after := tt.after
					if after == nil {
						after = func(ctx context.Context, s devices.FingerScanner) (*devices.FingerImage, error) { return nil, errDead }
					}
					return spoilt{d.(devices.FingerScanner), wrong, after}, nil
				}
				failed := false
				result, err := campaign.Sweep(t.Context(), rig, campaign.SweepOptions{
					Faults: []campaign.Fault{campaign.Unplug}, Positions: 2,
					Failed: func(campaign.Fault, int, error) { failed = true },
				})
				if err != nil {
					t.Fatal(err)
				}
				if failed != tt.failed {
					t.Errorf("noticed: %v; want %v: %+v", failed, tt.failed, *result)
				}
				if late := result.Longest > campaign.Limit; late != tt.slow {
					t.Errorf("usable after %v", result.Longest)
				}
			})
		})
	}
}
