// Package release decides who may get what of an entry, and keeps the log of it.
//
// Recipients are typed (sync/exchange): the own authority, law enforcement of a member
// state, an agency of the Union, and an organisation under a named protocol with its
// minimised set of fields. Third countries and private persons get nothing. What is not
// asked for does not go, whoever asks.
//
// The data of a minor goes beyond the own authority only with a signed grant of the public
// prosecutor (sync/grant, deed "release") about that person. Who could be under 18 is taken
// for a minor: somebody whose birth date is not known, or of whose several birth dates one
// makes a minor, is one.
//
// Every decision is recorded before any data is given, refusals too: who asked, when, for
// whom, which fields, under which grant. The person is in the log as a keyed digest only,
// so that it can be told to that person what was released ([Releases.Of]) and to nobody
// else.
package release

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"boothd/localmatch/gallery"
	"boothd/sync/exchange"
	"boothd/sync/grant"
)

// Field is one field of an entry that can be released.
type Field string

// The fields.
const (
	FieldNames         Field = "names"
	FieldBirthDates    Field = "birth_dates"
	FieldNationalities Field = "nationalities"
	FieldSex           Field = "sex"
	FieldDocuments     Field = "documents"
	FieldFingers       Field = "fingers"
	FieldFace          Field = "face"
	FieldCategory      Field = "category"
	FieldAction        Field = "action"
)

// All returns every field.
func All() []Field { return slices.Clone(all) }

var all = []Field{
	FieldNames, FieldBirthDates, FieldNationalities, FieldSex, FieldDocuments, FieldFingers, FieldFace, FieldCategory, FieldAction,
}

// forOrganisations is the most that a protocol may name: who somebody is. Why somebody is
// looked for, and templates, are for authorities.
var forOrganisations = []Field{FieldNames, FieldBirthDates, FieldNationalities, FieldSex, FieldDocuments, FieldFace}

// Protocol is an agreement under which an organisation receives data.
type Protocol struct {
	Name         string    `toml:"name"`
	Organisation string    `toml:"organisation"`
	Fields       []Field   `toml:"fields"`
	Until        time.Time `toml:"until"` // nothing is released from then on
}

// Validate names the first fault of the protocol.
func (p *Protocol) Validate() error {
	switch {
	case strings.TrimSpace(p.Name) == "":
		return fmt.Errorf("protocol: name: is missing")
	case strings.TrimSpace(p.Organisation) == "":
		return fmt.Errorf("protocol %s: organisation: is missing", p.Name)
	case len(p.Fields) == 0:
		return fmt.Errorf("protocol %s: fields: is missing", p.Name)
	case p.Until.IsZero():
		return fmt.Errorf("protocol %s: until: is missing", p.Name)
	}
	for _, f := range p.Fields {
		if !slices.Contains(forOrganisations, f) {
			return fmt.Errorf("protocol %s: fields: %q is not for an organisation", p.Name, f)
		}
	}
	return nil
}

// Request is what somebody wants released about one entry. Personal data.
type Request struct {
	ID         string // unique, one for each request
	Officer    string // who asks
	Booth      string
	To         string // the recipient who is named; of an organisation, its name in the protocol
	Kind       exchange.Recipient
	Protocol   string // an organisation's
	Purpose    string
	LegalBasis string
	System     string // whose data it is
	Fields     []Field
	Entry      gallery.Entry
	Minor      bool   // the entry is known to be about a minor
	Permission string // the prosecutor's signed grant; empty if there is none
}

// LogValue keeps the person out of logs.
func (q Request) LogValue() slog.Value { return slog.StringValue("release request " + q.ID) }

// Release is what may go.
type Release struct {
	Fields   []Field // in the order of All
	Withheld []Field // asked for, and not for this recipient
	Minor    bool    // it is the data of a minor
	Grant    string  // id of the grant that permits it; empty if it needs none
}

// Reason is why nothing is released.
type Reason string

// The reasons.
const (
	ReasonRecipient  Reason = "recipient"  // such recipients get nothing
	ReasonIncomplete Reason = "incomplete" // officer, named recipient, purpose or legal basis is missing or too long
	ReasonProtocol   Reason = "protocol"   // none, not in force, or another organisation's
	ReasonFields     Reason = "fields"     // nothing that was asked for is for this recipient
	ReasonMinor      Reason = "minor"      // a minor's data without the prosecutor's permission
)

// Refusal is the error that says why nothing is released.
type Refusal struct {
	Reason Reason
	Err    error // more about it, may be nil
}

func (r *Refusal) Error() string {
	text := map[Reason]string{
		ReasonRecipient:  "release refused: such recipients get nothing",
		ReasonIncomplete: "release refused: officer, recipient, purpose and legal basis must be stated",
		ReasonProtocol:   "release refused: no protocol with this organisation is in force under this name",
		ReasonFields:     "release refused: nothing of what was asked for is for this recipient",
		ReasonMinor:      "release refused: a minor's data needs the permission of the public prosecutor",
	}[r.Reason]
	if r.Err != nil {
		return text + ": " + r.Err.Error()
	}
	return text
}

func (r *Refusal) Unwrap() error { return r.Err }

const maxText = 256 // bytes of what is stated

// Decide says what may go, on the day now, under the protocols. permission is the grant that
// came with the request, verified; nil if none did. The error is a *[Refusal].
func Decide(q *Request, permission *grant.Grant, protocols []Protocol, now time.Time) (Release, error) {
	r := Release{Minor: q.Minor || couldBeMinor(q.Entry.BirthDates, now)}
	if err := q.Kind.Admit(); err != nil {
		return r, &Refusal{ReasonRecipient, err}
	}
	for _, stated := range []string{q.Officer, q.To, q.Purpose, q.LegalBasis} {
		if strings.TrimSpace(stated) == "" || len(stated) > maxText {
			return r, &Refusal{Reason: ReasonIncomplete}
		}
	}
	most := all
	if q.Kind == exchange.NGO {
		p := protocolFor(q, protocols, now)
		if p == nil {
			return r, &Refusal{Reason: ReasonProtocol}
		}
		most = p.Fields
	}
	r.choose(q.Fields, most)
	if len(r.Fields) == 0 {
		return r, &Refusal{Reason: ReasonFields}
	}
	if !r.Minor || q.Kind == exchange.Own {
		return r, nil
	}
	if permission == nil {
		return r, &Refusal{Reason: ReasonMinor}
	}
	if err := permission.Covers(wanted(&q.Entry, permission.Subject), now); err != nil {
		return r, &Refusal{ReasonMinor, err}
	}
	r.Grant = permission.ID
	return r, nil
}

// choose sorts the fields that are asked for into those that may go and those that may not.
func (r *Release) choose(asked, most []Field) {
	for _, f := range all {
		switch {
		case !slices.Contains(asked, f):
		case slices.Contains(most, f):
			r.Fields = append(r.Fields, f)
		default:
			r.Withheld = append(r.Withheld, f)
		}
	}
}

// protocolFor returns the protocol in force under which the organisation receives data.
func protocolFor(q *Request, protocols []Protocol, now time.Time) *Protocol {
	for i := range protocols {
		p := &protocols[i]
		if p.Name == q.Protocol && p.Organisation == q.To && now.Before(p.Until) && p.Validate() == nil {
			return p
		}
	}
	return nil
}

// wanted is what a grant must cover for the entry: its subject may be named by any of the
// entry's documents, or by any of its names and birth dates.
func wanted(e *gallery.Entry, subject string) grant.Want {
	want := grant.Want{Authority: grant.Prosecutor, Deed: grant.DeedRelease}
	if slices.Contains(subjects(e), subject) {
		want.Subject = subject
	}
	return want
}

func subjects(e *gallery.Entry) []string {
	var found []string
	for _, d := range e.Documents {
		found = append(found, grant.SubjectOf(d.Number, d.Issuer))
	}
	for _, name := range e.Names {
		surname, given, _ := strings.Cut(name, ",")
		for _, date := range e.BirthDates {
			found = append(found, grant.SubjectOfPerson(surname, given, date))
		}
	}
	return slices.DeleteFunc(found, func(s string) bool { return s == "" })
}

// adult is the age, in years, from which somebody is no minor.
const adult = 18

// couldBeMinor reports whether one of the dates, or a date that it may stand for, makes a
// minor; so does a date that cannot be read, or none.
func couldBeMinor(dates []string, now time.Time) bool {
	return len(dates) == 0 || slices.ContainsFunc(dates, func(date string) bool { return !surelyAdult(date, now) })
}

// surelyAdult takes an unknown month or day for the latest, and the day that begins last on
// earth for today. Somebody born on 29 February comes of age on 1 March.
func surelyAdult(date string, now time.Time) bool {
	latest, err := time.Parse(time.DateOnly, date)
	if err != nil {
		if latest, err = time.Parse("2006-01", date); err == nil {
			latest = latest.AddDate(0, 1, -1)
		} else if latest, err = time.Parse("2006", date); err == nil {
			latest = latest.AddDate(1, 0, -1)
		}
	}
	today := now.UTC().Add(-12 * time.Hour).Truncate(24 * time.Hour)
	return err == nil && !latest.AddDate(adult, 0, 0).After(today)
}
