package outbox

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"boothd/capture"
	"boothd/internal/keys"
)

// BenchResult is a measurement of Bench: medians of its rounds, per second.
type BenchResult struct {
	Writers int
	Records int     // in a round
	Bytes   int     // of a sealed record
	Whole   float64 // records made durable by Record, which seals them first
	Stored  float64 // records made durable that were sealed before
	Raw     float64 // the same bytes overwritten and synced one by one
}

const benchRounds = 5

// Bench measures how many records of a small check become durable in a second, with so
// many writers at once, against plain writing and fdatasync on the same disk. The three
// take turns for five rounds, since disks change their pace. It works in a new folder
// inside dir, which it removes.
func Bench(ctx context.Context, dir string, writers, records int) (r BenchResult, err error) {
	dir, err = os.MkdirTemp(dir, "bench-")
	if err != nil {
		return r, err
	}
	defer os.RemoveAll(dir)
	key, err := keys.GenerateSealing(filepath.Join(dir, "central"))
	if err != nil {
		return r, err
	}
	s, err := Open(ctx, filepath.Join(dir, "booth.db"), Options{Booth: "bench", Central: key.PublicKey(),
		MaxBytes: 1 << 40, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return r, err
	}
	defer s.Close()
	ctx, cancel := context.WithCancel(ctx)
	var upkeep sync.WaitGroup
	upkeep.Go(func() { s.Run(ctx) })
	defer upkeep.Wait()
	defer cancel()
	var whole, stored, raw [benchRounds]float64
	for i := range benchRounds {
		if whole[i], stored[i], raw[i], err = benchRound(ctx, s, filepath.Join(dir, "raw"), writers, records); err != nil {
			return r, err
		}
	}
	st := s.Stats()
	return BenchResult{writers, records, int(st.Bytes / int64(st.Depth)), median(whole), median(stored), median(raw)}, nil
}

func median(v [benchRounds]float64) float64 {
	slices.Sort(v[:])
	return v[benchRounds/2]
}

func benchRound(ctx context.Context, s *Store, path string, writers, records int) (whole, stored, raw float64, err error) {
	if whole, err = benchWriters(ctx, writers, records, func(i int) error {
		return s.Record(ctx, benchRecord(i))
	}); err != nil {
		return
	}
	sealed := make([]*pending, records)
	for i := range sealed {
		if sealed[i], err = s.seal(benchRecord(i)); err != nil {
			return
		}
	}
	if stored, err = benchWriters(ctx, writers, records, func(i int) error { return s.submit(sealed[i]) }); err != nil {
		return
	}
	raw, err = benchRaw(ctx, path, int(sealed[0].size()), records)
	return
}

// benchWriters has so many writers do the work of 0 to n-1 and returns the rate.
func benchWriters(ctx context.Context, writers, n int, do func(i int) error) (float64, error) {
	var next atomic.Int64
	var wg sync.WaitGroup
	errs := make(chan error, writers)
	begin := time.Now()
	for range writers {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				if err := do(i); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	took := time.Since(begin)
	close(errs)
	if err := <-errs; err != nil {
		return 0, err
	}
	return float64(n) / took.Seconds(), ctx.Err()
}

// benchRecord is a record of about 1 KB.
func benchRecord(n int) *capture.Record {
	now := time.Now()
	return &capture.Record{
		ID: fmt.Sprintf("bench-%d", n), Kind: capture.RecordOutcome, Check: fmt.Sprintf("check-%d", n), Booth: "bench",
		Officer: capture.Officer{ID: "officer", Profile: capture.Profile{Name: "first line", Purpose: "border check"}},
		Started: now, At: now,
		Evidence: []capture.Evidence{{ID: "document-1", At: now, Document: &capture.Document{}}},
		Asked:    []capture.Asked{{Evidence: "document-1", Source: "local", Systems: []string{"SIS", "SLTD"}, At: now}},
		Answers: []capture.Answer{
			{Evidence: "document-1", Modality: capture.ModalityDocument, System: "SIS", Source: "local", State: capture.StateNoHit, AsOf: now, At: now},
			{Evidence: "document-1", Modality: capture.ModalityDocument, System: "SLTD", Source: "local", State: capture.StateNoHit, AsOf: now, At: now},
		},
		Recommendation: &capture.Recommendation{Outcome: capture.OutcomeClear},
	}
}

// benchRaw overwrites a file that is there already, piece after piece, syncing each.
func benchRaw(ctx context.Context, path string, size, times int) (float64, error) {
	const pieces = 1024
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	piece := make([]byte, size)
	rand.Read(piece)
	for i := range pieces {
		if _, err := f.WriteAt(piece, int64(i*size)); err != nil {
			return 0, err
		}
	}
	if err := f.Sync(); err != nil {
		return 0, err
	}
	begin := time.Now()
	for i := range times {
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		if _, err := f.WriteAt(piece, int64(i%pieces*size)); err != nil {
			return 0, err
		}
		if err := datasync(f); err != nil {
			return 0, err
		}
	}
	return float64(times) / time.Since(begin).Seconds(), nil
}
