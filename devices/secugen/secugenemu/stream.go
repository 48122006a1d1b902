package secugenemu

import (
	"bytes"
	"context"
	"time"

	"boothd/devices/usb"
)

// Read implements usbip.Device. A transfer that a frame does not fill ends early; nothing follows
// a frame until the stream was stopped.
func (s *Scanner) Read(ctx context.Context, endpoint uint8, buf []byte) (int, error) {
	if endpoint != endpointFrame {
		return 0, usb.ErrStall
	}
	n, last := 0, false
	var err error
	waitErr := s.until(ctx, func() bool {
		if !s.streaming || s.exposed == nil {
			return false
		}
		n, last, err = s.send(buf)
		return n > 0 || last || err != nil
	})
	if waitErr != nil {
		return 0, waitErr
	}
	if err != nil {
		return 0, err
	}
	return n, wait(ctx, ReadTime*time.Duration(len(buf))/65536)
}

// send moves the next part of the exposed frame into buf, and says whether the frame ended in it.
func (s *Scanner) send(buf []byte) (n int, ended bool, err error) {
	if s.sending == nil {
		if s.fails(Silence) {
			s.exposed = nil
			return 0, false, nil
		}
		if s.fails(Stall) {
			s.exposed = nil
			return 0, false, usb.ErrStall
		}
		s.sending = bytes.NewReader(s.spoil(s.exposed))
	}
	n, _ = s.sending.Read(buf)
	ended = s.sending.Len() == 0
	if ended {
		s.exposed, s.sending = nil, nil
	}
	return n, ended, nil
}

// complete fills the last packet of a frame up with black video.
func complete(pixels []byte) []byte { return append(pixels, blanking(frameLen-len(pixels))...) }

func blanking(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = [2]byte{0x80, 0x10}[i%2]
	}
	return b
}
