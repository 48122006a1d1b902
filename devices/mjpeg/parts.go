package mjpeg

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"boothd/devices/jpegfile"
)

// The limits of a stream.
const (
	maxPart     = jpegfile.MaxBytes
	maxBetween  = 1 << 20  // bytes before and between parts
	maxHeader   = 16 << 10 // bytes of a part's header
	maxBoundary = 200
)

// errStream is matched by the errors that are about what the camera sent.
var errStream = errors.New("not a usable stream of pictures")

// boundaryOf finds the boundary of a multipart content type, without the dashes around it.
// The parameter is cut out by hand because cameras do not quote what must be quoted.
func boundaryOf(contentType string) (string, error) {
	const name = "boundary="
	at := strings.Index(strings.ToLower(contentType), name)
	if at < 0 || !strings.HasPrefix(strings.ToLower(strings.TrimSpace(contentType)), "multipart/") {
		return "", fmt.Errorf("content type %.100q: %w", contentType, errStream)
	}
	boundary, _, _ := strings.Cut(contentType[at+len(name):], ";")
	boundary = strings.Trim(strings.Trim(strings.TrimSpace(boundary), `"`), "-")
	if boundary == "" || len(boundary) > maxBoundary {
		return "", fmt.Errorf("boundary of %d characters: %w", len(boundary), errStream)
	}
	return boundary, nil
}

// partReader splits a stream into parts. Use next and body in turns.
type partReader struct {
	r        *bufio.Reader
	boundary []byte
	at       bool // the boundary of the next part has been read
	length   int  // of the part's body, -1 if the camera does not say
	jpeg     bool // the part says that it is a JPEG, or nothing
	buf      []byte
}

func newPartReader(r io.Reader, boundary string) *partReader {
	return &partReader{r: bufio.NewReaderSize(r, 64<<10), boundary: []byte(boundary)}
}

// next reads on to the body of the next part. At the end of the stream it returns io.EOF.
func (p *partReader) next() error {
	for left, whole := maxBetween, true; !p.at; {
		line, err := p.chunk()
		if err != nil {
			return err
		}
		// A line longer than the buffer comes in chunks, of which the later are no lines.
		p.at = whole && p.isBoundary(line)
		whole = bytes.HasSuffix(line, []byte("\n"))
		if left -= len(line); left < 0 {
			return fmt.Errorf("no boundary within %d bytes: %w", maxBetween, errStream)
		}
	}
	p.at = false
	return p.header()
}

// header reads the header of a part.
func (p *partReader) header() error {
	p.length, p.jpeg = -1, true
	for left := maxHeader; ; {
		line, err := p.chunk()
		if err != nil {
			return err
		}
		if left -= len(line); left < 0 {
			return fmt.Errorf("a part's header of more than %d bytes: %w", maxHeader, errStream)
		}
		name, value, _ := strings.Cut(string(bytes.TrimSpace(line)), ":")
		switch value = strings.TrimSpace(value); strings.ToLower(name) {
		case "":
			return nil
		case "content-type":
			p.jpeg = isJPEG(value)
		case "content-length":
			n, err := strconv.Atoi(value)
			if err != nil || n < 0 || n > maxPart {
				return fmt.Errorf("a part of %.20q bytes: %w", value, errStream)
			}
			p.length = n
		}
	}
}

// body reads the body of a part. It is valid until the next call.
func (p *partReader) body() ([]byte, error) {
	p.buf = p.buf[:0]
	if p.length >= 0 {
		if cap(p.buf) < p.length {
			p.buf = make([]byte, 0, p.length)
		}
		p.buf = p.buf[:p.length]
		_, err := io.ReadFull(p.r, p.buf)
		return p.buf, err
	}
	for whole := true; ; {
		line, err := p.chunk()
		if err != nil {
			return nil, err
		}
		if whole && p.isBoundary(line) {
			p.at = true
			return bytes.TrimSuffix(bytes.TrimSuffix(p.buf, []byte("\n")), []byte("\r")), nil
		}
		whole = bytes.HasSuffix(line, []byte("\n"))
		if len(p.buf)+len(line) > maxPart {
			return nil, fmt.Errorf("a part of more than %d bytes: %w", maxPart, errStream)
		}
		p.buf = append(p.buf, line...)
	}
}

// chunk reads a line with its end, or as much of one as the buffer holds.
func (p *partReader) chunk() ([]byte, error) {
	line, err := p.r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		err = nil
	}
	return line, err
}

// isBoundary tells a boundary by its text, whatever dashes are around it.
func (p *partReader) isBoundary(line []byte) bool {
	return bytes.Equal(bytes.Trim(bytes.TrimRight(line, " \t\r\n"), "-"), p.boundary)
}
