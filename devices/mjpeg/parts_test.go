package mjpeg

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"boothd/devices"
)

// readParts returns the bodies of all parts, and what ended them.
func readParts(r io.Reader, boundary string) (bodies []string, err error) {
	p := newPartReader(r, boundary)
	for {
		if err := p.next(); err != nil {
			return bodies, err
		}
		body, err := p.body()
		if err != nil {
			return bodies, err
		}
		bodies = append(bodies, string(body))
	}
}

func TestAStreamIsSplitIntoItsParts(t *testing.T) {
	tests := []struct {
		name, stream string
		want         []string
		err          error
	}{
		{"with lengths", "--b\r\nContent-Length: 3\r\n\r\none\r\n--b\r\ncontent-length:5\r\n\r\nt\n--b\r\n--b--\r\n", []string{"one", "t\n--b"}, io.EOF},
		{"without lengths", "--b\r\n\r\none\r\n--b\r\n\r\nt\nwo\r\n--b\r\n", []string{"one", "t\nwo"}, io.EOF},
		{"with bare line feeds", "--b\nA: 1\n\none\n--b\n\ntwo\n--b--\n", []string{"one", "two"}, io.EOF},
		{"after a preamble", "hello\r\nworld\r\n--b\r\n\r\none\r\n--b\r\n", []string{"one"}, io.EOF},
		{"with a length that is too small", "--b\r\nContent-Length: 1\r\n\r\none\r\n--b\r\nContent-Length: 3\r\n\r\ntwo\r\n", []string{"o", "two"}, io.EOF},
		{"with an empty body", "--b\r\n\r\n\r\n--b\r\n", []string{""}, io.EOF},
		{"cut in a body with a length", "--b\r\nContent-Length: 9\r\n\r\none", nil, io.ErrUnexpectedEOF},
		{"cut in a body without a length", "--b\r\n\r\none", nil, io.EOF},
		{"cut in a header", "--b\r\nContent-", nil, io.EOF},
		{"with a negative length", "--b\r\nContent-Length: -1\r\n\r\n", nil, errStream},
		{"with a length that is no number", "--b\r\nContent-Length: many\r\n\r\n", nil, errStream},
		{"with a length of 9 MiB", "--b\r\nContent-Length: 9437184\r\n\r\n", nil, errStream},
		{"with a body of 9 MiB", "--b\r\n\r\n" + strings.Repeat("x", 9<<20), nil, errStream},
		{"with a header of 17 KiB", "--b\r\n" + strings.Repeat("A: 1\r\n", 3000), nil, errStream},
		{"with a header line of 100 KiB", "--b\r\nA: " + strings.Repeat("x", 100<<10), nil, errStream},
		{"without a boundary", strings.Repeat("x\n", 1<<20), nil, errStream},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, r := range []io.Reader{strings.NewReader(tt.stream), iotest.HalfReader(strings.NewReader(tt.stream))} {
				got, err := readParts(r, "b")
				if !errors.Is(err, tt.err) {
					t.Errorf("ended with %v; want %v", err, tt.err)
				}
				if strings.Join(got, "|") != strings.Join(tt.want, "|") || len(got) != len(tt.want) {
					t.Errorf("parts %q; want %q", got, tt.want)
				}
			}
		})
	}
}

func TestAStreamWithoutBytesIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		aborted := time.Now()
		s := newStallReader(r, stallLimit, func() {
			aborted = time.Now()
			r.CloseWithError(io.ErrClosedPipe)
		})
		defer s.stop()
		start := time.Now()
		go func() {
			time.Sleep(9 * time.Second) // the bubble's clock
			w.Write([]byte("x"))
		}()
		_, err := io.ReadAll(s)
		if got := aborted.Sub(start); got != 19*time.Second {
			t.Errorf("gave up after %v; want ten seconds after the last byte", got)
		}
		if err := s.why(err); !errors.Is(err, devices.ErrGone) {
			t.Errorf("%v does not match ErrGone", err)
		}
	})
}

func FuzzParts(f *testing.F) {
	f.Add([]byte("--b\r\nContent-Length: 3\r\n\r\none\r\n--b--\r\n"), "b")
	f.Add([]byte("b\n\none\n--b\n"), "--b")
	f.Add([]byte("--b\r\nContent-Type: text/plain\r\n\r\n\r\n"), `"b"`)
	f.Add([]byte("--b\r\nContent-Length: 99999999999999999999\r\n\r\n"), "b; a=1")
	f.Fuzz(func(t *testing.T, stream []byte, parameter string) {
		boundary, err := boundaryOf("multipart/x-mixed-replace; boundary=" + parameter)
		if err != nil {
			return
		}
		p := newPartReader(iotest.HalfReader(bytes.NewReader(stream)), boundary)
		for {
			if p.next() != nil {
				return
			}
			body, err := p.body()
			if err != nil {
				return
			}
			if len(body) > maxPart {
				t.Fatalf("a part of %d bytes", len(body))
			}
			if !bytes.Contains(stream, body) {
				t.Fatal("a part that was not sent")
			}
		}
	})
}
