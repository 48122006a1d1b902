package itl

import (
	"testing"
	"time"
)

// tenFingers is a search with ten fingers of 20 KB each.
func tenFingers(b *testing.B) *Transaction {
	s := Search{Header: header(V2013), At: time.Unix(1772323200, 0)}
	for i := range 10 {
		s.Fingers = append(s.Fingers, Finger{
			Position: Position(i + 1), DPI: 500, NFIQ: 1, Image: Image{500, 600, WSQ, make([]byte, 20_000)},
		})
	}
	t, err := s.Type14()
	if err != nil {
		b.Fatal(err)
	}
	return t
}

func BenchmarkRead(b *testing.B) {
	file, err := tenFingers(b).MarshalBinary()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		if _, err := Read(file); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendBinary(b *testing.B) {
	t := tenFingers(b)
	var file []byte
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if file, err = t.AppendBinary(file[:0]); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(len(file)))
}
