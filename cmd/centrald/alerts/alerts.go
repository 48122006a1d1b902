// Package alerts tells booths what is found after their answers were given, and orders their
// drills.
//
// Each booth has a list of events with numbers that rise by one: alerts and drill orders.
// The list is a table that all instances share, so a booth may be connected to any of them.
// [Alerts.Serve] streams it as Server-Sent Events: the booth names the last event that it
// has kept, in the header Last-Event-ID, and gets those that follow. Nothing is buffered for
// a booth outside the table; one that reads too slowly is cut off and connects again.
//
// A finding is raised once: [Alerts.Raise] leaves out findings of the same check, system and
// entry that were raised before, and raises nothing if none is left. Where a profile returns
// the state only there are no findings to tell apart: of each check and system, a hit and a
// possible one are raised once each. Discreet findings are like all others here; the booth
// decides who is shown them.
//
// [Alerts.Run] must run for streams to learn of events. It looks at the table once a second,
// for all streams together, because other instances and other transactions write to it.
//
// Events hold personal data. They are removed by [Alerts.Erase]; the numbers go on.
package alerts

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strconv"
	"sync"
	"time"

	"boothd/capture"
	"boothd/cmd/centrald/store"
	"boothd/internal/signed"
	"boothd/sync/portal"
)

// schema makes the tables. The head's row is a lock: whoever takes a booth's next number
// holds it until its transaction is committed, so that numbers become visible in order.
const schema = `
CREATE TABLE alerts_head (
	booth TEXT PRIMARY KEY,
	last  BIGINT NOT NULL
);
CREATE TABLE alerts_event (
	booth    TEXT NOT NULL,
	id       BIGINT NOT NULL,
	name     TEXT NOT NULL, -- alert or drill
	at       BIGINT NOT NULL,
	check_id TEXT NOT NULL,
	cause    TEXT NOT NULL,
	system   TEXT NOT NULL,
	state    TEXT NOT NULL,
	data     TEXT NOT NULL, -- JSON, without the number
	PRIMARY KEY (booth, id)
);
CREATE INDEX alerts_event_at ON alerts_event (at);
CREATE TABLE alerts_raised (
	booth  TEXT NOT NULL,
	digest TEXT NOT NULL, -- of check, system and entry, or of a drill order
	at     BIGINT NOT NULL,
	PRIMARY KEY (booth, digest)
);
CREATE INDEX alerts_raised_at ON alerts_raised (at);
`

// The names of events on the stream.
const (
	nameAlert = "alert"
	nameDrill = "drill"
)

// ErrNotAnAlert is matched when what is to be raised is not one that a booth would take.
var ErrNotAnAlert = errors.New("not an alert")

// Options configure Alerts. DB is required.
type Options struct {
	DB         *store.DB
	PerBooth   int // streams of one booth, the newest ones stay; 0 means 2
	MaxStreams int // of this instance; 0 means 2000
	Log        *slog.Logger
	Now        func() time.Time
}

// Alerts is the booths' lists of events. Its methods may be called by several goroutines.
type Alerts struct {
	opt Options
	db  *store.DB

	mu      sync.Mutex
	streams map[string][]*stream // by booth, the oldest first
	open    int                  // streams in all
	stopped bool                 // Run has ended
}

// Open makes the tables if they are not there.
func Open(ctx context.Context, opt Options) (*Alerts, error) {
	if opt.PerBooth == 0 {
		opt.PerBooth = 2
	}
	if opt.MaxStreams == 0 {
		opt.MaxStreams = 2000
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if err := opt.DB.Migrate(ctx, "alerts", schema); err != nil {
		return nil, err
	}
	return &Alerts{opt: opt, db: opt.DB, streams: make(map[string][]*stream)}, nil
}

// Raise puts an alert on its booth's list, in the transaction, or in one of its own if tx is
// nil. It fills in the number, and the time if there is none, and returns the number: 0 if
// all of its findings were raised before.
func (a *Alerts) Raise(ctx context.Context, tx *sql.Tx, alert portal.Alert) (uint64, error) {
	if err := check(&alert); err != nil {
		return 0, err
	}
	if alert.At.IsZero() {
		alert.At = a.opt.Now().UTC()
	}
	id, err := a.within(ctx, tx, alert.Booth, func(tx *sql.Tx) (uint64, error) { return a.raise(ctx, tx, alert) })
	if err != nil {
		return 0, fmt.Errorf("raise alert: %w", err)
	}
	return id, nil
}

// Order puts a signed drill order on a booth's list and returns its number: 0 if it is there
// already.
func (a *Alerts) Order(ctx context.Context, booth, jws string) (uint64, error) {
	if booth == "" || jws == "" || len(jws) > signed.MaxSize {
		return 0, fmt.Errorf("order drill: %w", ErrNotAnAlert)
	}
	id, err := a.within(ctx, nil, booth, func(tx *sql.Tx) (uint64, error) {
		fresh, err := a.first(ctx, tx, booth, digest("drill", jws))
		if err != nil || !fresh {
			return 0, err
		}
		return a.add(ctx, tx, event{booth: booth, name: nameDrill}, portal.DrillEvent{Order: jws})
	})
	if err != nil {
		return 0, fmt.Errorf("order drill: %w", err)
	}
	return id, nil
}

// within runs f in the transaction or in one of its own, and then wakes the booth's streams.
func (a *Alerts) within(ctx context.Context, tx *sql.Tx, booth string, f func(*sql.Tx) (uint64, error)) (id uint64, err error) {
	if tx != nil {
		return f(tx)
	}
	err = a.db.Tx(ctx, func(tx *sql.Tx) error {
		id, err = f(tx)
		return err
	})
	if err != nil {
		return 0, err
	}
	if id > 0 {
		a.wake(booth)
	}
	return id, nil
}

// check makes sure that a booth would understand the alert.
func check(a *portal.Alert) error {
	switch answer := &a.Answer; {
	case a.Booth == "" || a.Check == "" || answer.System == "":
		return fmt.Errorf("%w: no booth, check or system", ErrNotAnAlert)
	case a.Cause != portal.CauseLateAnswer && a.Cause != portal.CauseReplayed && a.Cause != portal.CauseListUpdate:
		return fmt.Errorf("%w: no cause", ErrNotAnAlert)
	case answer.State != capture.StateHit && answer.State != capture.StatePossible:
		return fmt.Errorf("%w: no finding", ErrNotAnAlert)
	case answer.Modality != capture.ModalityDocument && answer.Modality != capture.ModalityFinger && answer.Modality != capture.ModalityFace:
		return fmt.Errorf("%w: no modality", ErrNotAnAlert)
	}
	return nil
}

func (a *Alerts) raise(ctx context.Context, tx *sql.Tx, alert portal.Alert) (uint64, error) {
	alert.ID = 0
	if told := alert.Answer.Findings; len(told) == 0 {
		first, err := a.first(ctx, tx, alert.Booth, digest("state", alert.Check, alert.Answer.System, string(alert.Answer.State)))
		if err != nil || !first {
			return 0, err
		}
	} else {
		fresh, err := a.fresh(ctx, tx, &alert)
		if err != nil || len(fresh) == 0 {
			return 0, err
		}
		alert.Answer.Findings = fresh
		if !slices.ContainsFunc(fresh, func(f capture.Finding) bool { return f.State != capture.StatePossible }) {
			alert.Answer.State = capture.StatePossible // the hit was raised before
		}
	}
	return a.add(ctx, tx, event{
		booth: alert.Booth, name: nameAlert, check: alert.Check, cause: string(alert.Cause),
		system: alert.Answer.System, state: string(alert.Answer.State),
	}, alert)
}

// fresh notes the findings of an alert and returns those that were not raised before.
func (a *Alerts) fresh(ctx context.Context, tx *sql.Tx, alert *portal.Alert) ([]capture.Finding, error) {
	var fresh []capture.Finding
	for _, f := range alert.Answer.Findings {
		first, err := a.first(ctx, tx, alert.Booth, digest("finding", alert.Check, alert.Answer.System, f.Entry))
		if err == nil && f.State != capture.StatePossible { // raised also of whom a possible finding was raised before
			first, err = a.first(ctx, tx, alert.Booth, digest("finding", alert.Check, alert.Answer.System, f.Entry, "hit"))
		}
		if err != nil {
			return nil, err
		}
		if first {
			fresh = append(fresh, f)
		}
	}
	return fresh, nil
}

// digest names what is raised once.
func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// first notes a digest and reports whether it is new.
func (a *Alerts) first(ctx context.Context, tx *sql.Tx, booth, digest string) (bool, error) {
	res, err := tx.ExecContext(ctx, "INSERT INTO alerts_raised (booth, digest, at) VALUES ($1, $2, $3) ON CONFLICT (booth, digest) DO NOTHING",
		booth, digest, a.opt.Now().UnixNano())
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// event is what the table has of an event beside its data.
type event struct {
	booth, name, check, cause, system, state string
}

// add appends an event to its booth's list and returns its number.
func (a *Alerts) add(ctx context.Context, tx *sql.Tx, e event, content any) (uint64, error) {
	data, err := json.Marshal(content)
	if err != nil {
		return 0, err
	}
	if len(data) > maxData {
		return 0, fmt.Errorf("%w: %d bytes, at most %d", ErrNotAnAlert, len(data), maxData)
	}
	var id int64
	if err := tx.QueryRowContext(ctx, `INSERT INTO alerts_head (booth, last) VALUES ($1, 1)
		ON CONFLICT (booth) DO UPDATE SET last = alerts_head.last + 1 RETURNING last`, e.booth).Scan(&id); err != nil {
		return 0, err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO alerts_event (booth, id, name, at, check_id, cause, system, state, data)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		e.booth, id, e.name, a.opt.Now().UnixNano(), e.check, e.cause, e.system, e.state, string(data))
	return uint64(id), err
}

// maxData limits an event's data, so that a booth takes its line with the number put in.
const maxData = portal.MaxEvent - 1<<10

// Summary is an event without the traveller.
type Summary struct {
	ID     uint64    `json:"id"`
	Booth  string    `json:"booth"`
	Name   string    `json:"name"` // "alert" or "drill"
	Check  string    `json:"check,omitempty"`
	Cause  string    `json:"cause,omitempty"`
	System string    `json:"system,omitempty"`
	State  string    `json:"state,omitempty"`
	At     time.Time `json:"at"`
}

// List lists the latest events of all booths, newest first.
func (a *Alerts) List(ctx context.Context, limit int) ([]Summary, error) {
	rows, err := a.db.QueryContext(ctx, `SELECT id, booth, name, check_id, cause, system, state, at
		FROM alerts_event ORDER BY at DESC, booth, id DESC LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("list alerts: %w", err)
	}
	defer rows.Close()
	list := []Summary{}
	for rows.Next() {
		var s Summary
		var at int64
		if err := rows.Scan(&s.ID, &s.Booth, &s.Name, &s.Check, &s.Cause, &s.System, &s.State, &at); err != nil {
			return nil, fmt.Errorf("list alerts: %w", err)
		}
		s.At = time.Unix(0, at).UTC()
		list = append(list, s)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list alerts: %w", err)
	}
	return list, nil
}

// Erase removes the events that were raised before the time, delivered or not, and returns
// how many there were. A finding may be raised again after that.
func (a *Alerts) Erase(ctx context.Context, before time.Time) (n int64, err error) {
	err = a.db.Tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM alerts_raised WHERE at < $1", before.UnixNano()); err != nil {
			return err
		}
		res, err := tx.ExecContext(ctx, "DELETE FROM alerts_event WHERE at < $1", before.UnixNano())
		if err != nil {
			return err
		}
		n, err = res.RowsAffected()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("erase alerts: %w", err)
	}
	return n, nil
}

// maxAhead is how far a booth's last number may be ahead of central's and still be believed.
const maxAhead = 1 << 32

// goOn is for a booth that has kept a later number than central has given: central's
// database came back from a copy. The booth passes over numbers that it takes for old, so
// all of its events are numbered anew, behind the booth's last.
func (a *Alerts) goOn(ctx context.Context, booth string, last uint64) error {
	if last > math.MaxInt64-maxAhead {
		return nil
	}
	return a.db.Tx(ctx, func(tx *sql.Tx) error {
		var head int64
		err := tx.QueryRowContext(ctx, "SELECT last FROM alerts_head WHERE booth = $1", booth).Scan(&head)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if last <= uint64(head) || last-uint64(head) > maxAhead {
			return nil
		}
		a.opt.Log.Warn("booth has kept a later number than was given", "booth", booth, "last", strconv.FormatUint(last, 10), "head", head)
		if _, err := tx.ExecContext(ctx, "UPDATE alerts_event SET id = id + $1 WHERE booth = $2", int64(last), booth); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO alerts_head (booth, last) VALUES ($1, $2)
			ON CONFLICT (booth) DO UPDATE SET last = excluded.last`, booth, int64(last)+head)
		return err
	})
}
