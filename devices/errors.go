package devices

import "errors"

// ErrGone is matched by every error that a device returns because it was unplugged or its
// line was cut. The booth waits for a replacement.
var ErrGone = errors.New("device gone")

// ErrBusy is matched by the error of a second attempt to open a device.
var ErrBusy = errors.New("device busy")

// Hint tells the traveller or the officer what to do so that a capture succeeds.
type Hint string

// The hints that devices and quality checks give.
const (
	HintPressLonger  Hint = "press longer"
	HintPressFlat    Hint = "lay the finger flat and centred"
	HintDryFinger    Hint = "dry finger: moisten it"
	HintWetFinger    Hint = "wet finger: wipe it"
	HintHoldStill    Hint = "hold the finger still"
	HintPresentAgain Hint = "present the document again"
)

// RetryError means that the traveller must present again. It is no fault of the device,
// which stays open and usable.
type RetryError struct {
	Hint Hint
	Err  error // what the device saw; may be nil
}

func (e *RetryError) Error() string {
	if e.Err == nil {
		return string(e.Hint)
	}
	return string(e.Hint) + ": " + e.Err.Error()
}

func (e *RetryError) Unwrap() error { return e.Err }
