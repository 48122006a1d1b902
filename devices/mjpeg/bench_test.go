package mjpeg

import (
	"bytes"
	"fmt"
	"io"
	"testing"
)

// BenchmarkParts reads a stream of 100 KB pictures, as is done all day while nobody asks.
func BenchmarkParts(b *testing.B) {
	picture := bytes.Repeat([]byte("0123456789abcdef\xff\x00\n\n"), 5000)
	for name, length := range map[string]string{"with lengths": fmt.Sprintf("Content-Length: %d\r\n", len(picture)), "without": ""} {
		b.Run(name, func(b *testing.B) {
			part := fmt.Appendf(nil, "--frame\r\nContent-Type: image/jpeg\r\n%s\r\n%s\r\n", length, picture)
			r := bytes.NewReader(part)
			p := newPartReader(endless{r}, "frame")
			b.SetBytes(int64(len(part)))
			for b.Loop() {
				if err := p.next(); err != nil {
					b.Fatal(err)
				}
				if body, err := p.body(); err != nil || len(body) != len(picture) {
					b.Fatal(len(body), err)
				}
			}
		})
	}
}

// endless starts again at its end.
type endless struct{ *bytes.Reader }

func (e endless) Read(b []byte) (int, error) {
	n, err := e.Reader.Read(b)
	if err == io.EOF {
		e.Reader.Seek(0, io.SeekStart)
		return e.Reader.Read(b)
	}
	return n, err
}
