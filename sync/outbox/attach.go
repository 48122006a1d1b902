package outbox

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"boothd/capture/audit"
	"boothd/internal/sqlite"
	"boothd/sync/portal"
)

// walPages is how long the write-ahead log may grow before the writer itself copies it
// into the database, if Run does not.
const walPages = 16384

// attach opens the file and journals that it did: with the entry begun if the file is new.
// Whoever calls it holds turn.
func (s *Store) attach(ctx context.Context, begun audit.Entry) (Stats, error) {
	s.gate.Lock()
	defer s.gate.Unlock()
	db, err := sqlite.Open(ctx, s.path, schema())
	if err != nil {
		return Stats{}, err
	}
	s.db = db
	st, err := s.prepare(ctx, begun)
	if err != nil {
		s.detach()
	}
	return st, err
}

// detach closes what attach has opened. Whoever calls it holds gate.
func (s *Store) detach() error {
	for _, c := range []*sql.Conn{s.writer, s.keeper} {
		if c != nil {
			c.Close()
		}
	}
	s.writer, s.keeper = nil, nil
	if s.db == nil {
		return nil
	}
	err := s.db.Close()
	s.db = nil
	return err
}

func (s *Store) prepare(ctx context.Context, begun audit.Entry) (Stats, error) {
	var err error
	if s.writer, err = s.db.Conn(ctx); err != nil {
		return Stats{}, err
	}
	if s.keeper, err = s.db.Conn(ctx); err != nil {
		return Stats{}, err
	}
	for _, do := range []struct {
		conn   *sql.Conn
		pragma string
	}{
		{s.writer, fmt.Sprintf("wal_autocheckpoint = %d", walPages)},
		{s.writer, "secure_delete = FAST"}, // what audit.Erase needs
		{s.keeper, "busy_timeout = 0"},     // upkeep comes again; it need not wait
	} {
		if _, err := do.conn.ExecContext(ctx, "PRAGMA "+do.pragma); err != nil {
			return Stats{}, err
		}
	}
	var st Stats
	err = s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		st, err = s.begin(ctx, tx, begun)
		return err
	})
	return st, err
}

// inTx runs f in a transaction of the writer and commits it.
func (s *Store) inTx(ctx context.Context, f func(ctx context.Context, tx *sql.Tx) error) error {
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	s.clock = s.opt.Now()
	if err := s.noticeClock(ctx, tx); err != nil {
		return err
	}
	if err := f(ctx, tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	s.last = s.clock
	return nil
}

// life is the row of the same name.
type life struct {
	booth, epoch           string
	sequence, depth, bytes int64
}

// begin reads where the database stands. A new epoch begins in a new database, when the
// booth has got another id, and when the last number given is not known for certain: a
// number must never be given twice.
func (s *Store) begin(ctx context.Context, tx *sql.Tx, begun audit.Entry) (Stats, error) {
	was, err := readLife(ctx, tx)
	if err != nil {
		return Stats{}, err
	}
	now := was
	e := audit.Entry{Kind: audit.KindOpened, Detail: map[string]string{}}
	if was.epoch == "" {
		e = begun
	}
	certain, err := s.certain(ctx, tx, &was)
	if err != nil {
		return Stats{}, err
	}
	if !certain {
		now.booth, now.epoch, now.sequence = s.opt.Booth, newEpoch(), 0
		if was.epoch != "" {
			e.Detail["epoch_before"], e.Detail["booth_before"] = was.epoch, was.booth
		}
	}
	st, err := count(ctx, tx, &now)
	if err != nil {
		return Stats{}, err
	}
	if _, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO life (one, booth, epoch, sequence, depth, bytes)
		VALUES (1, ?, ?, ?, ?, ?)`, now.booth, now.epoch, now.sequence, now.depth, now.bytes); err != nil {
		return Stats{}, err
	}
	e.At, e.Booth = s.clock, s.opt.Booth
	if e.Detail == nil {
		e.Detail = map[string]string{}
	}
	e.Detail["epoch"] = now.epoch
	_, err = audit.Append(ctx, tx, e)
	return st, err
}

// readLife reads the row of life, all zero if there is none. A damaged value reads as
// something of its type.
func readLife(ctx context.Context, tx *sql.Tx) (life, error) {
	var l life
	err := tx.QueryRowContext(ctx, `SELECT CAST(booth AS TEXT), CAST(epoch AS TEXT), CAST(sequence AS INTEGER),
		CAST(depth AS INTEGER), CAST(bytes AS INTEGER) FROM life`).
		Scan(&l.booth, &l.epoch, &l.sequence, &l.depth, &l.bytes)
	if err == sql.ErrNoRows {
		return life{}, nil
	}
	return l, err
}

func newEpoch() string {
	b := make([]byte, 16)
	rand.Read(b)
	return hex.EncodeToString(b)
}

// certain reports whether numbers may go on from l: nothing else in the database knows of
// a higher one.
func (s *Store) certain(ctx context.Context, tx *sql.Tx, l *life) (bool, error) {
	if b, err := hex.DecodeString(l.epoch); l.booth != s.opt.Booth || err != nil || len(b) != 16 || l.sequence < 0 {
		return false, nil
	}
	var highest int64
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(CAST(sequence AS INTEGER)), 0) FROM
		(SELECT sequence, epoch FROM item ORDER BY n DESC LIMIT 1) WHERE epoch = ?`, l.epoch).Scan(&highest); err != nil {
		return false, err
	}
	ack, _, err := readAnchor(ctx, tx)
	if err != nil {
		return false, err
	}
	if ack.Epoch == l.epoch {
		highest = max(highest, int64(ack.Sequence))
	}
	return highest <= l.sequence, nil
}

// readAnchor returns the acknowledgement kept and the number of the journal's entry it
// speaks of, 0 if there is none.
func readAnchor(ctx context.Context, q audit.Querier) (ack portal.Ack, seq uint64, err error) {
	rows, err := q.QueryContext(ctx, "SELECT CAST(journal_seq AS INTEGER), CAST(ack AS TEXT) FROM anchor")
	if err != nil {
		return portal.Ack{}, 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var n int64
		var text string
		if err := rows.Scan(&n, &text); err != nil {
			return portal.Ack{}, 0, err
		}
		if json.Unmarshal([]byte(text), &ack) == nil {
			seq = uint64(n)
		}
	}
	return ack, seq, rows.Err()
}

// count fills the stats, and counts again what l has counted if that cannot be right.
func count(ctx context.Context, tx *sql.Tx, l *life) (Stats, error) {
	st := Stats{Epoch: l.epoch, Sequence: uint64(l.sequence)}
	if err := tx.QueryRowContext(ctx, "SELECT count(*), coalesce(sum(length(sealed)), 0) FROM quarantine").
		Scan(&st.Quarantined, &st.QuarantinedBytes); err != nil {
		return st, err
	}
	var err error
	if st.Oldest, err = oldest(ctx, tx); err != nil {
		return st, err
	}
	if (l.depth == 0) != st.Oldest.IsZero() || l.depth < 0 || l.bytes < l.depth || l.bytes > l.depth*MaxRecord*2 {
		counted := l.depth
		if err := tx.QueryRowContext(ctx, "SELECT count(*), coalesce(sum(length(sealed)), 0) FROM item").
			Scan(&l.depth, &l.bytes); err != nil {
			return st, err
		}
		if _, err := tx.ExecContext(ctx, "UPDATE life SET depth = ?, bytes = ?", l.depth, l.bytes); err != nil {
			return st, err
		}
		st.Missing = int(max(0, counted-l.depth))
	}
	st.Depth, st.Bytes = int(l.depth), l.bytes
	return st, nil
}

// recount is count for a transaction in which items came or went.
func recount(ctx context.Context, tx *sql.Tx) (Stats, error) {
	l, err := readLife(ctx, tx)
	if err != nil {
		return Stats{}, err
	}
	return count(ctx, tx, &l)
}

// oldest is when the first item was queued, the zero time if there is none.
func oldest(ctx context.Context, q audit.Querier) (time.Time, error) {
	rows, err := q.QueryContext(ctx, "SELECT CAST(at AS INTEGER) FROM item ORDER BY n LIMIT 1")
	if err != nil {
		return time.Time{}, err
	}
	defer rows.Close()
	var first time.Time
	for rows.Next() {
		var at int64
		if err := rows.Scan(&at); err != nil {
			return time.Time{}, err
		}
		first = time.UnixMilli(at).UTC()
	}
	return first, rows.Err()
}

// clockSlack is how far a clock may be corrected without an entry.
const clockSlack = 2 * time.Second

// noticeClock journals it if the clock was set since the last commit: the wall clock has
// gone back, or has gone another way than the monotonic one.
func (s *Store) noticeClock(ctx context.Context, tx *sql.Tx) error {
	jump, err := s.clockJump(ctx, tx)
	if err != nil || jump.Abs() < clockSlack {
		return err
	}
	s.opt.Log.Warn("clock was set", "by", jump)
	_, err = audit.Append(ctx, tx, audit.Entry{Kind: audit.KindClockJump, At: s.clock, Booth: s.opt.Booth,
		Detail: map[string]string{"by": jump.Round(time.Millisecond).String()}})
	return err
}

func (s *Store) clockJump(ctx context.Context, tx *sql.Tx) (time.Duration, error) {
	if s.last.IsZero() { // after a start only a clock that has gone back can be told
		var at sql.NullInt64
		err := tx.QueryRowContext(ctx, "SELECT CAST(at AS INTEGER) FROM journal ORDER BY seq DESC LIMIT 1").Scan(&at)
		if err != nil && err != sql.ErrNoRows {
			return 0, err
		}
		return min(0, s.clock.Sub(time.UnixMilli(at.Int64))), nil
	}
	wall := s.clock.Round(0).Sub(s.last.Round(0))
	jump := wall - s.clock.Sub(s.last)
	if jump == 0 {
		jump = min(0, wall)
	}
	return jump, nil
}
