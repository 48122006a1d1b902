package outbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"boothd/capture/audit"
	"boothd/internal/sqlite"
)

const (
	checkpointBytes = 4 << 20         // in the write-ahead log, from which on it is copied
	restartPages    = 4096            // of the log, from which on it begins again from its front
	idleAfter       = 2 * time.Second // without a commit
	slackPages      = 4096            // free pages that the file keeps for the next records
	vacuumPages     = 1024            // given back in one transaction
	eraseAtOnce     = 5000            // entries of the journal
)

// Run keeps the database in shape until ctx ends: it copies the write-ahead log into the
// database while others go on writing, empties it when nothing is written for a while, and
// then gives pages that are free back to the disk.
func (s *Store) Run(ctx context.Context) error {
	idle := time.NewTimer(idleAfter)
	defer idle.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return nil
		case <-s.dirty:
			idle.Reset(idleAfter)
			err = s.checkpointIfDue(ctx)
		case <-idle.C:
			err = s.tidy(ctx)
		}
		if errors.Is(err, ErrClosed) {
			return nil
		}
		if err != nil && ctx.Err() == nil {
			s.opt.Log.Warn("outbox upkeep", "error", err)
		}
	}
}

func (s *Store) checkpointIfDue(ctx context.Context) error {
	s.mu.Lock()
	due := s.unsaved >= checkpointBytes
	if due {
		s.unsaved = 0
	}
	s.mu.Unlock()
	if !due {
		return nil
	}
	pages, err := s.checkpoint(ctx, "PASSIVE")
	if err != nil || pages < restartPages {
		return err
	}
	// While others write, a checkpoint never reaches the log's end, and the log grows. What
	// they have added meanwhile is little: copied while they wait, it lets the log begin
	// again from its front.
	return s.exclusive(func() error {
		_, err := s.checkpoint(ctx, "PASSIVE")
		return err
	})
}

// checkpoint runs one on the keeper's connection and returns how many pages the log has.
// Being kept from it by a reader is no error.
func (s *Store) checkpoint(ctx context.Context, mode string) (pages int, err error) {
	s.gate.RLock()
	defer s.gate.RUnlock()
	if s.keeper == nil {
		return 0, nil
	}
	var busy, done int
	err = s.keeper.QueryRowContext(ctx, "PRAGMA wal_checkpoint("+mode+")").Scan(&busy, &pages, &done)
	if err != nil && !sqlite.IsFull(err) {
		return 0, fmt.Errorf("checkpoint: %w", err)
	}
	return pages, nil
}

// emptyLog copies the whole log into the database and truncates it.
func (s *Store) emptyLog(ctx context.Context) error {
	return s.exclusive(func() error {
		_, err := s.checkpoint(ctx, "TRUNCATE")
		return err
	})
}

// tidy empties the write-ahead log and gives free pages back to the disk.
func (s *Store) tidy(ctx context.Context) error {
	for ctx.Err() == nil {
		more, err := s.giveBack(ctx)
		if err != nil {
			return err
		}
		if err := s.emptyLog(ctx); err != nil {
			return err
		}
		if !more {
			return nil
		}
	}
	return nil
}

// giveBack gives some of the free pages back and reports whether there are more.
func (s *Store) giveBack(ctx context.Context) (bool, error) {
	var free int
	err := s.exclusive(func() error {
		if err := s.usable(ctx); err != nil {
			return err
		}
		if err := s.writer.QueryRowContext(ctx, "PRAGMA freelist_count").Scan(&free); err != nil || free <= slackPages {
			return err
		}
		rows, err := s.writer.QueryContext(ctx, fmt.Sprintf("PRAGMA incremental_vacuum(%d)", vacuumPages))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() { // each step gives back one page
		}
		return rows.Err()
	})
	if err != nil {
		return false, fmt.Errorf("give back free pages: %w", err)
	}
	return free > slackPages+vacuumPages, nil
}

// EraseBefore erases the journal's entries that are older than before, as retention
// demands, and journals that it did. The chain still proves the others. It returns how
// many were erased.
func (s *Store) EraseBefore(ctx context.Context, before time.Time) (int64, error) {
	through, due, err := s.expired(ctx, before)
	if err != nil || !due {
		return 0, err
	}
	var total int64
	for ctx.Err() == nil {
		var n int64
		err := s.exclusive(func() error {
			n, err = s.eraseSome(through, before)
			return err
		})
		if err != nil {
			return total, err
		}
		if n == 0 {
			break
		}
		total += n
	}
	if err := ctx.Err(); err != nil {
		return total, err
	}
	return total, s.emptyLog(ctx)
}

func (s *Store) expired(ctx context.Context, before time.Time) (uint64, bool, error) {
	s.gate.RLock()
	defer s.gate.RUnlock()
	if s.db == nil {
		return 0, false, ErrClosed
	}
	return audit.Expired(ctx, s.db, before, s.opt.Now())
}

func (s *Store) eraseSome(through uint64, before time.Time) (n int64, err error) {
	err = s.transact(0, func(ctx context.Context, tx *sql.Tx) error {
		n, err = audit.Erase(ctx, tx, through, before, eraseAtOnce, audit.Entry{At: s.clock, Booth: s.opt.Booth})
		return err
	})
	return n, err
}
