package demo

import (
	"context"
	"time"

	"boothd/devices"
	"boothd/devices/serial"
)

// ReadAnswer reads one answer to a capture from a line.
func ReadAnswer(ctx context.Context, line serial.Line, limit time.Duration) (*devices.FingerImage, error) {
	_, img, err := (&reader{ctx: ctx, line: line}).answer(limit)
	return img, err
}

// ReadModel reads one answer to the question what the scanner is.
func ReadModel(ctx context.Context, line serial.Line) (string, error) {
	return (&reader{ctx: ctx, line: line}).model()
}
