//go:build cgo

package usb

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"

	"github.com/google/gousb"

	"boothd/devices"
)

func TestErrorsOfGousbMeanWhatTheContractSays(t *testing.T) {
	tests := []struct {
		name string
		err  error
		want error
	}{
		{"a device that is not there any more", gousb.ErrorNoDevice, devices.ErrGone},
		{"a transfer that an unplugged device ended", gousb.TransferNoDevice, devices.ErrGone},
		{"a claimed interface, as gousb formats it", fmt.Errorf("failed to claim interface 0: %v", gousb.ErrorBusy), devices.ErrBusy},
		{"a refused control transfer", gousb.ErrorPipe, ErrStall},
		{"a halted endpoint", gousb.TransferStall, ErrStall},
		{"another error keeps its cause", gousb.ErrorAccess, gousb.ErrorAccess},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := translate(tt.err); !errors.Is(got, tt.want) {
				t.Errorf("%v; want one matching %v", got, tt.want)
			}
		})
	}
	if err := translate(nil); err != nil {
		t.Errorf("no error became %v", err)
	}
}

func TestACancelledTransferTellsWhoCancelledIt(t *testing.T) {
	c := &conn{}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.explain(ended, gousb.TransferCancelled); err != context.Canceled {
		t.Errorf("cancelled by the context: %v", err)
	}
	if err := c.explain(t.Context(), gousb.TransferCancelled); !errors.Is(err, net.ErrClosed) {
		t.Errorf("cancelled by close: %v", err)
	}
	if err := c.explain(t.Context(), gousb.ErrorTimeout); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("timed out: %v", err)
	}
}

func TestAddressIsTheWayToTheDevice(t *testing.T) {
	tests := []struct {
		name string
		desc gousb.DeviceDesc
		want string
	}{
		{"a port of the root hub", gousb.DeviceDesc{Bus: 1, Address: 50, Path: []int{10}}, "usb:1-10"},
		{"behind two hubs", gousb.DeviceDesc{Bus: 2, Address: 7, Path: []int{1, 3, 2}}, "usb:2-1.3.2"},
		{"by its number where the way is not known", gousb.DeviceDesc{Bus: 1, Address: 50}, "usb:1.50"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := address(&tt.desc); got != tt.want {
				t.Errorf("%s; want %s", got, tt.want)
			}
		})
	}
}
