package register

import (
	"context"
	"database/sql"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"boothd/localmatch/finger/index"
	"boothd/localmatch/gallery"
)

// prints are a system's fingers in memory.
type prints struct {
	turn   chan struct{} // holds one while somebody changes what follows
	memory int64         // for how many changes it is told what is gone

	index   *index.Index // nil before the first time
	added   int64        // the entries up to this number are in
	dropped int64        // what was gone up to this change is out
	damaged map[int64]bool
}

const (
	defaultMemory = 1_000_000
	printBatch    = 256 // entries read at once; adding them takes less than a second
)

func newPrints() *prints {
	return &prints{turn: make(chan struct{}, 1), memory: defaultMemory}
}

// fingers is a system's fingers as a search sees them.
type fingers struct {
	index   *index.Index
	persons int
	damaged int
}

// catchUp takes over what was changed since the last time, by whichever instance. Without a
// change it costs one read of one row. What was replaced comes before it goes, so that a
// search beside it misses nobody. A database that went back, because a backup or a copy that
// lagged took its place, is read anew if a search meets it before it has come as far again.
func (r *Register) catchUp(ctx context.Context) (fingers, error) {
	var f fingers
	seq, err := r.changes(ctx, &f)
	if err != nil {
		return f, err
	}
	p := r.prints
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return f, ctx.Err()
	}
	if seq < max(p.added, p.dropped) { // another search took over more meanwhile, or the database went back
		if seq, err = r.changes(ctx, &f); err != nil {
			return f, err
		}
	}
	back := seq < max(p.added, p.dropped)
	if p.index == nil || back || p.dropped < seq-p.memory { // what is gone since may be forgotten
		p.index, p.added, p.dropped, p.damaged = index.New(), 0, seq, map[int64]bool{}
	}
	if err := r.addPrints(ctx, seq); err != nil {
		return f, fmt.Errorf("read fingers: %w", err)
	}
	if err := r.dropPrints(ctx, seq); err != nil {
		return f, fmt.Errorf("read fingers: %w", err)
	}
	f.index, f.damaged = p.index, len(p.damaged)
	return f, nil
}

// changes reads the number of the last change, and how many persons have fingers.
func (r *Register) changes(ctx context.Context, f *fingers) (seq int64, err error) {
	err = r.db.QueryRowContext(ctx, r.tables.sql("SELECT seq, prints FROM @state WHERE one = 1")).Scan(&seq, &f.persons)
	return seq, err
}

// numbered is an entry as it lies in the table.
type numbered struct {
	num   int64
	entry []byte
}

// addPrints adds the entries with fingers that are there, at least up to the number. Those
// beyond it are not left for later: somebody of a lower number may have been replaced by
// them since the number was read. It holds the turn.
func (r *Register) addPrints(ctx context.Context, upTo int64) error {
	p := r.prints
	for p.added < upTo {
		all, err := numberedEntries(ctx, r.db, r.tables.sql(`SELECT e.num, e.entry FROM @print p JOIN @entry e ON e.num = p.num
			WHERE p.num > $1 ORDER BY p.num LIMIT $2`), p.added, printBatch)
		if err != nil {
			return err
		}
		p.addAll(all)
		if len(all) > 0 {
			p.added = all[len(all)-1].num
		}
		if len(all) < printBatch {
			p.added = max(p.added, upTo)
		}
	}
	return nil
}

func numberedEntries(ctx context.Context, q querier, text string, args ...any) ([]numbered, error) {
	rows, err := q.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []numbered
	for rows.Next() {
		var n numbered
		if err := rows.Scan(&n.num, &n.entry); err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	return all, rows.Err()
}

// addAll adds on all cores. It is not cut short: an entry that is added twice would count
// twice.
func (p *prints) addAll(all []numbered) {
	faults := make([]error, len(all))
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(all)) {
		wait.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(all)); i = next.Add(1) - 1 {
				faults[i] = addTo(p.index, &all[i])
			}
		})
	}
	wait.Wait()
	for i, err := range faults {
		if err != nil {
			p.damaged[all[i].num] = true
		}
	}
}

func addTo(x *index.Index, n *numbered) error {
	e, err := decode(n.entry)
	if err != nil {
		return err
	}
	for i := range e.Fingers {
		position, t, err := e.Fingers[i].Read()
		if err == nil {
			err = x.Add(uint64(n.num), position, t)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// dropPrints takes out what was gone up to the change, and nothing that went later, for what
// replaced that may not be in yet. It holds the turn.
func (r *Register) dropPrints(ctx context.Context, upTo int64) error {
	p := r.prints
	if p.dropped >= upTo {
		return nil
	}
	nums, err := rowNumbers(ctx, r.db, r.tables.sql("SELECT num FROM @gone WHERE seq > $1 AND seq <= $2"), []any{p.dropped, upTo})
	if err != nil {
		return err
	}
	keys := make([]uint64, len(nums))
	for i, num := range nums {
		keys[i] = uint64(num)
		delete(p.damaged, num)
	}
	p.index.Remove(keys...)
	p.dropped = upTo
	return nil
}

// entriesAt reads the entries with the numbers, those that are there. It costs one statement
// also for none.
func entriesAt(ctx context.Context, db *sql.DB, t tables, nums []int64) (entries map[int64]*gallery.Entry, damaged int, err error) {
	nums = append([]int64{0}, nums...) // which no entry has
	all, err := numberedEntries(ctx, db, t.sql("SELECT num, entry FROM @entry WHERE num IN "+list(len(nums))), anys(nums)...)
	if err != nil {
		return nil, 0, err
	}
	entries = make(map[int64]*gallery.Entry, len(all))
	for _, n := range all {
		if entries[n.num], err = decode(n.entry); err != nil {
			damaged++
		}
	}
	return entries, damaged, nil
}
