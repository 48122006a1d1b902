//go:build linux && cgo && (amd64 || arm64)

package main

import "image/color"

// fromYCC makes red, green and blue of luma and two chromas.
func fromYCC(pix []byte) {
	for i := 0; i+2 < len(pix); i += 3 {
		pix[i], pix[i+1], pix[i+2] = color.YCbCrToRGB(pix[i], pix[i+1], pix[i+2])
	}
}
