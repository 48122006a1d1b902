package mjpeg

import (
	"bytes"
	"errors"
	"fmt"
	"image/jpeg"
	"time"

	"boothd/devices"
)

// maxSide is the greatest width and height of a picture, in pixels. A JPEG of the whole
// square would take 64 MiB as grey pixels.
const maxSide = 8192

// maxTail is how many bytes may follow the end of a picture.
const maxTail = 4096

var (
	startOfImage = []byte{0xff, 0xd8}
	endOfImage   = []byte{0xff, 0xd9}
)

// newFrame copies a whole JPEG file out of data.
func newFrame(data []byte, at time.Time) (*devices.Frame, error) {
	if len(data) > maxPart {
		return nil, fmt.Errorf("it has more than %d bytes", maxPart)
	}
	if !bytes.HasPrefix(data, startOfImage) {
		return nil, errors.New("it does not begin as a JPEG")
	}
	end := bytes.LastIndex(data, endOfImage) + len(endOfImage)
	if end < 2*len(endOfImage) || len(data)-end > maxTail {
		return nil, errors.New("it does not end as a JPEG")
	}
	config, err := jpeg.DecodeConfig(bytes.NewReader(data[:end]))
	if err != nil {
		return nil, fmt.Errorf("it is not a JPEG: %w", err)
	}
	if config.Width < 1 || config.Height < 1 || config.Width > maxSide || config.Height > maxSide {
		return nil, fmt.Errorf("it is %d by %d pixels", config.Width, config.Height)
	}
	return &devices.Frame{JPEG: bytes.Clone(data[:end]), Width: config.Width, Height: config.Height, At: at}, nil
}
