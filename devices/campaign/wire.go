package campaign

import (
	"context"
	"errors"
	"time"

	"boothd/devices"
)

// WireResult tells what one capture moves, on average, once its device is open.
type WireResult struct {
	Device    string        `json:"device"`
	Captures  int           `json:"captures"`
	Transfers int           `json:"transfers"`
	Bytes     int           `json:"bytes"`
	Picture   int           `json:"picture_bytes"` // in USB transfers of 1 KiB and more
	Busy      time.Duration `json:"picture_ns"`    // that those transfers took, the exposure they waited for included
	Limit     time.Duration `json:"limit_ns"`      // that the wire would need for them
	Ratio     float64       `json:"ratio"`         // Busy to Limit; 0 where no such transfers are
}

// Wire captures n times, undisturbed, and tells what was moved and how long it took in comparison
// with what the wire allows.
func Wire(ctx context.Context, r *Rig, n int) (*WireResult, error) {
	s := newSweep(r, SweepOptions{})
	port, err := r.port(ctx, s.saboteur)
	if err != nil {
		return nil, err
	}
	d, err := r.Driver.Open(ctx, port)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	before := s.saboteur.soFar()
	w := &WireResult{Device: r.Name}
	for w.Captures < n {
		_, err := r.capture(ctx, d)
		var retry *devices.RetryError
		switch {
		case errors.As(err, &retry):
		case err != nil:
			return nil, err
		default:
			w.Captures++
		}
	}
	after := s.saboteur.soFar()
	w.Transfers, w.Bytes = (after.transfers-before.transfers)/n, (after.bytes-before.bytes)/n
	w.Picture, w.Busy = (after.bulk-before.bulk)/n, (after.busy-before.busy)/time.Duration(n)
	if r.Rate > 0 && w.Picture > 0 && w.Busy > 0 {
		w.Limit = time.Duration(float64(w.Picture) / r.Rate * float64(time.Second))
		w.Ratio = float64(w.Busy) / float64(w.Limit)
	}
	return w, nil
}
