package gallery

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// slot is one lookup key and the number of the entry that it finds.
type slot struct {
	key   digest
	entry uint32
}

const (
	slotSize       = len(digest{}) + 4
	slotsPerBucket = 32 // aimed at; what a lookup reads and opens
	keysPerEntry   = 4  // reckoned with
	maxBuckets     = 1 << 20
)

// bucketsFor returns how many buckets a list of so many entries gets.
func bucketsFor(entries int) uint32 {
	n := uint32(16)
	for n < maxBuckets && int(n)*slotsPerBucket < entries*keysPerEntry {
		n *= 2
	}
	return n
}

func (d digest) bucket(buckets uint32) uint32 {
	return binary.BigEndian.Uint32(d[:]) & (buckets - 1)
}

func encodeSlots(slots []slot) []byte {
	b := make([]byte, 0, len(slots)*slotSize)
	for _, s := range slots {
		b = append(b, s.key[:]...)
		b = binary.BigEndian.AppendUint32(b, s.entry)
	}
	return b
}

func decodeSlots(b []byte) ([]slot, error) {
	if len(b)%slotSize != 0 {
		return nil, ErrDamaged
	}
	slots := make([]slot, 0, len(b)/slotSize)
	for ; len(b) > 0; b = b[slotSize:] {
		slots = append(slots, slot{digest(b), binary.BigEndian.Uint32(b[len(digest{}):])})
	}
	return slots, nil
}

// readBucket reads a bucket as it is on disk. A row that is missing or does not open is
// ErrDamaged.
func readBucket(ctx context.Context, q querier, x *secrets, number int64) ([]slot, error) {
	plaintext, err := readSealed(ctx, q, "SELECT sealed FROM buckets WHERE number = ?", number, func(box []byte) ([]byte, error) {
		return open(x.buckets, x.list, number, box)
	})
	if err != nil {
		return nil, fmt.Errorf("bucket: %w", err)
	}
	return decodeSlots(plaintext)
}

func readSealed(ctx context.Context, q querier, query string, number int64, open func([]byte) ([]byte, error)) ([]byte, error) {
	var box []byte
	err := q.QueryRowContext(ctx, query, number).Scan(&box)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, ErrDamaged
	case err != nil:
		return nil, err
	}
	plaintext, err := open(box)
	if err != nil {
		return nil, ErrDamaged
	}
	return plaintext, nil
}

// index is the buckets of a list while it is being changed: read when first needed, held
// in memory, written at the end.
type index struct {
	tx      querier
	secrets *secrets
	state   *state
	fresh   bool // a new generation: there is nothing to read
	buckets map[uint32][]slot
}

func (x *index) load(ctx context.Context, b uint32) ([]slot, error) {
	if slots, ok := x.buckets[b]; ok || x.fresh {
		return slots, nil
	}
	slots, err := readBucket(ctx, x.tx, x.secrets, x.state.row(b))
	if err != nil {
		return nil, err
	}
	x.buckets[b] = slots
	return slots, nil
}

// entry returns the number of the entry with the key.
func (x *index) entry(ctx context.Context, d digest) (uint32, bool, error) {
	slots, err := x.load(ctx, d.bucket(x.state.Buckets))
	if err != nil {
		return 0, false, err
	}
	i := slices.IndexFunc(slots, func(s slot) bool { return s.key == d })
	if i < 0 {
		return 0, false, nil
	}
	return slots[i].entry, true, nil
}

func (x *index) add(ctx context.Context, d digest, entry uint32) error {
	b := d.bucket(x.state.Buckets)
	slots, err := x.load(ctx, b)
	if err != nil {
		return err
	}
	x.buckets[b] = append(slots, slot{d, entry})
	return nil
}

func (x *index) remove(ctx context.Context, d digest, entry uint32) error {
	b := d.bucket(x.state.Buckets)
	slots, err := x.load(ctx, b)
	if err != nil {
		return err
	}
	i := slices.Index(slots, slot{d, entry})
	if i < 0 {
		return ErrDamaged
	}
	x.buckets[b] = slices.Delete(slots, i, i+1)
	return nil
}

// flush writes the buckets that were touched; of a new generation all of them.
func (x *index) flush(ctx context.Context, insert *sql.Stmt) error {
	if x.fresh {
		for b := range x.state.Buckets {
			if err := x.write(ctx, insert, b); err != nil {
				return err
			}
		}
		return nil
	}
	for _, b := range slices.Sorted(maps.Keys(x.buckets)) {
		if err := x.write(ctx, insert, b); err != nil {
			return err
		}
	}
	return nil
}

func (x *index) write(ctx context.Context, insert *sql.Stmt, b uint32) error {
	number := x.state.row(b)
	_, err := insert.ExecContext(ctx, number, seal(x.secrets.buckets, x.secrets.list, number, encodeSlots(x.buckets[b])))
	return err
}
