package visa

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"boothd/capture"
	"boothd/cmd/centrald/border/person"
	"boothd/cmd/centrald/store"
	"boothd/localmatch/gallery"
	"boothd/localmatch/numbers"
	"boothd/sync/system"
)

// Authorisation is a travel authorisation for the bearer of one document. Personal data.
type Authorisation struct {
	Number string // of the document
	Issuer string // of the document, a code of ICAO 9303-3 §5
	Holder string // whose it is, as the system names the person; may be empty
	// From and Until are the first and the last day of its validity, "2006-01-02".
	From, Until string
	Status      Status
	// Decided is the day on which it was refused or revoked; the day on which that is put if
	// it is empty.
	Decided string
	// Flag is why a further check is recommended; empty if none is.
	Flag string
}

// LogValue keeps the document out of logs.
func (a Authorisation) LogValue() slog.Value { return slog.StringValue("travel authorisation") }

func (a *Authorisation) validate() error {
	switch {
	case numbers.Normal(a.Number) == "" || len(a.Number) > gallery.MaxNumber || a.Issuer == "" || len(a.Issuer) > len("UTO"):
		return errors.New("the document's number or issuer is none")
	case len(a.Holder) > maxText || len(a.Flag) > maxText:
		return errors.New("text is too long")
	case !validDate(a.From) || !validDate(a.Until) || a.Until < a.From:
		return errors.New("the dates are none, or in the wrong order")
	case a.Decided != "" && !validDate(a.Decided):
		return errors.New("the day of the decision is none")
	case a.Status != StatusValid && a.Status != StatusRefused && a.Status != StatusRevoked:
		return errors.New("the status is none of an authorisation")
	}
	return nil
}

// ETIASOptions are what ETIAS is opened with. Location and Now may be left out.
type ETIASOptions struct {
	// Required are the nationalities that need an authorisation, as ICAO 9303-3 §5 codes.
	Required []string
	Remove   Remove         // of a holder of whom nothing is left; without it there is no Erase
	Secret   []byte         // keys the digests of documents, at least person.LeastSecret bytes
	Location *time.Location // whose clocks tell which day it is; UTC if nil
	Now      func() time.Time
}

// ETIAS is the travel information and authorisation system. Its methods may be called from
// several goroutines, and several instances may share a database.
type ETIAS struct {
	db       *store.DB
	required person.Codes
	remove   Remove
	digests  person.Digests
	clock    clock
}

var _ system.Adapter = (*ETIAS)(nil)

const schemaETIAS = `
CREATE TABLE etias_authorisation (
	digest      BLOB PRIMARY KEY,
	holder      TEXT NOT NULL,
	valid_from  TEXT NOT NULL,
	valid_until TEXT NOT NULL,
	status      TEXT NOT NULL,
	flag        TEXT NOT NULL
);`

// OpenETIAS opens the system's tables.
func OpenETIAS(ctx context.Context, db *store.DB, o ETIASOptions) (*ETIAS, error) {
	digests, err := person.NewDigests(o.Secret, "authorisation")
	if err == nil {
		err = db.Migrate(ctx, "etias", schemaETIAS,
			eraseSchemas("etias_authorisation")+"CREATE INDEX etias_authorisation_holder ON etias_authorisation (holder);")
	}
	if err != nil {
		return nil, fmt.Errorf("open ETIAS: %w", err)
	}
	return &ETIAS{db: db, required: person.NewCodes(o.Required), remove: o.Remove, digests: digests, clock: newClock(o.Now, o.Location)}, nil
}

// Put adds authorisations, replacing those of the same document. It fails as VIS.Put does.
func (s *ETIAS) Put(ctx context.Context, authorisations ...Authorisation) error {
	rows := make([][]any, len(authorisations))
	for i := range authorisations {
		a := &authorisations[i]
		if err := a.validate(); err != nil {
			return fmt.Errorf("put authorisation %d: %w: %w", i, ErrInvalid, err)
		}
		rows[i] = []any{s.digests.OfDocument(a.Number, a.Issuer), a.Holder, a.From, a.Until, string(a.Status), a.Flag,
			ended(a.Status, a.Until, a.Decided, s.clock.today())}
	}
	err := replace(ctx, s.db, "INSERT INTO etias_authorisation (digest, holder, valid_from, valid_until, status, flag, ended)",
		`ON CONFLICT (digest) DO UPDATE SET holder = excluded.holder, valid_from = excluded.valid_from,
		valid_until = excluded.valid_until, status = excluded.status, flag = excluded.flag, `+keepEnded("etias_authorisation"), rows)
	if err != nil {
		return fmt.Errorf("put authorisations: %w", err)
	}
	return nil
}

// Ask answers whether the bearer of the document may travel. The package's doc says what
// the reply holds.
func (s *ETIAS) Ask(ctx context.Context, q system.Question) (system.Reply, error) {
	reply, err := s.ask(ctx, q)
	if err != nil {
		return system.Reply{}, fmt.Errorf("ask ETIAS: %w", err)
	}
	reply.AsOf = s.clock.now()
	return reply, nil
}

func (s *ETIAS) ask(ctx context.Context, q system.Question) (system.Reply, error) {
	unavailable := func(reason string) (system.Reply, error) {
		return system.Reply{State: capture.StateUnavailable, Reason: reason}, nil
	}
	required := s.required.Has(q.Nationality)
	switch {
	case q.Nationality == "":
		return unavailable("without a nationality it is not known whether an authorisation is required")
	case !required:
		return system.Reply{State: capture.StateNoHit, Facts: []capture.Fact{{Code: capture.FactAuthorised, Value: "not_required"}}}, nil
	case numbers.Normal(q.DocumentNumber) == "" || q.Issuer == "":
		return unavailable("without the document's number and issuer no authorisation is found")
	}
	a, err := s.find(ctx, q.DocumentNumber, q.Issuer)
	if err != nil {
		return system.Reply{}, err
	}
	return s.reply(a), nil
}

// find returns the document's authorisation, nil if there is none.
func (s *ETIAS) find(ctx context.Context, number, issuer string) (*Authorisation, error) {
	var a Authorisation
	err := s.db.QueryRowContext(ctx, "SELECT holder, valid_from, valid_until, status, flag FROM etias_authorisation WHERE digest = $1",
		s.digests.OfDocument(number, issuer)).Scan(&a.Holder, &a.From, &a.Until, &a.Status, &a.Flag)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &a, err
}

// reply tells of the authorisation, nil if there is none, to somebody who needs one.
func (s *ETIAS) reply(a *Authorisation) system.Reply {
	stands := a.standing(s.clock.today())
	r := system.Reply{State: capture.StateNoHit, Facts: []capture.Fact{{Code: capture.FactAuthorised, Value: stands}}}
	finding := capture.Finding{By: capture.ByDocumentNumber, Score: 1}
	if a != nil {
		finding.Entry = a.Holder
		if a.Holder != "" {
			r.Entries = []string{a.Holder}
		}
		r.Facts = append(r.Facts,
			capture.Fact{Code: capture.FactValidFrom, Value: a.From}, capture.Fact{Code: capture.FactValidUntil, Value: a.Until})
	}
	if a != nil && a.Flag != "" {
		r.Facts = append(r.Facts, capture.Fact{Code: capture.FactFlag, Value: a.Flag})
		f := finding
		f.State, f.Category, f.Action = capture.StatePossible, "flagged authorisation", actionRefer
		r.State, r.Findings = f.State, append(r.Findings, f)
	}
	if stands != string(StatusValid) {
		f := finding
		f.State, f.Category, f.Action = capture.StateHit, "no valid travel authorisation", actionRefuse
		f.Explanation = []capture.Part{{What: "authorisation", Found: stands}}
		r.State, r.Findings = f.State, append([]capture.Finding{f}, r.Findings...)
	}
	return r
}

// standing is how the authorisation stands on the day, as the fact "authorisation" says it.
// One that is not valid yet is none.
func (a *Authorisation) standing(today string) string {
	switch {
	case a == nil:
		return "none"
	case a.Status != StatusValid:
		return string(a.Status)
	case today < a.From:
		return "none"
	case today > a.Until:
		return "expired"
	}
	return string(StatusValid)
}
