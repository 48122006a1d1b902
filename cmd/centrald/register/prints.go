package register

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"boothd/localmatch/finger/index"
	"boothd/localmatch/gallery"
)

// prints are a system's fingers in memory.
type prints struct {
	mu    sync.Mutex // held while the index is changed
	index *index.Index
	known map[int64]bool // numbers of the entries in the index
	seq   int64          // of the last change that was taken over
}

func newPrints() *prints { return &prints{index: index.New(), known: map[int64]bool{}} }

func (p *prints) persons() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.known)
}

// catchUp takes over what was changed since the last time, by whichever instance. Without a
// change it costs one read of one row.
func (r *Register) catchUp(ctx context.Context) error {
	p := r.prints
	p.mu.Lock()
	defer p.mu.Unlock()
	var next int64
	if err := r.db.QueryRowContext(ctx, r.tables.sql("SELECT seq FROM @next WHERE one = 1")).Scan(&next); err != nil {
		return err
	}
	if next == p.seq+1 {
		return nil
	}
	nums, err := r.changed(ctx, p.seq)
	if err != nil {
		return err
	}
	for _, num := range nums {
		if p.known[num] {
			p.index.Remove(uint64(num))
			delete(p.known, num)
		}
		e, err := r.byNumber(ctx, num)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err == nil {
			err = p.add(num, e)
		}
		if err != nil {
			return fmt.Errorf("index fingers of %s: %w", r.opt.System, err)
		}
	}
	p.seq = next - 1
	return nil
}

// changed returns the numbers of the entries that were changed after seq, each once.
func (r *Register) changed(ctx context.Context, seq int64) ([]int64, error) {
	rows, err := r.db.QueryContext(ctx, r.tables.sql("SELECT DISTINCT num FROM @change WHERE seq > $1 ORDER BY num"), seq)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var nums []int64
	for rows.Next() {
		var num int64
		if err := rows.Scan(&num); err != nil {
			return nil, err
		}
		nums = append(nums, num)
	}
	return nums, rows.Err()
}

// add takes an entry's fingers into the index. The mutex is held.
func (p *prints) add(num int64, e *gallery.Entry) error {
	for i := range e.Fingers {
		position, t, err := e.Fingers[i].Read()
		if err == nil {
			err = p.index.Add(uint64(num), position, t)
		}
		if err != nil {
			return err
		}
		p.known[num] = true
	}
	return nil
}
