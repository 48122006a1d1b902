//go:build linux && cgo && (amd64 || arm64)

// The scheduler must not look after the number of processors: it may read no more files.
//go:debug updatemaxprocs=0

// The program boothd-jp2 decodes one JPEG 2000 picture, that of a travel document's chip,
// from its standard input to its standard output, as package raster describes. boothd
// starts it for every such picture; it is of no use to people.
//
// The picture's bytes are hostile and the decoder, Debian's libopenjp2, is written in C.
// So before the first of them is decoded the process has bounded its memory, its processor
// time and its files, and has given up all system calls but those it needs to compute and
// to write to its standard output. If the system does not let it, it decodes nothing.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"boothd/capture/chip/portrait/raster"
)

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "boothd-jp2:", err)
		os.Exit(code(err))
	}
}

var errUnconfined = errors.New("cannot give up rights")

func run(in io.Reader, out io.Writer) error {
	if err := limit(); err != nil {
		return fmt.Errorf("%w: %w", errUnconfined, err)
	}
	data, err := io.ReadAll(io.LimitReader(in, raster.MaxInput+1))
	if err != nil {
		return fmt.Errorf("read picture: %w", err)
	}
	if len(data) > raster.MaxInput {
		return raster.ErrLimits
	}
	if err := confine(); err != nil {
		return fmt.Errorf("%w: %w", errUnconfined, err)
	}
	picture, err := decode(data)
	if err != nil {
		return err
	}
	return picture.Write(out)
}

// code returns how the program ends after the error.
func code(err error) int {
	switch {
	case errors.Is(err, errUnconfined):
		return raster.ExitUnconfined
	case errors.Is(err, raster.ErrLimits):
		return raster.ExitTooLarge
	case errors.Is(err, errUnsupported):
		return raster.ExitUnsupported
	case errors.Is(err, errDamaged):
		return raster.ExitDamaged
	}
	return 1
}
