package gallery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"boothd/internal/sqlite"
)

// MaxFound is how many entries one question may find.
const MaxFound = 256

// Found is what a list holds for some keys, all of one version.
type Found struct {
	Info    Info
	Entries []*Entry
	// Damaged is how many rows that could have held an answer could not be read.
	Damaged int
	// More is set if more than MaxFound entries were found.
	More bool
}

// Find looks up all keys in one version of the list. The error is ErrAbsent, ErrErased or
// ErrDamaged if the list as a whole cannot be asked.
func (g *Gallery) Find(ctx context.Context, list string, keys []Key) (Found, error) {
	found, err := g.find(ctx, list, keys)
	if errors.Is(err, errSecretsGone) { // a new version may have come at this very moment
		found, err = g.find(ctx, list, keys)
	}
	if errors.Is(err, ErrDamaged) || sqlite.IsCorrupt(err) || found.Damaged > 0 {
		g.noteDamage(list)
		found.Info.Damaged = true
	}
	return found, err
}

var errSecretsGone = fmt.Errorf("%w: no key file", ErrDamaged)

func (g *Gallery) find(ctx context.Context, list string, keys []Key) (Found, error) {
	conn, err := g.database().read.Conn(ctx)
	if err != nil {
		return Found{}, err
	}
	defer conn.Close()
	// A transaction of database/sql would take the write lock (see internal/sqlite).
	if _, err := conn.ExecContext(ctx, "BEGIN"); err != nil {
		return Found{}, err
	}
	defer conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
	s, err := g.state(ctx, conn, list)
	if err != nil {
		return Found{}, err
	}
	x, err := g.askable(s)
	if err != nil {
		return Found{}, err
	}
	f := Found{Info: g.info(s)}
	numbers, err := f.lookup(ctx, conn, x, s, keys)
	if err != nil {
		return Found{}, err
	}
	return f, f.read(ctx, conn, x, s, numbers)
}

// lookup returns the numbers of the entries that the keys find, each once.
func (f *Found) lookup(ctx context.Context, q querier, x *secrets, s *state, keys []Key) ([]uint32, error) {
	var numbers []uint32
	for _, k := range keys {
		d := x.digest(k)
		slots, err := readBucket(ctx, q, x, s.row(d.bucket(s.Buckets)))
		switch {
		case errors.Is(err, ErrDamaged):
			f.Damaged++
			continue
		case err != nil:
			return nil, err
		}
		for _, slot := range slots {
			if slot.key == d && !slices.Contains(numbers, slot.entry) {
				numbers = append(numbers, slot.entry)
			}
		}
	}
	if len(numbers) > MaxFound {
		f.More = true
		numbers = numbers[:MaxFound]
	}
	return numbers, nil
}

func (f *Found) read(ctx context.Context, q querier, x *secrets, s *state, numbers []uint32) error {
	for _, n := range numbers {
		e, err := readEntry(ctx, q, x, s.row(n))
		switch {
		case errors.Is(err, ErrDamaged):
			f.Damaged++
			continue
		case err != nil:
			return err
		}
		f.Entries = append(f.Entries, e)
	}
	return nil
}

func readEntry(ctx context.Context, q querier, x *secrets, number int64) (*Entry, error) {
	plaintext, err := readSealed(ctx, q, "SELECT sealed FROM entries WHERE number = ?", number, func(box []byte) ([]byte, error) {
		return open(x.entries, x.list, number, box)
	})
	if err != nil {
		return nil, fmt.Errorf("entry: %w", err)
	}
	var e Entry
	if err := json.Unmarshal(plaintext, &e); err != nil {
		return nil, ErrDamaged
	}
	return &e, nil
}

// Health is what a look at every row of a list found.
type Health struct {
	Entries int // that can be read and found
	Damaged int // rows that cannot
}

// Check reads the whole list and proves that each of its entries can be read, and found by
// every key it should be found by.
func (g *Gallery) Check(ctx context.Context, list string) (Health, error) {
	conn, err := g.database().read.Conn(ctx)
	if err != nil {
		return Health{}, err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "BEGIN"); err != nil {
		return Health{}, err
	}
	defer conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
	s, err := g.state(ctx, conn, list)
	if err != nil {
		return Health{}, err
	}
	x, err := g.askable(s)
	if err != nil {
		return Health{}, err
	}
	h, err := checkRows(ctx, conn, x, s)
	if h.Damaged > 0 {
		g.noteDamage(list)
	}
	return h, err
}

func checkRows(ctx context.Context, q querier, x *secrets, s *state) (Health, error) {
	var h Health
	index := map[slot]bool{}
	for b := range s.Buckets {
		slots, err := readBucket(ctx, q, x, s.row(b))
		switch {
		case errors.Is(err, ErrDamaged):
			h.Damaged++
		case err != nil:
			return h, err
		}
		for _, slot := range slots {
			index[slot] = true
		}
	}
	entries := map[uint32]bool{}
	for slot := range index {
		entries[slot.entry] = true
	}
	for n := range entries {
		e, err := readEntry(ctx, q, x, s.row(n))
		switch {
		case errors.Is(err, ErrDamaged):
			h.Damaged++
			continue
		case err != nil:
			return h, err
		}
		if !findable(e, x, index, n) || !readable(e.Fingers) {
			h.Damaged++
			continue
		}
		h.Entries++
	}
	if h.Damaged == 0 && h.Entries != s.Entries {
		h.Damaged++
	}
	return h, nil
}

func readable(fingers []FingerTemplate) bool {
	for _, f := range fingers {
		if _, _, err := f.Read(); err != nil {
			return false
		}
	}
	return true
}

func findable(e *Entry, x *secrets, index map[slot]bool, n uint32) bool {
	for _, k := range keysOf(e) {
		if !index[slot{x.digest(k), n}] {
			return false
		}
	}
	return true
}
