package seed

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"boothd/cmd/centrald/identity"
	"boothd/sync/system"
)

// FirstPerson is the number of the first traveller of the mass.
const FirstPerson = 1000

// MaxPeople is the largest mass: beyond it the numbers of other identities begin.
const MaxPeople = aliasOffset - FirstPerson

// perBatch is how many people are put in at a time.
const perBatch = 10_000

// People puts in n synthetic people, travellers FirstPerson to FirstPerson+n-1, spread over
// the systems. After each ten thousand it tells how many are done. Cancelled, it leaves what
// it has put in so far; run again, it completes it.
func People(ctx context.Context, s Stores, n int, progress func(done int)) error {
	return people(ctx, &s, n, Prints, progress)
}

// people is People, of whom only the first have prints.
func people(ctx context.Context, s *Stores, n, prints int, progress func(done int)) error {
	if n < 0 || n > MaxPeople {
		return fmt.Errorf("seed: %d people, want 0 to %d", n, MaxPeople)
	}
	plain, err := s.withoutLinks(ctx)
	if err != nil {
		return err
	}
	now := s.now()
	for from := 0; from < n; from += perBatch {
		to := min(from+perBatch, n)
		b, err := deal(ctx, from, to, prints, now)
		if err != nil {
			return err
		}
		repository := s.CIR
		if from >= Linked {
			repository = plain
		}
		if err := b.put(ctx, s, repository); err != nil {
			return err
		}
		if progress != nil {
			progress(to)
		}
	}
	return nil
}

// withoutLinks is the repository without the detector of links; nil if there is none.
func (s *Stores) withoutLinks(ctx context.Context) (*identity.CIR, error) {
	if s.CIR == nil || s.DB == nil || s.Registers[system.CIR] == nil {
		return s.CIR, nil
	}
	return identity.OpenCIR(ctx, s.DB, s.Registers[system.CIR], identity.Options{Now: s.Now})
}

// deal makes the people from one place of the mass to before another, on every core.
func deal(ctx context.Context, from, to, prints int, now time.Time) (*batch, error) {
	made := make([]*person, to-from)
	workers := runtime.GOMAXPROCS(0)
	errs := make([]error, workers)
	var done sync.WaitGroup
	for w := range workers {
		done.Go(func() {
			for i := from + w; i < to && errs[w] == nil; i += workers {
				made[i-from], errs[w] = newPerson(FirstPerson+i, now, i < prints)
				if errs[w] == nil {
					made[i-from].takeFinger()
					errs[w] = ctx.Err()
				}
			}
		})
	}
	done.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	b := newBatch()
	all := groups()
	for i, p := range made {
		var holds []holding
		for g := range all {
			if put := all[g].drawn(from+i, p); put != nil {
				holds = append(holds, put)
			}
		}
		b.add(p, holds...)
	}
	return b, nil
}
