package usb

import "errors"

// ErrStall is matched by the error of a transfer that the device refused: its endpoint
// answered STALL (USB 2.0 §8.4.5), for a control transfer because it does not know the
// request.
var ErrStall = errors.New("endpoint stalled")
