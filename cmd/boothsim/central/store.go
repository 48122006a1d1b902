package central

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"boothd/capture"
	"boothd/internal/keys"
	"boothd/internal/sqlite"
	"boothd/sync/portal"
)

// schema is that of portal.db. Kind, check, outcome, decision and offline are copied from
// the sealed record; none of them tells who the traveller is.
func schema() sqlite.Schema {
	return sqlite.Schema{ApplicationID: 0x424f5043, Migrations: []string{`
CREATE TABLE item (
	booth     TEXT NOT NULL,
	epoch     TEXT NOT NULL,
	sequence  INTEGER NOT NULL,
	id        TEXT NOT NULL,
	journal   TEXT NOT NULL,
	hash      TEXT NOT NULL,
	sealed    BLOB NOT NULL,
	committed INTEGER NOT NULL, -- nanoseconds since 1970
	times     INTEGER NOT NULL DEFAULT 1, -- how often it was delivered
	kind      TEXT NOT NULL,
	check_id  TEXT NOT NULL,
	outcome   TEXT NOT NULL,
	decision  TEXT NOT NULL,
	offline   INTEGER NOT NULL,
	PRIMARY KEY (booth, epoch, sequence)
);
CREATE UNIQUE INDEX item_record ON item (booth, id);
CREATE TABLE refused (
	booth    TEXT NOT NULL,
	epoch    TEXT NOT NULL,
	sequence INTEGER NOT NULL,
	hash     TEXT NOT NULL,
	reason   TEXT NOT NULL,
	PRIMARY KEY (booth, epoch, sequence, hash)
);`}}
}

type store struct{ db *sql.DB }

func openStore(ctx context.Context, path string) (*store, error) {
	db, err := sqlite.Open(ctx, path, schema())
	if err != nil {
		return nil, err
	}
	return &store{db: db}, nil
}

// commit takes the items in one transaction and acknowledges those that are committed,
// now or before.
func (p *Portal) commit(ctx context.Context, items []portal.Item) (*portal.ReportReply, error) {
	tx, err := p.store.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback()
	reply := &portal.ReportReply{Acks: []portal.Ack{}}
	for i := range items {
		it := &items[i]
		at, err := p.commitOne(ctx, tx, it)
		var refused *refusal
		switch {
		case errors.As(err, &refused):
			p.opt.Log.Warn("item refused", "booth", it.Booth, "sequence", it.Sequence, "reason", refused.reason)
			if err := keepRefusal(ctx, tx, it, refused.reason); err != nil {
				return nil, err
			}
			reply.Refused = append(reply.Refused, portal.Refusal{Sequence: it.Sequence, Reason: refused.reason})
			continue
		case err != nil:
			return nil, err
		}
		ack := portal.Ack{
			Booth: it.Booth, Epoch: it.Epoch, Sequence: it.Sequence, ID: it.ID,
			Journal: it.Journal, Hash: it.Hash, At: at, Key: p.keyID,
		}
		ack.Sign(p.opt.Signing)
		reply.Acks = append(reply.Acks, ack)
	}
	return reply, tx.Commit()
}

// refusal is why an item is not taken, however often it comes.
type refusal struct{ reason string }

func (r *refusal) Error() string { return r.reason }

// commitOne returns when the item was committed first.
func (p *Portal) commitOne(ctx context.Context, tx *sql.Tx, it *portal.Item) (time.Time, error) {
	if it.Hash != portal.HashItem(it) {
		return time.Time{}, &refusal{"the hash is not the item's"}
	}
	if it.Sequence == 0 || it.Sequence > math.MaxInt64 {
		return time.Time{}, &refusal{"the sequence is out of range"}
	}
	if at, err := repeated(ctx, tx, it); !errors.Is(err, sql.ErrNoRows) {
		return at, err
	}
	if there, err := hasRecord(ctx, tx, it); err != nil || there {
		return time.Time{}, cmp.Or[error](err, &refusal{reasonDoubled})
	}
	rec, err := p.open(it)
	if err != nil {
		return time.Time{}, err
	}
	at := time.Unix(0, p.opt.Now().UnixNano()).UTC()
	_, err = tx.ExecContext(ctx, `INSERT INTO item
		(booth, epoch, sequence, id, journal, hash, sealed, committed, kind, check_id, outcome, decision, offline)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		it.Booth, it.Epoch, int64(it.Sequence), it.ID, it.Journal, it.Hash, it.Sealed, at.UnixNano(),
		rec.Kind, rec.Check, outcomeOf(rec), decisionOf(rec), rec.Offline)
	return at, err
}

// repeated notes that an item came again and returns when it came first. Its error is
// sql.ErrNoRows if it never came.
func repeated(ctx context.Context, tx *sql.Tx, it *portal.Item) (time.Time, error) {
	var hash string
	var committed int64
	err := tx.QueryRowContext(ctx, `UPDATE item SET times = times + (hash = ?)
		WHERE booth = ? AND epoch = ? AND sequence = ? RETURNING hash, committed`,
		it.Hash, it.Booth, it.Epoch, int64(it.Sequence)).Scan(&hash, &committed)
	if err != nil {
		return time.Time{}, err
	}
	if hash != it.Hash {
		return time.Time{}, &refusal{"another item has this sequence"}
	}
	return time.Unix(0, committed).UTC(), nil
}

// reasonDoubled refuses a record that a booth delivers a second time under another
// sequence.
const reasonDoubled = "the record is there under another sequence"

func hasRecord(ctx context.Context, tx *sql.Tx, it *portal.Item) (there bool, err error) {
	err = tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM item WHERE booth = ? AND id = ?)", it.Booth, it.ID).Scan(&there)
	return there, err
}

func keepRefusal(ctx context.Context, tx *sql.Tx, it *portal.Item, reason string) error {
	_, err := tx.ExecContext(ctx, "INSERT OR IGNORE INTO refused (booth, epoch, sequence, hash, reason) VALUES (?, ?, ?, ?, ?)",
		it.Booth, it.Epoch, int64(it.Sequence), it.Hash, reason)
	return err
}

// open opens the item's record and makes sure that it belongs to the item.
func (p *Portal) open(it *portal.Item) (*capture.Record, error) {
	b, err := keys.Open(p.opt.Opening, portal.SealInfo, portal.SealedFor(it.Booth, it.ID), it.Sealed)
	if err != nil {
		return nil, &refusal{"the record does not open with central's key"}
	}
	var rec capture.Record
	if err := json.Unmarshal(b, &rec); err != nil {
		return nil, &refusal{"the record is not in JSON"}
	}
	if rec.ID != it.ID || rec.Booth != it.Booth {
		return nil, &refusal{"the record belongs to another item"}
	}
	return &rec, nil
}

func outcomeOf(r *capture.Record) capture.Outcome {
	if r.Recommendation == nil {
		return ""
	}
	return r.Recommendation.Outcome
}

func decisionOf(r *capture.Record) capture.Outcome {
	if r.Disposition == nil {
		return ""
	}
	return r.Disposition.Decision
}

// Received counts what central has received.
type Received struct {
	Records  int            `json:"records"`
	Kinds    map[string]int `json:"kinds"`
	Repeated int            `json:"repeated"` // deliveries of what was already there
	Doubled  int            `json:"doubled"`  // records that came under a second sequence
	Refused  int            `json:"refused"`  // items refused, the doubled ones among them
	Missing  int            `json:"missing"`  // sequences skipped so far
}

// Received counts what central has received.
func (p *Portal) Received(ctx context.Context) (Received, error) {
	r := Received{Kinds: make(map[string]int)}
	rows, err := p.store.db.QueryContext(ctx, "SELECT kind, count(*), sum(times - 1) FROM item GROUP BY kind")
	if err != nil {
		return r, fmt.Errorf("count records: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var kind string
		var n, again int
		if err := rows.Scan(&kind, &n, &again); err != nil {
			return r, fmt.Errorf("count records: %w", err)
		}
		r.Kinds[kind] = n
		r.Records += n
		r.Repeated += again
	}
	if err := rows.Err(); err != nil {
		return r, fmt.Errorf("count records: %w", err)
	}
	err = p.store.db.QueryRowContext(ctx, `SELECT
		(SELECT count(*) FROM refused),
		(SELECT count(*) FROM refused WHERE reason = ?),
		(SELECT coalesce(sum(highest - n), 0) FROM (SELECT max(sequence) AS highest, count(*) AS n FROM item GROUP BY booth, epoch))`,
		reasonDoubled).Scan(&r.Refused, &r.Doubled, &r.Missing)
	if err != nil {
		return r, fmt.Errorf("count records: %w", err)
	}
	return r, nil
}

// Summary is a received record without the traveller.
type Summary struct {
	Booth    string    `json:"booth"`
	Sequence uint64    `json:"sequence"`
	ID       string    `json:"id"`
	Kind     string    `json:"kind"`
	Check    string    `json:"check"`
	Outcome  string    `json:"outcome,omitempty"`
	Decision string    `json:"decision,omitempty"`
	Offline  bool      `json:"offline,omitempty"`
	At       time.Time `json:"at"`
}

// Records lists the records received last, newest first.
func (p *Portal) Records(ctx context.Context, limit int) ([]Summary, error) {
	rows, err := p.store.db.QueryContext(ctx, `SELECT booth, sequence, id, kind, check_id, outcome, decision, offline, committed
		FROM item ORDER BY committed DESC, sequence DESC LIMIT ?`, limit)
	if err != nil {
		return nil, fmt.Errorf("list records: %w", err)
	}
	defer rows.Close()
	list := []Summary{}
	for rows.Next() {
		var s Summary
		var at int64
		if err := rows.Scan(&s.Booth, &s.Sequence, &s.ID, &s.Kind, &s.Check, &s.Outcome, &s.Decision, &s.Offline, &at); err != nil {
			return nil, fmt.Errorf("list records: %w", err)
		}
		s.At = time.Unix(0, at).UTC()
		list = append(list, s)
	}
	return list, rows.Err()
}
