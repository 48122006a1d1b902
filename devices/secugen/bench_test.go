package secugen

import "testing"

// BenchmarkPicture makes the recorded finger's picture.
func BenchmarkPicture(b *testing.B) {
	r := loadRecording(b)
	c, err := parseCalibration(r.blob)
	if err != nil {
		b.Fatal(err)
	}
	for _, bb := range []struct {
		name      string
		distorted bool
	}{{"straight", false}, {"distorted", true}} {
		b.Run(bb.name, func(b *testing.B) {
			d := newDeveloper(c, bb.distorted)
			frame := make([]byte, framePixels)
			b.SetBytes(framePixels)
			b.ReportAllocs()
			for b.Loop() {
				copy(frame, r.frames[2])
				d.develop(frame)
			}
		})
	}
}

// BenchmarkLook judges a frame of the time before a finger comes, five of which come in a second.
func BenchmarkLook(b *testing.B) {
	s := &Scanner{frame: loadRecording(b).frames[1], length: frameLen, filled: true}
	s.glass.learn(s.frame)
	b.SetBytes(framePixels)
	b.ReportAllocs()
	for b.Loop() {
		if err := s.check(); err != nil {
			b.Fatal(err)
		}
		s.glass.judge(s.frame, s.glass.look(s.frame))
	}
}
