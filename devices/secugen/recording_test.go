package secugen

import (
	"encoding/binary"
	"os"
	"slices"
	"testing"

	"boothd/internal/shareddata"
)

// recording is what the recorded unit sent.
type recording struct {
	blob   []byte
	frames [][]byte // the wide one, the empty glass, the finger
}

// loadRecording reads the answers out of the recording itself: it is a pcapng file of usbmon
// records with a header of 64 bytes (link type 220).
func loadRecording(t testing.TB) *recording {
	t.Helper()
	b, err := os.ReadFile(shareddata.Path(t, "data/usb/secugen/capture.pcapng"))
	if err != nil {
		t.Fatal(err)
	}
	r := new(recording)
	memory := make(map[uint64]bool) // reads of the calibration under way
	var frame []byte
	le := binary.LittleEndian
	for len(b) >= 12 {
		n := le.Uint32(b[4:])
		block := b[:n]
		b = b[n:]
		if le.Uint32(block) != 6 {
			continue
		}
		p := block[28:][:le.Uint32(block[20:])]
		id, kind, transfer, endpoint := le.Uint64(p), p[8], p[9], p[10]
		data := p[64:][:le.Uint32(p[36:])]
		switch {
		case kind == 'S' && transfer == 2 && p[40] == 0xc0 && p[41] == 0x08:
			memory[id] = true
		case kind == 'C' && transfer == 2 && memory[id]:
			delete(memory, id)
			r.blob = append(r.blob, data...)
		case kind == 'C' && transfer == 3 && endpoint == 0x82:
			frame = append(frame, data...)
			if len(frame) == 657920 {
				r.frames = append(r.frames, frame)
				frame = nil
			}
		}
	}
	if len(r.blob) != blobLen || len(r.frames) != 3 {
		t.Fatalf("recording of %d bytes of calibration and %d frames", len(r.blob), len(r.frames))
	}
	return r
}

// finger returns the frame with the finger, for the test to spoil.
func (r *recording) finger() []byte { return slices.Clone(r.frames[2][:framePixels]) }
