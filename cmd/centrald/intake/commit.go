package intake

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"boothd/capture"
	"boothd/sync/portal"
)

// ErrHeld is matched when none of the items was committed or refused because hooks failed.
var ErrHeld = errors.New("held up by a hook")

// Commit takes the items of one booth and epoch and acknowledges those that are committed,
// now or before. An item that is neither acknowledged nor refused was not committed and is
// to be sent again.
func (in *Intake) Commit(ctx context.Context, items []portal.Item) (*portal.ReportReply, error) {
	delivery := make([]delivered, len(items))
	for i := range items {
		delivery[i] = in.openItem(&items[i])
	}
	// In one order, or two transactions with the same items could wait for each other.
	slices.SortFunc(delivery, func(a, b delivered) int { return cmp.Compare(a.Sequence, b.Sequence) })
	err := in.commitAll(ctx, delivery)
	var failed *hookError
	if errors.As(err, &failed) { // and took the transaction with it
		if e := in.db.Tx(ctx, func(tx *sql.Tx) error { _, err := in.countFailure(ctx, tx, failed); return err }); e != nil {
			err = errors.Join(err, e)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("commit report: %w", err)
	}
	return in.reply(delivery)
}

// commitAll settles every item in one transaction. Two instances may be given the same item
// at once: the transaction of the one that comes second is run again and finds it committed.
func (in *Intake) commitAll(ctx context.Context, delivery []delivered) error {
	return in.db.Tx(ctx, func(tx *sql.Tx) error {
		for i := range delivery {
			if err := in.settle(ctx, tx, &delivery[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// reply says what became of the items, once that is committed.
func (in *Intake) reply(delivery []delivered) (*portal.ReportReply, error) {
	reply := &portal.ReportReply{Acks: []portal.Ack{}}
	fresh := false
	for i := range delivery {
		d := &delivery[i]
		switch {
		case d.refused != "":
			in.opt.Log.Warn("item refused", "booth", d.Booth, "sequence", d.Sequence, "reason", d.refused)
			reply.Refused = append(reply.Refused, portal.Refusal{Sequence: d.Sequence, Reason: d.refused})
		case d.held != "":
			in.opt.Log.Warn("item held up", "booth", d.Booth, "sequence", d.Sequence, "hook", d.held)
		default:
			ack := portal.Ack{
				Booth: d.Booth, Epoch: d.Epoch, Sequence: d.Sequence, ID: d.ID,
				Journal: d.Journal, Hash: d.Hash, At: d.at, Key: in.keyID,
			}
			ack.Sign(in.opt.Signing)
			reply.Acks = append(reply.Acks, ack)
			fresh = fresh || d.fresh
		}
	}
	if len(reply.Acks)+len(reply.Refused) == 0 {
		return nil, fmt.Errorf("commit report: %w", ErrHeld)
	}
	if fresh {
		in.wakeUp()
	}
	return reply, nil
}

// delivered is an item that was delivered, and what became of it.
type delivered struct {
	*portal.Item
	rec    *capture.Record // nil if it does not open
	closed string          // why it does not

	at      time.Time // when it was committed
	fresh   bool      // it was committed just now
	refused string    // why it is not taken, however often it comes
	held    string    // by the hook that failed; it is to come again
}

// settle finds out what becomes of an item. It may run again.
func (in *Intake) settle(ctx context.Context, tx *sql.Tx, d *delivered) (err error) {
	d.at, d.fresh, d.refused, d.held = time.Time{}, false, unfit(d.Item), ""
	if d.refused == "" {
		err = in.take(ctx, tx, d)
	}
	if err == nil && d.refused != "" {
		err = in.keepRefusal(ctx, tx, d)
	}
	return err
}

const (
	reasonOther   = "another item has this sequence"
	reasonDoubled = "the record is there under another sequence"
)

// take commits an item if it is not there yet. It tries to insert it before it looks: on
// PostgreSQL, what a serializable transaction has looked for keeps others from committing.
func (in *Intake) take(ctx context.Context, tx *sql.Tx, d *delivered) error {
	if d.rec != nil {
		d.at, d.fresh = in.now(), true
		if inserted, err := in.insertWithHooks(ctx, tx, d); err != nil || inserted {
			return err
		}
		d.fresh = false
	}
	hash, at, err := again(ctx, tx, d.Item)
	switch {
	case err == nil && hash != d.Hash:
		d.refused = reasonOther
		return nil
	case err == nil:
		d.at = at
		return nil
	case !errors.Is(err, sql.ErrNoRows):
		return err
	}
	doubled, err := hasRecord(ctx, tx, d.Item)
	switch {
	case err != nil:
		return err
	case doubled:
		d.refused = reasonDoubled
		return nil
	case d.rec == nil:
		d.refused = d.closed
		return nil
	}
	return errors.New("the item is neither there nor can it be inserted")
}

// again notes that an item came again and returns the hash under which it was committed, and
// when. Its error is sql.ErrNoRows if it never was.
func again(ctx context.Context, tx *sql.Tx, it *portal.Item) (hash string, at time.Time, err error) {
	var committed int64
	err = tx.QueryRowContext(ctx, `UPDATE intake_item SET times = times + CASE WHEN hash = $1 THEN 1 ELSE 0 END
		WHERE booth = $2 AND epoch = $3 AND sequence = $4 RETURNING hash, committed`,
		it.Hash, it.Booth, it.Epoch, int64(it.Sequence)).Scan(&hash, &committed)
	return hash, time.Unix(0, committed).UTC(), err
}

func hasRecord(ctx context.Context, tx *sql.Tx, it *portal.Item) (there bool, err error) {
	err = tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM intake_item WHERE booth = $1 AND id = $2)", it.Booth, it.ID).Scan(&there)
	return there, err
}

// insert writes the item and the work that its record makes after the commit. It reports
// false if the sequence or the record is there.
func (in *Intake) insert(ctx context.Context, tx *sql.Tx, d *delivered) (bool, error) {
	res, err := tx.ExecContext(ctx, `INSERT INTO intake_item
		(booth, epoch, sequence, id, hash, journal, committed, kind, check_id, outcome, decision, offline, sealed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING`,
		d.Booth, d.Epoch, int64(d.Sequence), d.ID, d.Hash, d.Journal, d.at.UnixNano(),
		string(d.rec.Kind), d.rec.Check, string(outcomeOf(d.rec)), string(decisionOf(d.rec)), d.rec.Offline, d.Sealed)
	if err != nil {
		return false, err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return false, err
	}
	return true, in.insertAfters(ctx, tx, d)
}

func (in *Intake) keepRefusal(ctx context.Context, tx *sql.Tx, d *delivered) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO intake_refused (booth, epoch, sequence, hash, reason, at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (booth, epoch, sequence, hash) DO NOTHING`,
		plain(d.Booth), plain(d.Epoch), int64(d.Sequence), plain(d.Hash), d.refused, in.now().UnixNano())
	return err
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
