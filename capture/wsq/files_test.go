package wsq

import (
	"image"
	"slices"
)

// crafted says how a file of made-up coefficients is written.
type crafted struct {
	width, height int
	even          bool // filters of an even number of taps
	interval      int  // coefficients between restart markers; 0 for none
}

// The right halves of the filters of eight taps that NIST's programs can be built with.
var (
	evenLow  = []float64{0.85269867900940344, -0.09789296778409587, -0.12335584105275092, 0.07565691101399093}
	evenHigh = []float64{-0.60328894481393847, 0.18870142780632693, 0.05261415011924844, -0.03226944131446922}
)

func (c crafted) file() []byte {
	l := layOut(c.width, c.height)
	var widths [codedBands]float64
	for i := range widths {
		widths[i] = 6 + float64(i)/10
	}
	out := []byte{0xff, markerStart}
	if c.even {
		out = appendTransform(out, evenLow, evenHigh, 8, 8)
	} else {
		out = appendTransform(out, analysisLow, analysisHigh, 9, 7)
	}
	out = appendQuantizer(out, widths)
	out = appendFrame(out, image.Pt(c.width, c.height), 120, 1)
	for b := range len(blockBands) - 1 {
		var coefficients []int16
		for i := blockBands[b]; i < blockBands[b+1]; i++ {
			for n := range l.bands[i].area() {
				coefficients = append(coefficients, int16((n*i)%5-2))
			}
		}
		out = c.appendBlock(out, byte(b), coefficients)
	}
	return append(out, 0xff, markerEnd)
}

func (c crafted) appendBlock(out []byte, table byte, coefficients []int16) []byte {
	if c.interval == 0 {
		return appendBlocks(out, table, [][]int16{coefficients})
	}
	// The table is that of one block; what is behind it is written anew.
	parts := slices.Collect(slices.Chunk(coefficients, c.interval))
	var occurs [256]int
	for _, p := range parts {
		countSymbols(p, &occurs)
	}
	codes := newCodeWriter(&occurs)
	out = appendCodes(out, table, codes)
	out = append(appendHeader(out, markerBlock, 1), table)
	for i, p := range parts {
		if i > 0 {
			out = append(out, 0xff, markerRestart+byte((i-1)%8))
		}
		out = writeCoefficients(out, p, codes)
	}
	return out
}
