// Package register is an information system's own people in central's database.
//
// Each system has tables of its own, and an index of fingers of its own in memory: what one
// system holds, no other finds. People are entries as lists hold them (gallery.Entry), and
// are compared by the same engine: a Register looks entries up for localmatch and turns the
// question into what localmatch asks with. It writes no second matcher.
//
// Lookup keys are HMACs, so that the table of keys tells nothing by itself. Several
// instances may share a database; each hears of the others' changes through a table of
// changes before it searches fingers.
//
// A finger enters only through a gate: a template that shows too little would be found by
// nobody, or by everybody.
package register

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"time"

	"boothd/cmd/centrald/store"
	"boothd/localmatch"
	"boothd/localmatch/gallery"
	"boothd/sync/system"
)

// Options are what a Register is opened with. Needs, Changed, Log and Now may be left out.
type Options struct {
	System string
	Secret []byte // keys the lookup digests
	// Needs says which kind of grant must be shown before more is told of an entry than
	// that there is one; empty if none.
	Needs func(e *gallery.Entry) string
	// Changed is called after each entry that was put, for those who look back.
	Changed func(ctx context.Context, e gallery.Entry)
	Log     *slog.Logger
	Now     func() time.Time
}

// Register is one system's people. It is a system.Adapter. Its methods may be called by
// several goroutines.
type Register struct {
	opt     Options
	db      *store.DB
	tables  tables
	prints  *prints
	matcher *localmatch.Matcher
}

var _ system.Adapter = (*Register)(nil)

var systemName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// Open opens the system's tables, and makes them if they are not there.
func Open(ctx context.Context, db *store.DB, o Options) (*Register, error) {
	if !systemName.MatchString(o.System) {
		return nil, errors.New("open register: the system's name is no name")
	}
	if len(o.Secret) < leastSecret {
		return nil, fmt.Errorf("open register %s: secret of %d bytes, want %d", o.System, len(o.Secret), leastSecret)
	}
	if o.Needs == nil {
		o.Needs = func(*gallery.Entry) string { return "" }
	}
	if o.Changed == nil {
		o.Changed = func(context.Context, gallery.Entry) {}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	r := &Register{opt: o, db: db, tables: tablesOf(o.System), prints: newPrints()}
	if err := db.Migrate(ctx, r.tables.name(""), r.tables.schema()); err != nil {
		return nil, fmt.Errorf("open register %s: %w", o.System, err)
	}
	r.matcher = localmatch.New(finder{r}, localmatch.Options{
		Lists: []localmatch.List{{Name: o.System, System: o.System}}, Partial: true, Log: o.Log, Now: o.Now,
	})
	if err := r.catchUp(ctx); err != nil {
		return nil, fmt.Errorf("open register %s: %w", o.System, err)
	}
	return r, nil
}

const leastSecret = 16 // bytes

// System is whose people these are.
func (r *Register) System() string { return r.opt.System }

// tables knows the names of a system's tables.
type tables struct{ prefix string }

// tablesOf writes the system's name so that every table has a name of its own: letters in
// lower case, and everything else, capitals too, as its code.
func tablesOf(system string) tables {
	var b strings.Builder
	b.WriteString("register_")
	for _, c := range []byte(system) {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "_%02x", c)
	}
	return tables{b.String()}
}

func (t tables) name(table string) string { return t.prefix + "__" + table }

// sql puts the names of the tables where the text has @entry, @key, @change and @next.
func (t tables) sql(text string) string {
	return strings.NewReplacer("@entry", t.name("entry"), "@key", t.name("key"), "@change", t.name("change"), "@next", t.name("next")).Replace(text)
}

func (t tables) schema() string {
	return t.sql(`
CREATE TABLE @entry (
	num   BIGINT PRIMARY KEY,
	id    TEXT NOT NULL UNIQUE,
	entry BLOB NOT NULL -- JSON
);
CREATE TABLE @key (
	digest BLOB NOT NULL, -- HMAC of a lookup key, its first half
	num    BIGINT NOT NULL,
	PRIMARY KEY (digest, num)
);
CREATE INDEX @key_num ON @key (num);
CREATE TABLE @change ( -- of entries with fingers
	seq BIGINT PRIMARY KEY,
	num BIGINT NOT NULL
);
CREATE TABLE @next (
	one BIGINT PRIMARY KEY,
	num BIGINT NOT NULL,
	seq BIGINT NOT NULL
);
INSERT INTO @next (one, num, seq) VALUES (1, 1, 1);
`)
}

// Get returns the entry, nil if it is not there.
func (r *Register) Get(ctx context.Context, id string) (*gallery.Entry, error) {
	var b []byte
	err := r.db.QueryRowContext(ctx, r.tables.sql("SELECT entry FROM @entry WHERE id = $1"), id).Scan(&b)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read register %s: %w", r.opt.System, err)
	}
	return r.decode(b)
}

func (r *Register) decode(b []byte) (*gallery.Entry, error) {
	var e gallery.Entry
	if json.Unmarshal(b, &e) != nil {
		return nil, fmt.Errorf("read register %s: entry is damaged", r.opt.System)
	}
	return &e, nil
}

// Count is how many entries there are.
func (r *Register) Count(ctx context.Context) (n int, err error) {
	err = r.db.QueryRowContext(ctx, r.tables.sql("SELECT count(*) FROM @entry")).Scan(&n)
	return n, err
}
