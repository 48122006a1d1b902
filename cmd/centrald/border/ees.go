package border

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"boothd/cmd/centrald/border/person"
	"boothd/cmd/centrald/store"
	"boothd/localmatch/gallery"
	"boothd/sync/system"
)

// Options are what the system is opened with. Location, Log and Now may be left out.
type Options struct {
	// People are the identity part of the files, by the id of the file.
	People person.People
	// Enrol puts entries into People, replacing those of the same id.
	Enrol func(ctx context.Context, entries ...gallery.Entry) error
	// Remove takes an entry out of People, and out of all that knows of it. Without it there
	// is no Erase.
	Remove func(ctx context.Context, id string) (bool, error)
	// Secret keys the digests by which files are found, at least person.LeastSecret bytes.
	Secret []byte
	// Exempt are the nationalities, as ICAO 9303-3 §5 codes, of whom no file is kept: those
	// of the states that the rules on free movement apply to.
	Exempt []string
	// Location is whose clocks tell which day it is; UTC if nil.
	Location *time.Location
	Log      *slog.Logger
	Now      func() time.Time
}

// EES is the entry/exit system. Its methods may be called from several goroutines, and
// several instances may share a database.
type EES struct {
	db       *store.DB
	people   person.People
	enrol    func(ctx context.Context, entries ...gallery.Entry) error
	remove   func(ctx context.Context, id string) (bool, error)
	digests  person.Digests
	exempt   person.Codes
	location *time.Location
	log      *slog.Logger
	now      func() time.Time
}

var _ system.Adapter = (*EES)(nil)

// Open opens the system's tables.
func Open(ctx context.Context, db *store.DB, o Options) (*EES, error) {
	if o.People == nil || o.Enrol == nil {
		return nil, errors.New("open the entry/exit system: no people")
	}
	digests, err := person.NewDigests(o.Secret, "ees document")
	if err == nil {
		err = db.Migrate(ctx, "ees", schema, schemaErase)
	}
	if err != nil {
		return nil, fmt.Errorf("open the entry/exit system: %w", err)
	}
	e := &EES{
		db: db, people: o.People, enrol: o.Enrol, remove: o.Remove, digests: digests, exempt: person.NewCodes(o.Exempt),
		location: o.Location, log: o.Log, now: o.Now,
	}
	if e.location == nil {
		e.location = time.UTC
	}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	if e.now == nil {
		e.now = time.Now
	}
	return e, nil
}

// clock is the time as the clocks show it.
func (e *EES) clock() time.Time { return e.now().In(e.location) }

func (e *EES) today() Day { return DayOf(e.clock()) }
