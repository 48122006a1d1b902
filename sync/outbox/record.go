package outbox

import (
	"context"
	"database/sql"
	"fmt"
	"math"

	"boothd/capture"
	"boothd/capture/audit"
	"boothd/internal/keys"
	"boothd/internal/sqlite"
	"boothd/sync/portal"
)

// MaxRecord limits a record, in bytes of JSON: sealed and in base64 it fits a report.
const MaxRecord = 20 << 20

// What one transaction may take.
const (
	batchWrites = 256
	batchBytes  = 32 << 20
)

// pending is what waits to be written.
type pending struct {
	entry audit.Entry
	item  *portal.Item // nil for an entry alone
	done  chan struct{}
	err   error
}

func (p *pending) size() int64 {
	if p.item == nil {
		return 0
	}
	return int64(len(p.item.Sealed))
}

// Record journals and queues the record; it is durable when Record returns nil. It does
// not heed its context: what was decided must be recorded.
func (s *Store) Record(ctx context.Context, r *capture.Record) error {
	p, err := s.seal(r)
	if err != nil {
		return fmt.Errorf("record %s: %w", r.ID, err)
	}
	if err := s.beyondReserve(p.size()); err != nil {
		return fmt.Errorf("record %s: %w", r.ID, err)
	}
	if err := s.submit(p); err != nil {
		return fmt.Errorf("record %s: %w", r.ID, err)
	}
	return nil
}

// Journal writes an entry that goes with no record: a list was applied or refused, a
// journal exported. Booth and time are filled in if they are missing.
func (s *Store) Journal(ctx context.Context, e audit.Entry) error {
	if e.Booth == "" {
		e.Booth = s.opt.Booth
	}
	if e.At.IsZero() {
		e.At = s.opt.Now()
	}
	return s.submit(&pending{entry: e})
}

// seal runs outside the transaction, in the goroutine of whoever records.
func (s *Store) seal(r *capture.Record) (*pending, error) {
	plain, err := audit.Plaintext(r)
	if err != nil {
		return nil, err
	}
	if len(plain) > MaxRecord {
		return nil, fmt.Errorf("%d bytes, at most %d", len(plain), MaxRecord)
	}
	sealed, err := keys.Seal(s.opt.Central, portal.SealInfo, portal.SealedFor(s.opt.Booth, r.ID), plain)
	if err != nil {
		return nil, err
	}
	e := audit.OfRecord(r, audit.Commit(plain))
	e.Booth = s.opt.Booth
	return &pending{entry: e, item: &portal.Item{Booth: s.opt.Booth, ID: r.ID, Sealed: sealed}}, nil
}

// submit has p written and waits for it. Whoever gets the turn writes for all who wait.
func (s *Store) submit(p *pending) error {
	p.done = make(chan struct{})
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return ErrClosed
	}
	s.queue = append(s.queue, p)
	s.mu.Unlock()
	select {
	case <-p.done:
		return p.err
	case s.turn <- struct{}{}:
		defer s.release()
	}
	for {
		select {
		case <-p.done:
			return p.err
		default:
			s.commitSome()
		}
	}
}

// commitSome writes the first of those that wait, as many as a transaction may take, and
// reports whether there were any. Whoever calls it holds turn.
func (s *Store) commitSome() bool {
	batch := s.take()
	if len(batch) == 0 {
		return false
	}
	err := s.commit(batch)
	if err != nil && len(batch) > 1 {
		// One of them may be at fault: each has its own try.
		for i := range batch {
			batch[i].err = s.commit(batch[i : i+1])
		}
	} else {
		for _, p := range batch {
			p.err = err
		}
	}
	for _, p := range batch {
		close(p.done)
	}
	return true
}

func (s *Store) take() []*pending {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, bytes := 0, int64(0)
	for n < len(s.queue) && n < batchWrites && (n == 0 || bytes+s.queue[n].size() <= batchBytes) {
		bytes += s.queue[n].size()
		n++
	}
	batch := s.queue[:n:n]
	s.queue = s.queue[n:]
	if len(s.queue) == 0 {
		s.queue = nil
	}
	return batch
}

// commit writes a batch in one transaction.
func (s *Store) commit(batch []*pending) error {
	var items, bytes int64
	for _, p := range batch {
		if p.item != nil {
			items++
			bytes += p.size()
		}
	}
	var last int64
	err := s.transact(bytes, func(ctx context.Context, tx *sql.Tx) error {
		var err error
		last, err = s.write(ctx, tx, batch, items, bytes)
		return err
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.unsaved += bytes + int64(len(batch))*4096
	s.mu.Unlock()
	nudge(s.dirty)
	if items == 0 {
		return nil
	}
	s.update(func(st *Stats) {
		if st.Depth == 0 {
			st.Oldest = s.last.UTC()
		}
		st.Depth += int(items)
		st.Bytes += bytes
		st.Sequence = uint64(last)
	})
	nudge(s.wake)
	return nil
}

// write writes the batch into the transaction and returns the last number given.
func (s *Store) write(ctx context.Context, tx *sql.Tx, batch []*pending, items, bytes int64) (int64, error) {
	var epoch string
	var last int64
	if err := tx.QueryRowContext(ctx, `UPDATE life SET sequence = sequence + ?, depth = depth + ?, bytes = bytes + ?
		RETURNING epoch, sequence`, items, items, bytes).Scan(&epoch, &last); err != nil {
		return 0, err
	}
	next := uint64(last - items)
	for _, p := range batch {
		link, err := audit.Append(ctx, tx, p.entry)
		if err != nil {
			return 0, err
		}
		if p.item == nil {
			continue
		}
		next++
		p.item.Epoch, p.item.Sequence, p.item.Journal = epoch, next, link.Hash
		p.item.Hash = portal.HashItem(p.item)
		if err := insert(ctx, tx, p.item, link.Seq, s.clock.UnixMilli()); err != nil {
			return 0, err
		}
	}
	return last, nil
}

func insert(ctx context.Context, tx *sql.Tx, it *portal.Item, journalSeq uint64, at int64) error {
	if it.Sequence > math.MaxInt64 {
		return fmt.Errorf("number %d too high", it.Sequence)
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO item (booth, epoch, sequence, id, journal, journal_seq, at, hash, sealed)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		it.Booth, it.Epoch, int64(it.Sequence), it.ID, it.Journal, int64(journalSeq), at, it.Hash, it.Sealed)
	return err
}

// transact runs f in a transaction of the writer, which writes about so many bytes, and
// commits it. When the disk is full it makes the write-ahead log's room usable again and,
// if that does not help, gives up a piece of the reserve. When the file turns out to be
// damaged it goes on in a new one. Whoever calls it holds turn. The context that f gets
// does not end.
func (s *Store) transact(bytes int64, f func(ctx context.Context, tx *sql.Tx) error) error {
	ctx := context.Background()
	full, renewed := false, false
	for {
		err := s.try(ctx, f)
		switch {
		case err == nil && s.tight:
			// The log must not grow into the reserve: it is copied after each commit.
			s.checkpoint(ctx, "PASSIVE")
			s.tight = s.reserve.held() < s.opt.ReserveBytes
			return nil
		case err == nil:
			return nil
		case isFull(err, s.path) && (!full || s.reserve.shrink(minShrink+2*bytes)):
			full, s.tight = true, true
			s.opt.Log.Warn("disk is full", "reserve", s.reserve.held())
			s.checkpoint(ctx, "PASSIVE") // needs room itself and may fail
		case sqlite.IsCorrupt(err) && !renewed:
			renewed = true
			if e := s.renew(ctx, err); e != nil {
				return fmt.Errorf("%w; begin a new file: %w", err, e)
			}
		default:
			return err
		}
	}
}

func (s *Store) try(ctx context.Context, f func(ctx context.Context, tx *sql.Tx) error) error {
	if err := s.usable(ctx); err != nil {
		return err
	}
	return s.inTx(ctx, f)
}

// usable opens the file again if exchanging it has failed half-way. Whoever calls it holds
// turn.
func (s *Store) usable(ctx context.Context) error {
	if s.writer != nil {
		return nil
	}
	return s.start(ctx)
}
