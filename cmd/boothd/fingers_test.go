package main

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"boothd/capture"
	"boothd/capture/quality"
	"boothd/capture/synthetic"
	"boothd/devices"
	"boothd/devices/drivers"
	"boothd/devices/uareu/uareuemu"
	"boothd/devices/usbip"
	"boothd/localmatch"
)

const scannerSlot = "1-1"

// scannerOnUSB is an emulated scanner behind USB/IP, with its driver and a manager of devices.
func scannerOnUSB(t *testing.T) (*uareuemu.Scanner, *usbip.Server, *devices.Manager) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	scanner, server := uareuemu.New(uareuemu.UareU4500), usbip.NewServer(nil)
	if err := server.Plug(scannerSlot, scanner); err != nil {
		t.Fatal(err)
	}
	manager := &devices.Manager{Buses: []devices.Bus{usbip.NewBus(nil, l.Addr().String())}, Drivers: drivers.All()}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 2)
	go func() { ended <- server.Serve(ctx, l) }()
	go func() { ended <- manager.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-ended
		<-ended
	})
	return scanner, server, manager
}

// TestFourFingersAreTakenWithOneScanner has a traveller who lays a finger twice and a wrong one,
// and a scanner that is pulled out in the middle.
func TestFourFingersAreTakenWithOneScanner(t *testing.T) {
	scanner, server, manager := scannerOnUSB(t)
	plan, _ := capture.NewFingerPlan(4, 0)
	session := &capture.Session{Devices: manager, Fingers: plan, MinQuality: 20, Tries: 3, Comparer: localmatch.SameFinger{}, Now: time.Now}
	traveller := synthetic.New(5)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()

	var known []capture.Evidence
	said := make(chan string, 100)
	done := make(chan capture.Evidence)
	go func() {
		defer close(done)
		for range 4 {
			ev, err := session.Collect(ctx, capture.ModalityFinger, known, func(text string) { said <- text })
			if err != nil {
				t.Errorf("collect: %v", err)
				return
			}
			known = append(known, ev)
			done <- ev
		}
	}()
	says := func(want string) {
		t.Helper()
		for {
			select {
			case text := <-said:
				if strings.Contains(text, want) {
					return
				}
			case <-ctx.Done():
				t.Fatalf("it does not say %q", want)
			}
		}
	}
	lay := func(position, k int) {
		t.Helper()
		if err := scanner.Await(ctx, uareuemu.ModeAwaitFinger); err != nil {
			t.Fatalf("the scanner does not wait for a finger: %v", err)
		}
		scanner.Lay(traveller.Impression(position, k))
		if err := scanner.Await(ctx, uareuemu.ModeAwaitRemoval); err != nil {
			t.Fatalf("the scanner did not take the finger: %v", err)
		}
		scanner.Lift()
	}
	takes := func(position capture.FingerPosition) {
		t.Helper()
		ev, open := <-done
		if !open {
			t.FailNow()
		}
		if f := ev.Finger; f == nil || f.Position != position || f.Quality < quality.Acceptable {
			t.Fatalf("not the %s: %v", position, ev)
		}
	}

	says("Lay the right index finger on the scanner: 1 of 4.")
	lay(2, 0)
	takes(2)
	says("2 of 4")
	lay(2, 1) // the same again
	says("Lift the finger, then lay the next (right middle finger, 2 of 4)")
	lay(3, 0)
	takes(3)
	says("3 of 4")
	server.Unplug(scannerSlot)
	says("Fingerprint scanner not connected")
	if err := server.Plug(scannerSlot, scanner); err != nil {
		t.Fatal(err)
	}
	says("Lay the right ring finger on the scanner: 3 of 4.")
	lay(2, 2) // a wrong one
	says("This finger was taken as the right index finger before")
	lay(4, 0)
	takes(4)
	says("4 of 4")
	lay(5, 0)
	takes(5)
}
