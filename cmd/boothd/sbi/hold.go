package sbi

import (
	"context"
	"errors"
	"sync"
	"time"

	"boothd/capture/quality"
	"boothd/devices"
)

// claimLimit is how long a kiosk waits for a device that somebody uses: long enough for a
// capture that is just ending.
const claimLimit = time.Second

// sample is one picture that a device took.
type sample struct {
	number int // of the device's pictures in this hold, from 1
	finger *devices.FingerImage
	frame  *devices.Frame
	score  int          // of a finger
	hint   devices.Hint // why a finger is not good; or why there is no picture at all
}

// hold keeps a device for the kiosk while a stream, a capture or both use it, and passes on
// what it takes.
type hold struct {
	address string
	cancel  context.CancelFunc
	claimed chan struct{} // closed once the device is ours
	ended   chan struct{} // closed when it is no longer, with err set
	err     error

	users int // guarded by Server.mu

	mu      sync.Mutex
	latest  sample
	changed chan struct{}
	done    chan struct{} // closed when a capture has ended
}

// acquire takes the device, or joins who has it here already. The caller calls leave.
func (s *Server) acquire(ctx context.Context, d *device) (*hold, code) {
	s.mu.Lock()
	h := s.holds[d.Address]
	if h == nil {
		if d.State != devices.Ready && d.State != devices.Busy {
			s.mu.Unlock()
			return nil, notReady
		}
		h = s.begin(d)
	}
	h.users++
	s.mu.Unlock()

	limit := time.NewTimer(claimLimit)
	defer limit.Stop()
	select {
	case <-h.claimed:
		return h, success
	case <-h.ended:
	case <-limit.C:
	case <-ctx.Done():
	}
	s.leave(h)
	return nil, busy
}

// begin starts a hold. It is called with mu held.
func (s *Server) begin(d *device) *hold {
	ctx, cancel := context.WithCancel(s.life)
	h := &hold{
		address: d.Address, cancel: cancel, claimed: make(chan struct{}), ended: make(chan struct{}),
		changed: make(chan struct{}), done: make(chan struct{}),
	}
	s.holds[d.Address] = h
	s.work.Go(func() {
		defer cancel()
		if d.Kind == devices.KindCamera {
			h.err = devices.UseAt(ctx, s.cfg.Devices, d.Address, h.watch)
		} else {
			h.err = devices.UseAt(ctx, s.cfg.Devices, d.Address, h.scan)
		}
		s.mu.Lock()
		if s.holds[h.address] == h {
			delete(s.holds, h.address)
		}
		s.mu.Unlock()
		close(h.ended)
	})
	return h
}

// leave ends one use. With the last one the device is given back, and leave waits for that.
func (s *Server) leave(h *hold) {
	s.mu.Lock()
	h.users--
	last := h.users == 0
	if last && s.holds[h.address] == h {
		delete(s.holds, h.address) // who comes now waits for the device like everybody
	}
	s.mu.Unlock()
	if last {
		h.cancel()
		<-h.ended
	}
}

// scan takes fingers until ctx ends or the scanner fails.
func (h *hold) scan(ctx context.Context, d devices.FingerScanner) error {
	close(h.claimed)
	for {
		img, err := d.CaptureFinger(ctx)
		var retry *devices.RetryError
		switch {
		case errors.As(err, &retry):
			h.publish(sample{hint: retry.Hint})
		case err != nil:
			return err
		default:
			q := quality.Finger(img.Gray, img.DPI)
			h.publish(sample{finger: img, score: q.Score, hint: q.Hint})
		}
	}
}

// watch takes frames until ctx ends or the camera fails.
func (h *hold) watch(ctx context.Context, d devices.Camera) error {
	close(h.claimed)
	pace := time.NewTicker(framePeriod)
	defer pace.Stop()
	for {
		frame, err := d.Frame(ctx)
		var retry *devices.RetryError
		if err != nil && !errors.As(err, &retry) {
			return err
		}
		if err == nil {
			h.publish(sample{frame: frame})
		}
		select {
		case <-pace.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// framePeriod is how far apart a camera's frames are at least: ten a second are enough to
// place a face by.
const framePeriod = 100 * time.Millisecond

func (h *hold) publish(s sample) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s.number = h.latest.number + 1
	h.latest = s
	close(h.changed)
	h.changed = make(chan struct{})
}

// last returns the latest picture, with number 0 before the first, and a channel that is
// closed at the next.
func (h *hold) last() (sample, <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.latest, h.changed
}

// finished returns a channel that is closed when a capture has ended.
func (h *hold) finished() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.done
}

// finish ends the streams of the device, but not those that come later.
func (h *hold) finish() {
	h.mu.Lock()
	defer h.mu.Unlock()
	close(h.done)
	h.done = make(chan struct{})
}

// failure is the code of why the device was lost. It is asked once ended is closed.
func (h *hold) failure() code {
	if errors.Is(h.err, devices.ErrGone) {
		return noSuchDevice
	}
	return noExtraction
}
