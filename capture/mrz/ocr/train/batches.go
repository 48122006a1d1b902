package main

import (
	"iter"
	"math/rand/v2"
	"runtime"

	"boothd/capture/mrz/ocr/drawn"
	"boothd/capture/mrz/ocr/glyph"
)

// sample is a patch and what it shows.
type sample struct {
	patch glyph.Patch
	class int
}

// drawnBatch is a batch, or why there is none.
type drawnBatch struct {
	samples []sample
	err     error
}

// batches draws the samples with every core. Each batch has its own chances and they come
// in order, so that the network does not depend on the number of cores.
func (s *settings) batches(font *drawn.Font) iter.Seq2[[]sample, error] {
	return func(yield func([]sample, error) bool) {
		workers := make([]chan drawnBatch, runtime.GOMAXPROCS(0))
		stop := make(chan struct{})
		defer func() {
			close(stop)
			for _, w := range workers {
				for range w { // until it is closed
				}
			}
		}()
		count := s.samples / batch
		for first := range workers {
			workers[first] = make(chan drawnBatch, 4)
			go func() {
				defer close(workers[first])
				for i := first; i < count; i += len(workers) {
					select {
					case workers[first] <- s.batch(font, i):
					case <-stop:
						return
					}
				}
			}()
		}
		for i := range count {
			b := <-workers[i%len(workers)]
			if !yield(b.samples, b.err) || b.err != nil {
				return
			}
		}
	}
}

func (s *settings) batch(font *drawn.Font, number int) drawnBatch {
	rng := rand.New(rand.NewPCG(s.seed, uint64(number)+2))
	b := drawnBatch{samples: make([]sample, batch)}
	for i := range b.samples {
		if b.samples[i].class, b.err = font.Sample(rng, &b.samples[i].patch); b.err != nil {
			return b
		}
	}
	return b
}
