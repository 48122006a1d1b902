// Package accesslog keeps central's log of queries: who asked, from which booth, when, in
// what capacity and why, which systems were asked with which fields, and in what state they
// answered. It never tells about whom.
//
// A query makes two entries. The first, [KindQuery], is begun by [Log.Ask] before any system
// is asked and is durable before the first answer leaves central: whoever sends answers
// waits for [Query.Durable] first, which takes no time of its own while the systems think.
// The second, [KindAnswered], tells in what state each system answered, and under which
// grant. Both bear the query's id. If the second is missing, the instance was stopped in
// between. An answer that comes later still makes one more entry of that kind.
//
// The entries are hash-chained (see capture/audit/chain). All instances append to one chain:
// each takes the lock of the chain's head, writes everything that waits in one transaction,
// and lets go. Many queries thus share one transaction, and the more there are, the more
// share it.
//
// Bodies are erased when their time has come, and the chain still proves the rest. An entry
// of [KindErasure] tells of it; one of [KindExport] tells of each export.
//
// The package is as silent about travellers as its callers: an entry has no room for a name,
// a date of birth or a document number, and ids of checks and cases, grants and officers are
// ids only. Nothing else may be put into Detail.
package accesslog

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"boothd/capture/audit/chain"
	"boothd/cmd/centrald/store"
)

// schema makes the tables. The head has its row from the start, for instances to lock.
const schema = `
CREATE TABLE accesslog (
	seq       BIGINT PRIMARY KEY,
	at        BIGINT NOT NULL, -- Unix time in milliseconds
	body_hash BLOB NOT NULL,
	hash      BLOB NOT NULL,
	body      BLOB             -- NULL once erased
);
CREATE INDEX accesslog_at ON accesslog (at);
CREATE INDEX accesslog_kept ON accesslog (seq) WHERE body IS NOT NULL;
CREATE TABLE accesslog_head (
	one  BIGINT PRIMARY KEY,
	seq  BIGINT NOT NULL,
	hash BLOB NOT NULL
);
INSERT INTO accesslog_head (one, seq, hash) VALUES (1, 0, CAST('' AS BLOB));
`

// table is the chain, of which Overwrite differs between the databases.
func table(db *store.DB) chain.Table {
	return chain.Table{Name: "accesslog", Label: "boothd access log v1", Overwrite: db != nil && !db.Postgres()}
}

// ErrBusy is matched when more entries wait than are let in.
var ErrBusy = errors.New("access log is busy")

// ErrClosed is matched after Close.
var ErrClosed = errors.New("access log is closed")

const (
	maxWaiting    = 10_000 // entries
	maxBatch      = 512    // entries of one transaction
	commitTimeout = 10 * time.Second
)

// Log is the access log. Its methods may be called by several goroutines.
type Log struct {
	db    *store.DB
	chain chain.Table
	now   func() time.Time

	mu      sync.Mutex
	waiting []*entering
	busy    bool // somebody commits what waits
	closed  bool
	commits sync.WaitGroup
}

// entering is an entry on its way into the log.
type entering struct {
	entry chain.Entry
	done  chan struct{} // closed when link and err are set
	link  chain.Link
	err   error
}

// Open opens the log in the database. now tells the time; nil means time.Now.
func Open(ctx context.Context, db *store.DB, now func() time.Time) (*Log, error) {
	if now == nil {
		now = time.Now
	}
	if err := db.Migrate(ctx, "accesslog", schema); err != nil {
		return nil, err
	}
	return &Log{db: db, chain: table(db), now: now}, nil
}

// Close waits for what is being written. The database stays open.
func (l *Log) Close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.commits.Wait()
}

// Append writes an entry and returns its place once it is durable. If ctx ends first, the
// entry may be written all the same. Without a time the entry gets the present one.
func (l *Log) Append(ctx context.Context, e Entry) (chain.Link, error) {
	return l.enter(e).wait(ctx)
}

func (in *entering) wait(ctx context.Context) (chain.Link, error) {
	select {
	case <-in.done:
		return in.link, in.err
	case <-ctx.Done():
		return chain.Link{}, fmt.Errorf("write access log: %w", ctx.Err())
	}
}

// enter puts an entry among those that wait to be written.
func (l *Log) enter(e Entry) *entering {
	in := &entering{done: make(chan struct{})}
	err := l.prepare(&in.entry, e)
	if err == nil {
		err = l.queue(in) // once it is queued, it belongs to whoever commits it
	}
	if err != nil {
		in.err = fmt.Errorf("write access log: %w", err)
		close(in.done)
	}
	return in
}

// prepare encodes the entry, so that one that cannot be written spoils no other's
// transaction.
func (l *Log) prepare(to *chain.Entry, e Entry) error {
	if e.Kind == "" {
		return errors.New("entry without a kind")
	}
	if e.At.IsZero() {
		e.At = l.now()
	}
	e.At = e.At.UTC()
	content, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if len(content) > maxContent {
		return fmt.Errorf("entry of %d bytes, at most %d", len(content), maxContent)
	}
	*to = chain.Entry{At: e.At, Content: json.RawMessage(content)}
	return nil
}

func (l *Log) queue(in *entering) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		return ErrClosed
	case len(l.waiting) >= maxWaiting:
		return ErrBusy
	}
	l.waiting = append(l.waiting, in)
	if !l.busy {
		l.busy = true
		l.commits.Go(l.commitWaiting)
	}
	return nil
}

// commitWaiting writes until nothing waits.
func (l *Log) commitWaiting() {
	for {
		l.mu.Lock()
		n := min(len(l.waiting), maxBatch)
		batch := l.waiting[:n:n]
		l.waiting = l.waiting[n:]
		l.busy = n > 0
		l.mu.Unlock()
		if n == 0 {
			return
		}
		links, err := l.commit(batch)
		for i, in := range batch {
			if err != nil {
				in.err = fmt.Errorf("write access log: %w", err)
			} else {
				in.link = links[i]
			}
			close(in.done)
		}
	}
}

// commit belongs to many queries, so no single one's context ends it.
func (l *Log) commit(batch []*entering) (links []chain.Link, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), commitTimeout)
	defer cancel()
	entries := make([]chain.Entry, len(batch))
	for i, in := range batch {
		entries[i] = in.entry
	}
	err = l.locked(ctx, func(tx *sql.Tx) error {
		links, err = l.chain.Append(ctx, tx, entries...)
		return err
	})
	return links, err
}

// locked runs f in a transaction while no other instance writes the chain. On PostgreSQL it
// is not serializable but READ COMMITTED: behind the head's lock it sees what the one before
// has committed, where a serializable one would have to begin again.
func (l *Log) locked(ctx context.Context, f func(*sql.Tx) error) error {
	opt := &sql.TxOptions{}
	if l.db.Postgres() {
		opt.Isolation = sql.LevelReadCommitted // whatever the server's default is
	}
	tx, err := l.db.BeginTx(ctx, opt)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, "UPDATE accesslog_head SET seq = seq WHERE one = 1"); err != nil {
		return err
	}
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}
