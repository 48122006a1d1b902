// Package outbox keeps every record of the booth until central has taken it, and the
// journal with it.
//
// A [Store] is one SQLite file. Record writes the journal's entry and the sealed record in
// one transaction and returns when both would survive a power cut. A [Sender] delivers the
// records in their order and deletes one only on central's signed acknowledgement.
//
// # What a caller must know
//
// Delivery is at least once. An item bears the booth, the epoch (the life of this database),
// its number within the epoch, the record's id and a hash over all of them; central commits
// each once. Order is that of the numbers; clocks are not trusted.
//
// Records are sealed to central's key (HPKE) as they are written. The booth cannot read its
// own backlog, nor can whoever steals it.
//
// Nothing is ever dropped, for its age or for its size. When the backlog has reached its
// limit, or the disk is nearly full, Ready refuses a new check with a [LimitError], while
// the records of a check already begun still find room: a file of ReserveBytes is kept
// beside the database and given up piece by piece when the disk is full.
//
// Damaged items are put in quarantine, journalled and reported; the others go on. A file
// that SQLite cannot use is set aside under another name; what can be read of it is carried
// over into a new file with a new epoch, and the daemon goes on. It is reported by the log,
// in the new journal and in Stats until the next start.
//
// Many writers share one transaction: whoever finds the database free commits for all who
// wait. The write-ahead log is copied into the database behind their backs by Run.
package outbox

import (
	"context"
	"crypto/hpke"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"boothd/capture/audit"
	"boothd/capture/check"
	"boothd/internal/sqlite"
)

const schemaOutbox = `
CREATE TABLE life (
	one      INTEGER PRIMARY KEY CHECK (one = 1),
	booth    TEXT NOT NULL,
	epoch    TEXT NOT NULL,
	sequence INTEGER NOT NULL, -- the last given
	depth    INTEGER NOT NULL, -- items waiting
	bytes    INTEGER NOT NULL  -- of their sealed records
) STRICT;
CREATE TABLE item (
	n           INTEGER PRIMARY KEY, -- the order of sending
	booth       TEXT NOT NULL,
	epoch       TEXT NOT NULL,
	sequence    INTEGER NOT NULL,
	id          TEXT NOT NULL,
	journal     TEXT NOT NULL,
	journal_seq INTEGER NOT NULL,    -- 0 if its journal is in another file
	at          INTEGER NOT NULL,    -- Unix time in milliseconds when it was queued
	hash        TEXT NOT NULL,
	sealed      BLOB NOT NULL
) STRICT;
-- quarantine holds damaged items as they are, hence without types.
CREATE TABLE quarantine (
	n INTEGER PRIMARY KEY, booth, epoch, sequence, id, journal, journal_seq, at, hash, sealed,
	reason TEXT NOT NULL,
	since  INTEGER NOT NULL
);
-- salvaged names the damaged files from which items were carried over.
CREATE TABLE salvaged (name TEXT PRIMARY KEY) STRICT;
-- anchor is the acknowledgement of the latest entry of the journal.
CREATE TABLE anchor (
	one         INTEGER PRIMARY KEY CHECK (one = 1),
	journal_seq INTEGER NOT NULL,
	ack         TEXT NOT NULL
) STRICT;
`

func schema() sqlite.Schema {
	return sqlite.Schema{ApplicationID: 0x424f4f42, Migrations: []string{audit.Schema, schemaOutbox}}
}

// Options of a Store.
type Options struct {
	Booth   string         // the booth's id
	Central hpke.PublicKey // records are sealed to it
	// MaxBytes of sealed records, waiting and in quarantine, from which on no new check is
	// begun; 1 GiB if zero. Those of checks begun may exceed it by ReserveBytes.
	MaxBytes int64
	// MaxAge of the oldest item from which on no new check is begun; 14 days if zero.
	MaxAge time.Duration
	// ReserveBytes of disk are kept for the checks already begun, and as many must be free
	// for a new one; 32 MiB if zero. It should hold several records.
	ReserveBytes int64
	Log          *slog.Logger     // slog.Default if nil
	Now          func() time.Time // time.Now if nil
}

func (o *Options) fill() error {
	if o.Booth == "" || o.Central == nil {
		return errors.New("outbox needs a booth and central's key")
	}
	if o.MaxBytes < 0 || o.MaxAge < 0 || o.ReserveBytes < 0 {
		return errors.New("limits of the outbox below zero")
	}
	for _, d := range []struct {
		value *int64
		def   int64
	}{{&o.MaxBytes, 1 << 30}, {(*int64)(&o.MaxAge), int64(14 * 24 * time.Hour)}, {&o.ReserveBytes, 32 << 20}} {
		if *d.value == 0 {
			*d.value = d.def
		}
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return nil
}

// Store is the booth's journal and queue. Its methods may be called by several goroutines.
type Store struct {
	opt     Options
	path    string
	reserve reserve

	// turn is held by whoever writes. Whoever holds it may take gate.
	turn chan struct{}
	// gate is held for reading by whoever reads the database and for writing while the
	// file is exchanged.
	gate   sync.RWMutex
	db     *sql.DB
	writer *sql.Conn
	keeper *sql.Conn // runs checkpoints
	// What only the holder of turn touches.
	clock   time.Time // at the transaction under way
	last    time.Time // at the last one committed
	renewed time.Time // when a damaged file was last set aside
	tight   bool      // the disk is full and the reserve in use

	mu      sync.Mutex
	queue   []*pending
	closed  bool
	stats   Stats
	unsaved int64 // bytes in the write-ahead log, about
	changed chan struct{}

	wake  chan struct{} // tells the sender of new items
	dirty chan struct{} // tells Run of commits
}

var _ check.Recorder = (*Store)(nil)

// ErrClosed is returned by a Store's methods after Close.
var ErrClosed = errors.New("outbox is closed")

// Stats is the state of a Store.
type Stats struct {
	Depth            int       // items waiting
	Bytes            int64     // of their sealed records
	Oldest           time.Time // when the first of them was queued, zero if there is none
	Quarantined      int       // items that a person must look at
	QuarantinedBytes int64     //
	Epoch            string    //
	Sequence         uint64    // the last given
	Reserve          int64     // bytes of the reserve that are still there
	// Missing is how many items the file has lost without a trace since the daemon was
	// started: they were counted, never settled, and are not there.
	Missing int
	// SetAside is the name of the damaged file in whose place this one was begun, since
	// the daemon was started.
	SetAside string
}

// Open opens or makes the database at path, in an existing folder. It fails only for what
// lies outside the file: a missing folder or permission, a file written by a newer version.
func Open(ctx context.Context, path string, opt Options) (*Store, error) {
	if err := opt.fill(); err != nil {
		return nil, err
	}
	s := &Store{
		opt: opt, path: path, reserve: reserve{path: path + ".reserve", size: opt.ReserveBytes},
		turn: make(chan struct{}, 1), changed: make(chan struct{}),
		wake: make(chan struct{}, 1), dirty: make(chan struct{}, 1),
	}
	s.turn <- struct{}{}
	defer s.release()
	if err := s.start(ctx); err != nil {
		return nil, fmt.Errorf("open outbox: %w", err)
	}
	if err := s.roomOnDisk(); err != nil {
		opt.Log.Error("no room on disk for a new check", "error", err)
	}
	return s, nil
}

// start opens the file, or a new one if it is damaged.
func (s *Store) start(ctx context.Context) error {
	st, err := s.attach(ctx, audit.Entry{Kind: audit.KindBegun})
	for isFull(err, s.path) && s.reserve.shrink(minShrink) {
		st, err = s.attach(ctx, audit.Entry{Kind: audit.KindBegun})
	}
	if sqlite.IsUnusable(err) {
		return s.renew(ctx, err)
	}
	if err != nil {
		return err
	}
	s.recounted(st)
	return s.makeUp(ctx)
}

// Close waits for the records being written and closes the database.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.mu.Unlock()
	s.turn <- struct{}{}
	defer s.release()
	for s.commitSome() {
	}
	s.gate.Lock()
	defer s.gate.Unlock()
	return s.detach()
}

func (s *Store) release() { <-s.turn }

// Changed returns a channel that is closed when Stats next changes.
func (s *Store) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// Stats tells the state now.
func (s *Store) Stats() Stats {
	reserve := s.reserve.held()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Reserve = reserve
	return s.stats
}

// update changes the stats and tells those who wait for it.
func (s *Store) update(f func(*Stats)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.stats)
	close(s.changed)
	s.changed = make(chan struct{})
}

// recounted takes stats that count has made.
func (s *Store) recounted(st Stats) {
	if st.Missing != 0 {
		s.opt.Log.Error("items are missing from the outbox's file", "items", st.Missing)
	}
	s.update(func(now *Stats) {
		st.SetAside = now.SetAside
		st.Missing += now.Missing
		*now = st
	})
}

func nudge(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
