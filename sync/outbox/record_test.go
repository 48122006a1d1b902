package outbox

import (
	"context"
	"errors"
	"sync"
	"testing"

	"boothd/capture/audit"
)

func TestWritersShareTransactions(t *testing.T) {
	c := newCentral(t)
	s := open(t, dbPath(t), c)
	running(t, s.Run)
	d := newSender(t, s, c)
	running(t, d.Run)
	var wg sync.WaitGroup
	for w := range 32 {
		wg.Go(func() {
			for i := range 10 {
				if err := s.Record(context.Background(), record(w*10+i)); err != nil {
					t.Error(err)
				}
				if err := s.Journal(context.Background(), audit.Entry{Kind: audit.KindExport}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	await(t, s, "empty", empty)
	if committed, doubled, _ := c.counts(); committed != 320 || doubled != 0 {
		t.Errorf("committed %d, doubled %d", committed, doubled)
	}
	if r := verified(t, s, c); r.Journal.Entries != 641 {
		t.Errorf("journal has %d entries", r.Journal.Entries)
	}
}

func TestOneEntryAtFaultDoesNotSpoilTheOthersOfItsTransaction(t *testing.T) {
	c := newCentral(t)
	s := open(t, dbPath(t), c)
	s.turn <- struct{}{} // so that all of them come into one transaction
	errs := make([]error, 3)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			if i == 1 {
				errs[i] = s.Journal(context.Background(), audit.Entry{}) // has no kind
			} else {
				errs[i] = s.Record(context.Background(), record(i))
			}
		})
	}
	for waiting := 0; waiting < len(errs); {
		s.mu.Lock()
		waiting = len(s.queue)
		s.mu.Unlock()
	}
	s.release()
	wg.Wait()
	if errs[0] != nil || errs[1] == nil || errs[2] != nil {
		t.Errorf("errors = %v", errs)
	}
	verified(t, s, c)
}

func TestCloseWaitsForRecordsAndRefusesLaterOnes(t *testing.T) {
	c := newCentral(t)
	path := dbPath(t)
	s := open(t, path, c)
	var mu sync.Mutex
	kept := 0
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 1000 {
				err := s.Record(context.Background(), record(w*1000+i))
				if errors.Is(err, ErrClosed) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				kept++
				mu.Unlock()
			}
		})
	}
	await(t, s, "in use", func(st Stats) bool { return st.Depth > 20 })
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	wg.Wait()
	if err := s.Ready(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("Ready = %v", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	s = open(t, path, c)
	if st := s.Stats(); st.Depth != kept {
		t.Errorf("%d records kept, %d were acknowledged", st.Depth, kept)
	}
	verified(t, s, c)
}
