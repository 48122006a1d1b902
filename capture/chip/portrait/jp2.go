package portrait

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"os/exec"
	"syscall"
	"time"

	"boothd/capture/chip/portrait/raster"
)

// decodeJP2 has the program decode a JPEG 2000 picture. The program's words are not passed
// on: they may be the picture's.
func (m Maker) decodeJP2(ctx context.Context, data []byte) (image.Image, error) {
	if m.JP2 == "" {
		return nil, fmt.Errorf("JPEG 2000, for which no program is set: %w", errors.ErrUnsupported)
	}
	cmd := exec.CommandContext(ctx, m.JP2)
	cmd.Stdin = bytes.NewReader(data)
	cmd.Env = []string{} // nothing of this process's
	cmd.WaitDelay = time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", m.JP2, err)
	}
	if err := cmd.Start(); err != nil {
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, exec.ErrNotFound) {
			return nil, fmt.Errorf("JPEG 2000, whose program %s is not there: %w", m.JP2, errors.ErrUnsupported)
		}
		return nil, fmt.Errorf("start %s: %w", m.JP2, err)
	}
	picture, readErr := raster.Read(out)
	if readErr != nil {
		out.Close() // a program that goes on writing ends
	}
	if err := cmd.Wait(); err != nil {
		return nil, m.verdict(err)
	}
	if readErr != nil {
		return nil, rasterError(readErr)
	}
	return picture.Image(), nil
}

// verdict returns what the program's end means.
func (m Maker) verdict(err error) error {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return fmt.Errorf("run %s: %w", m.JP2, err)
	}
	switch exit.ExitCode() {
	case raster.ExitDamaged:
		return ErrDamaged
	case raster.ExitTooLarge:
		return ErrTooLarge
	case raster.ExitUnsupported:
		return fmt.Errorf("kind of JPEG 2000: %w", errors.ErrUnsupported)
	case raster.ExitUnconfined:
		return fmt.Errorf("JPEG 2000, whose program cannot be confined on this system: %w", errors.ErrUnsupported)
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() && status.Signal() == syscall.SIGKILL {
		return ErrTooSlow // the bound of its processor time
	}
	// Ended by the bound of its memory, or by an error of the decoder that the picture found.
	return fmt.Errorf("%w: its program ended with %v", ErrDamaged, exit.ProcessState)
}
