// Package intake takes the records of booths, each exactly once, whatever happens to the
// line, to the booth or to one of central's instances.
//
// # Exactly once
//
// An item is known by booth, epoch and sequence. It is committed once; when it comes again
// it is acknowledged again in the same words, with the time of the first commit, by whichever
// instance it reaches. The same three with another hash are refused, and so is a record whose
// id is there under another sequence. What is refused is noted for a person. The records stay
// sealed in the database; beside them lies only what a count needs.
//
// [Intake.Through] says in one signed sentence up to which sequence everything is committed.
//
// # What hangs on a record
//
// A [Hook] runs inside the transaction that commits a record, so its effects happen exactly
// once too. If it fails, the item is not committed or acknowledged and the booth sends it
// again; the other items of the report are not held up. A record for which a hook fails
// [MaxTries] times is committed without that hook's effects, and the failure is noted for a
// person: no record blocks a booth. [Intake.Retry] makes up for it once the cause is mended.
// Records of one check may arrive in any order; [Intake.OfCheck] gives a hook the others.
//
// An [After] runs when the record is committed, at least once, on any of the instances that
// are in [Intake.Run]. It is tried again, at growing intervals, until it succeeds or the
// record is erased.
//
// # Erasure
//
// [Intake.Erase] removes the records, and the notes of what was refused, and keeps what makes
// the records known, so that an item that
// comes again after years is still acknowledged and not committed again.
package intake

import (
	"context"
	"crypto/ed25519"
	"crypto/hpke"
	"errors"
	"log/slog"
	"time"

	"boothd/cmd/centrald/store"
	"boothd/internal/keys"
)

// schema makes the tables. Kind, check_id, outcome, decision and offline are copied from
// the sealed record; none of them tells who the traveller is. Times are nanoseconds since
// 1970.
const schema = `
CREATE TABLE intake_item (
	booth     TEXT NOT NULL,
	epoch     TEXT NOT NULL,
	sequence  BIGINT NOT NULL,
	id        TEXT NOT NULL,
	hash      TEXT NOT NULL,
	journal   TEXT NOT NULL,
	committed BIGINT NOT NULL,
	times     BIGINT NOT NULL DEFAULT 1, -- how often it was delivered
	kind      TEXT NOT NULL,
	check_id  TEXT NOT NULL,
	outcome   TEXT NOT NULL,
	decision  TEXT NOT NULL,
	offline   BOOLEAN NOT NULL,
	sealed    BLOB,                      -- NULL once erased
	PRIMARY KEY (booth, epoch, sequence)
);
CREATE UNIQUE INDEX intake_item_record ON intake_item (booth, id);
CREATE INDEX intake_item_check ON intake_item (booth, check_id);
CREATE INDEX intake_item_committed ON intake_item (committed);
CREATE INDEX intake_item_kept ON intake_item (committed) WHERE sealed IS NOT NULL;
CREATE TABLE intake_refused (
	booth    TEXT NOT NULL,
	epoch    TEXT NOT NULL,
	sequence BIGINT NOT NULL,
	hash     TEXT NOT NULL,
	reason   TEXT NOT NULL,
	at       BIGINT NOT NULL,
	PRIMARY KEY (booth, epoch, sequence, hash)
);
CREATE TABLE intake_through ( -- found out so far; never too much
	booth    TEXT NOT NULL,
	epoch    TEXT NOT NULL,
	sequence BIGINT NOT NULL,
	PRIMARY KEY (booth, epoch)
);
CREATE TABLE intake_failure ( -- of hooks
	booth    TEXT NOT NULL,
	id       TEXT NOT NULL,
	hook     TEXT NOT NULL,
	tries    BIGINT NOT NULL,
	error    TEXT NOT NULL,
	at       BIGINT NOT NULL,
	PRIMARY KEY (booth, id, hook)
);
CREATE TABLE intake_after ( -- work that is to be done after the commit
	booth    TEXT NOT NULL,
	id       TEXT NOT NULL,
	name     TEXT NOT NULL,
	due      BIGINT NOT NULL, -- nobody works on it and it is to be tried, from then on
	tries    BIGINT NOT NULL DEFAULT 0,
	error    TEXT NOT NULL DEFAULT '',
	PRIMARY KEY (booth, id, name)
);
CREATE INDEX intake_after_due ON intake_after (due);
`

// refusedSchema serves erasing what was refused.
const refusedSchema = "CREATE INDEX intake_refused_at ON intake_refused (at);"

// Options configure an Intake. DB, Opening and Signing are required. All instances have the
// same keys, hooks and afters.
type Options struct {
	DB      *store.DB
	Opening []hpke.PrivateKey  // open the records: the present key, and those before it
	Signing ed25519.PrivateKey // signs the acknowledgements
	Hooks   []Hook
	After   []After
	Log     *slog.Logger
	Now     func() time.Time
}

// Intake takes records. Its methods may be called by several goroutines.
type Intake struct {
	opt   Options
	db    *store.DB
	keyID string
	wake  chan struct{} // work was added here
}

// Open makes the tables if they are not there.
func Open(ctx context.Context, opt Options) (*Intake, error) {
	if opt.DB == nil || len(opt.Opening) == 0 || opt.Signing == nil {
		return nil, errors.New("open intake: database, opening and signing key are required")
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if err := checkNames(&opt); err != nil {
		return nil, err
	}
	if err := opt.DB.Migrate(ctx, "intake", schema, refusedSchema); err != nil {
		return nil, err
	}
	return &Intake{
		opt: opt, db: opt.DB, wake: make(chan struct{}, 1),
		keyID: keys.ID(opt.Signing.Public().(ed25519.PublicKey)),
	}, nil
}

// now is the time with the precision of the database.
func (in *Intake) now() time.Time { return time.Unix(0, in.opt.Now().UnixNano()).UTC() }
