// Command train makes the weights of the recogniser in boothd/capture/mrz/ocr/glyph.
//
//	go run ./capture/mrz/ocr/train
//
// It draws OCR-B characters with the fonts of Debian's package fonts-ocr-b, makes them
// worse in chance ways, shows each once to the network and writes the weights. The same
// seed gives the same weights on the same processor architecture, however many cores it has.
//
// The weights in the repository were made from 400,000 samples before fine curves, discs of
// lenses out of focus and the edges of shadows were among what makes samples worse, and
// before the network added its terms in today's order.
package main

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"

	"boothd/capture/mrz/ocr/drawn"
	"boothd/capture/mrz/ocr/glyph"
)

func main() {
	s := settings{}
	flag.StringVar(&s.out, "out", "capture/mrz/ocr/glyph/weights.bin", "the file to write")
	flag.StringVar(&s.from, "from", "", "the weights to go on from; none: chance ones")
	flag.StringVar(&s.fonts, "fonts", drawn.FontFolder, "the folder of the OCR-B fonts")
	flag.Uint64Var(&s.seed, "seed", 1, "decides every chance")
	flag.IntVar(&s.samples, "samples", 500_000, "how many characters to draw")
	flag.Float64Var(&s.rate, "rate", 0.002, "the first learning rate; it falls to a hundredth")
	flag.Parse()
	if err := s.run(); err != nil {
		fmt.Fprintln(os.Stderr, "train:", err)
		os.Exit(1)
	}
}

type settings struct {
	out, from, fonts string
	seed             uint64
	samples          int
	rate             float64
}

const (
	batch  = 32
	report = 25_000 // samples between two lines of progress
)

func (s *settings) run() error {
	font, err := drawn.Load(s.fonts)
	if err != nil {
		return err
	}
	l := new(learner)
	if err := s.begin(&l.net); err != nil {
		return err
	}
	var loss float64
	right, seen, told := 0, 0, 0
	for samples, err := range s.batches(font) {
		if err != nil {
			return err
		}
		for i := range samples {
			loss += l.learn(&samples[i].patch, samples[i].class)
			if l.trace.Scores.Best() == samples[i].class {
				right++
			}
		}
		seen += len(samples)
		done := float64(seen) / float64(s.samples)
		l.step(s.rate*(0.01+0.99*(1+math.Cos(math.Pi*done))/2), len(samples))
		if count := seen - told; count >= report {
			fmt.Printf("%d samples: loss %.4f, right %.2f %%\n", seen, loss/float64(count), 100*float64(right)/float64(count))
			loss, right, told = 0, 0, seen
			if err := s.write(&l.net); err != nil {
				return err
			}
		}
	}
	return s.write(&l.net)
}

func (s *settings) write(n *glyph.Net) error {
	b, err := n.MarshalBinary()
	if err != nil {
		return err
	}
	if err := os.WriteFile(s.out, b, 0o644); err != nil {
		return fmt.Errorf("write weights: %w", err)
	}
	return nil
}

// begin reads the weights to go on from, or takes chance ones.
func (s *settings) begin(n *glyph.Net) error {
	if s.from == "" {
		begin(n, rand.New(rand.NewPCG(s.seed, 1)))
		return nil
	}
	b, err := os.ReadFile(s.from)
	if err != nil {
		return fmt.Errorf("read weights: %w", err)
	}
	if err := n.UnmarshalBinary(b); err != nil {
		return fmt.Errorf("read weights %s: %w", s.from, err)
	}
	return nil
}

// begin gives the weights chance values of a size that fits their layer (He and others,
// 2015). Biases begin at 0.
func begin(n *glyph.Net, rng *rand.Rand) {
	set := func(w []float32, inputs int) {
		for i := range w {
			w[i] = float32(rng.NormFloat64() * math.Sqrt(2/float64(inputs)))
		}
	}
	for i := range n.Conv1 {
		set(n.Conv1[i][:], 9)
	}
	for i := range n.Conv2 {
		for j := range n.Conv2[i] {
			set(n.Conv2[i][j][:], 9*glyph.Maps1)
		}
	}
	for i := range n.Dense {
		set(n.Dense[i][:], glyph.Pooled)
	}
	for i := range n.Output {
		set(n.Output[i][:], glyph.Hidden)
	}
	n.Prepare()
}
