package visa

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"boothd/cmd/centrald/border/person"
	"boothd/cmd/centrald/store"
	"boothd/localmatch/numbers"
	"boothd/sync/system"
)

// Visa is a visa sticker. Personal data.
type Visa struct {
	Sticker string // its number
	Holder  string // the id of the holder's entry in People
	// From and Until are the first and the last day of its validity, "2006-01-02".
	From, Until string
	// Entries is how many entries it allows, 0 for any number, and Used how many were made.
	Entries, Used int
	Territory     string // where it is valid; "Schengen" if it is empty
	Status        Status
	// Decided is the day on which a visa was revoked or annulled; the day on which that is put
	// if it is empty.
	Decided string
}

// LogValue keeps the number out of logs.
func (v Visa) LogValue() slog.Value { return slog.StringValue("visa") }

// Status is what was decided of a visa or an authorisation.
type Status string

// The statuses. An authorisation is valid, refused or revoked, a visa valid, revoked or
// annulled.
const (
	StatusValid    Status = "valid"
	StatusRefused  Status = "refused"
	StatusRevoked  Status = "revoked"
	StatusAnnulled Status = "annulled"
)

// everywhere is the territory of a visa that is not limited.
const everywhere = "Schengen"

// maxText limits territories, flags and holders' ids, in bytes.
const maxText = 256

func (v *Visa) validate() error {
	switch {
	case !ValidSticker(v.Sticker):
		return errors.New("the sticker's number is not one")
	case v.Holder == "" || len(v.Holder) > maxText || len(v.Territory) > maxText:
		return errors.New("the holder is missing, or text is too long")
	case !validDate(v.From) || !validDate(v.Until) || v.Until < v.From:
		return errors.New("the dates are none, or in the wrong order")
	case v.Decided != "" && !validDate(v.Decided):
		return errors.New("the day of the decision is none")
	case v.Entries < 0 || v.Used < 0:
		return errors.New("the number of entries is negative")
	case v.Status != StatusValid && v.Status != StatusRevoked && v.Status != StatusAnnulled:
		return errors.New("the status is none of a visa")
	}
	return nil
}

// ValidSticker reports whether s can be the number of a visa sticker: 1 to 20 letters A to Z
// and digits, however separated.
func ValidSticker(s string) bool {
	n := len(numbers.Normal(s))
	return n > 0 && n <= maxSticker && len(s) <= 2*maxSticker
}

const maxSticker = 20

// VISOptions are what the VIS is opened with. Location and Now may be left out.
type VISOptions struct {
	People   person.People  // the holders of visas
	Remove   Remove         // from People; without it there is no Erase
	Secret   []byte         // keys the digests of sticker numbers, at least person.LeastSecret bytes
	Location *time.Location // whose clocks tell which day it is; UTC if nil
	Now      func() time.Time
}

// VIS is the visa information system. Its methods may be called from several goroutines,
// and several instances may share a database.
type VIS struct {
	db      *store.DB
	people  person.People
	remove  Remove
	digests person.Digests
	clock   clock
}

var _ system.Adapter = (*VIS)(nil)

const schemaVIS = `
CREATE TABLE vis_visa (
	digest      BLOB PRIMARY KEY,
	holder      TEXT NOT NULL,
	valid_from  TEXT NOT NULL,
	valid_until TEXT NOT NULL,
	entries     BIGINT NOT NULL,
	used        BIGINT NOT NULL,
	territory   TEXT NOT NULL,
	status      TEXT NOT NULL
);
CREATE INDEX vis_visa_holder ON vis_visa (holder);`

// OpenVIS opens the system's tables.
func OpenVIS(ctx context.Context, db *store.DB, o VISOptions) (*VIS, error) {
	if o.People == nil {
		return nil, errors.New("open the VIS: no people")
	}
	digests, err := person.NewDigests(o.Secret, "visa sticker")
	if err == nil {
		err = db.Migrate(ctx, "vis", schemaVIS, eraseSchemas("vis_visa"))
	}
	if err != nil {
		return nil, fmt.Errorf("open the VIS: %w", err)
	}
	return &VIS{db: db, people: o.People, remove: o.Remove, digests: digests, clock: newClock(o.Now, o.Location)}, nil
}

// Put adds visas, replacing those with the same sticker number. Of each 10,000 either all
// or none are there if it fails. An error that matches ErrInvalid tells the visa's place
// among those given and comes before anything is put.
func (s *VIS) Put(ctx context.Context, visas ...Visa) error {
	rows := make([][]any, len(visas))
	for i := range visas {
		v := &visas[i]
		if err := v.validate(); err != nil {
			return fmt.Errorf("put visa %d: %w: %w", i, ErrInvalid, err)
		}
		rows[i] = []any{s.digests.OfNumber(v.Sticker), v.Holder, v.From, v.Until, v.Entries, v.Used, v.Territory, string(v.Status),
			ended(v.Status, v.Until, v.Decided, s.clock.today())}
	}
	err := replace(ctx, s.db, "INSERT INTO vis_visa (digest, holder, valid_from, valid_until, entries, used, territory, status, ended)",
		`ON CONFLICT (digest) DO UPDATE SET holder = excluded.holder, valid_from = excluded.valid_from, valid_until = excluded.valid_until,
		entries = excluded.entries, used = excluded.used, territory = excluded.territory, status = excluded.status, `+keepEnded("vis_visa"), rows)
	if err != nil {
		return fmt.Errorf("put visas: %w", err)
	}
	return nil
}

const selectVisa = "SELECT holder, valid_from, valid_until, entries, used, territory, status FROM vis_visa WHERE "

// bySticker returns the visa, nil if there is none with the number.
func (s *VIS) bySticker(ctx context.Context, sticker string) (*Visa, error) {
	visas, err := s.visas(ctx, selectVisa+"digest = $1", s.digests.OfNumber(sticker))
	if err != nil || len(visas) == 0 {
		return nil, err
	}
	return &visas[0], nil
}

// ofHolder returns the visa of the holder that counts most on the day, nil if there is none.
func (s *VIS) ofHolder(ctx context.Context, holder, today string) (*Visa, error) {
	visas, err := s.visas(ctx, selectVisa+"holder = $1 ORDER BY valid_until DESC, valid_from DESC LIMIT 100", holder)
	if err != nil || len(visas) == 0 {
		return nil, err
	}
	best := &visas[0]
	for i := range visas {
		if visas[i].standing(today) == standingValid {
			return &visas[i], nil
		}
	}
	return best, nil
}

func (s *VIS) visas(ctx context.Context, query string, arg any) ([]Visa, error) {
	rows, err := s.db.QueryContext(ctx, query, arg)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var visas []Visa
	for rows.Next() {
		var v Visa
		if err := rows.Scan(&v.Holder, &v.From, &v.Until, &v.Entries, &v.Used, &v.Territory, &v.Status); err != nil {
			return nil, err
		}
		visas = append(visas, v)
	}
	return visas, rows.Err()
}

// standing is how a visa stands, as the fact "visa" says it.
type standing string

const (
	standingValid       standing = "valid"
	standingExpired     standing = "expired"
	standingNotYetValid standing = "not_yet_valid"
	standingRevoked     standing = "revoked"
	standingAnnulled    standing = "annulled"
	standingUsedUp      standing = "used_up"
)

// standing tells how the visa stands on the day. What was decided goes before dates, and
// dates before entries.
func (v *Visa) standing(today string) standing {
	switch {
	case v.Status == StatusRevoked:
		return standingRevoked
	case v.Status == StatusAnnulled:
		return standingAnnulled
	case today < v.From:
		return standingNotYetValid
	case today > v.Until:
		return standingExpired
	case v.Entries > 0 && v.Used >= v.Entries:
		return standingUsedUp
	}
	return standingValid
}

// entries writes how many entries the visa allows.
func (v *Visa) entries() string {
	if v.Entries == 0 {
		return "multiple"
	}
	return strconv.Itoa(v.Entries)
}

// clock tells which day it is.
type clock struct {
	now      func() time.Time
	location *time.Location
}

func newClock(now func() time.Time, l *time.Location) clock {
	if now == nil {
		now = time.Now
	}
	if l == nil {
		l = time.UTC
	}
	return clock{now, l}
}

// here is the time as the clocks show it.
func (c clock) here() time.Time { return c.now().In(c.location) }

func (c clock) today() string { return c.day(c.now()) }

// day is which day it is at a time.
func (c clock) day(t time.Time) string { return t.In(c.location).Format(time.DateOnly) }
