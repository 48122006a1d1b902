// Package glyph tells OCR-B characters apart: a small convolutional network over patches
// of 16 by 24 grey values.
//
// The network is two layers of convolution and pooling and two dense layers, about 37,000
// weights, and takes a twentieth of a millisecond for a patch. Its weights are trained by
// boothd/capture/mrz/ocr/train on characters drawn from an OCR-B font, made worse as
// cameras make them worse; no picture of a document was used.
package glyph

import (
	_ "embed"
	"encoding/binary"
	"fmt"
	"math"
)

// Alphabet holds the characters of the machine-readable zone (ICAO 9303-3 §4.3) in the
// order of the classes; the class after them is [None].
const Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<"

const (
	None    = len(Alphabet) // no character, or none in the patch's middle
	Classes = None + 1
)

// A patch shows one character in its middle and a little of its neighbours.
const (
	Width  = 16 // pixels
	Height = 24
	// Across is the part of the line that a patch is wide, in pitches: the distance of
	// two neighbours' middles.
	Across = 1.2
	// Down is the part of the page that a patch is high, in heights of a capital letter.
	Down = 1.5
)

// Patch holds grey values row by row, dark below and bright above zero; see
// [Patch.Normalise].
type Patch [Width * Height]float32

// Normalise brings the grey values to mean 0 and deviation 1. Patches without any contrast
// stay near zero.
func (p *Patch) Normalise() {
	var sum, squares float32
	for _, v := range p {
		sum += v
		squares += v * v
	}
	mean := sum / float32(len(p))
	variance := max(0, squares/float32(len(p))-mean*mean)
	scale := 1 / (float32(math.Sqrt(float64(variance))) + leastDeviation)
	for i := range p {
		p[i] = (p[i] - mean) * scale
	}
}

// leastDeviation is added to the deviation of a patch, in grey values of 0 to 255.
const leastDeviation = 2

// Scores are the natural logarithms of the classes' probabilities.
type Scores [Classes]float32

// Best returns the class with the highest score.
func (s *Scores) Best() int {
	best := 0
	for c, v := range s {
		if v > s[best] {
			best = c
		}
	}
	return best
}

// Sizes of the network's layers.
const (
	Maps1  = 8  // of the first convolution
	Maps2  = 16 // of the second
	Width1 = Width / 2
	Tall1  = Height / 2
	Width2 = Width1 / 2
	Tall2  = Tall1 / 2
	Pooled = Maps2 * Width2 * Tall2
	Hidden = 80
)

// Net holds the weights.
type Net struct {
	Conv1  [Maps1][9]float32
	Bias1  [Maps1]float32
	Conv2  [Maps2][Maps1][9]float32
	Bias2  [Maps2]float32
	Dense  [Hidden][Pooled]float32
	BiasD  [Hidden]float32
	Output [Classes][Hidden]float32
	BiasO  [Classes]float32

	tiles1 [Maps1]tile
	tiles2 [Maps2][Maps1]tile
}

// Prepare must be called when convolutions' weights were changed, before [Net.Classify].
func (n *Net) Prepare() {
	for i := range n.Conv1 {
		n.tiles1[i].kernel(&n.Conv1[i])
	}
	for i := range n.Conv2 {
		for k := range n.Conv2[i] {
			n.tiles2[i][k].kernel(&n.Conv2[i][k])
		}
	}
}

//go:embed weights.bin
var weights []byte

// Trained returns the network with the weights that come with the program.
func Trained() (*Net, error) {
	n := new(Net)
	if err := n.UnmarshalBinary(weights); err != nil {
		return nil, fmt.Errorf("weights of the recogniser: %w", err)
	}
	return n, nil
}

// Layers lists the weights, layer by layer, as they are stored.
func (n *Net) Layers() [][]float32 {
	var all [][]float32
	for i := range n.Conv1 {
		all = append(all, n.Conv1[i][:])
	}
	all = append(all, n.Bias1[:])
	for i := range n.Conv2 {
		for j := range n.Conv2[i] {
			all = append(all, n.Conv2[i][j][:])
		}
	}
	all = append(all, n.Bias2[:])
	for i := range n.Dense {
		all = append(all, n.Dense[i][:])
	}
	all = append(all, n.BiasD[:])
	for i := range n.Output {
		all = append(all, n.Output[i][:])
	}
	return append(all, n.BiasO[:])
}

// MarshalBinary returns the weights as little-endian 32-bit floating-point numbers.
func (n *Net) MarshalBinary() ([]byte, error) {
	var b []byte
	for _, layer := range n.Layers() {
		for _, w := range layer {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(w))
		}
	}
	return b, nil
}

// UnmarshalBinary takes the weights that MarshalBinary returned.
func (n *Net) UnmarshalBinary(b []byte) error {
	layers := n.Layers()
	count := 0
	for _, layer := range layers {
		count += len(layer)
	}
	if len(b) != 4*count {
		return fmt.Errorf("%d bytes, want %d", len(b), 4*count)
	}
	for _, layer := range layers {
		for i := range layer {
			layer[i] = math.Float32frombits(binary.LittleEndian.Uint32(b))
			b = b[4:]
		}
	}
	n.Prepare()
	return nil
}
