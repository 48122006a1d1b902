//go:build !linux || !cgo || !(amd64 || arm64)

// The program boothd-jp2 decodes the JPEG 2000 pictures of travel documents. Built without
// cgo, or for a system whose confinement it does not know, it decodes nothing.
package main

import (
	"fmt"
	"os"

	"boothd/capture/chip/portrait/raster"
)

func main() {
	fmt.Fprintln(os.Stderr, "boothd-jp2: built without a decoder")
	os.Exit(raster.ExitUnconfined)
}
