package release

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"boothd/localmatch/gallery"
	"boothd/sync/exchange"
	"boothd/sync/grant"
)

var today = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// grown is an entry about an adult with every field.
func grown() gallery.Entry {
	return gallery.Entry{
		ID: "e-1", Names: []string{"SIMIC, ANA"}, BirthDates: []string{"1974-08-12"}, Nationalities: []string{"UTO"}, Sex: "F",
		Documents: []gallery.DocumentNumber{{Number: "L898902C3", Type: "P", Issuer: "UTO"}},
		Fingers:   []gallery.FingerTemplate{{Position: 2, Format: gallery.FormatBoothd, Data: []byte("ridges")}},
		Face:      []byte("portrait"), Category: "missing", Action: "protect", Discreet: true,
	}
}

func child() gallery.Entry {
	e := grown()
	e.BirthDates = []string{"2012-05-06"}
	return e
}

var tracing = Protocol{Name: "tracing-2026", Organisation: "Family Tracing", Fields: []Field{FieldNames, FieldFace}, Until: today.AddDate(0, 6, 0)}

func request(kind exchange.Recipient, e gallery.Entry, fields ...Field) Request {
	return Request{
		ID: "r-1", Officer: "officer-1", Booth: "booth-1", To: "Insp. Novak", Kind: kind, Purpose: "missing person",
		LegalBasis: "Regulation (EU) 2018/1862 Art 32", System: "SIS", Fields: fields, Entry: e,
	}
}

// permission is the prosecutor's about the entry's document.
func permission() *grant.Grant {
	return &grant.Grant{
		ID: "g-1", Authority: grant.Prosecutor, By: "public prosecutor", Reference: "12 Js 4/26", Deeds: []grant.Deed{grant.DeedRelease},
		Subject: grant.SubjectOf("L898902C3", "UTO"), Issued: today.Add(-time.Hour), Expires: today.Add(time.Hour), Single: true,
	}
}

func TestWhoGetsWhat(t *testing.T) {
	byName := func(e *gallery.Entry) string { return grant.SubjectOfPerson("SIMIC", "ANA", e.BirthDates[0]) }
	for _, test := range []struct {
		name     string
		request  Request
		change   func(*Request)
		grant    func(*grant.Grant)
		granted  bool
		fields   []Field
		withheld []Field
		refused  Reason
		why      error
	}{
		{name: "the own authority gets all it asks for", request: request(exchange.Own, grown(), All()...), fields: All()},
		{name: "what is not asked for does not go", request: request(exchange.Own, grown(), FieldNames), fields: []Field{FieldNames}},
		{name: "law enforcement gets what it asks for", request: request(exchange.LawEnforcement, grown(), FieldAction, FieldNames), fields: []Field{FieldNames, FieldAction}},
		{name: "an agency gets what it asks for", request: request(exchange.EUAgency, grown(), FieldFingers), fields: []Field{FieldFingers}},
		{name: "a third country gets nothing", request: request(exchange.ThirdCountry, grown(), All()...), refused: ReasonRecipient, why: exchange.ErrThirdCountry},
		{name: "a private person gets nothing", request: request(exchange.Private, grown(), All()...), refused: ReasonRecipient, why: exchange.ErrPrivate},
		{name: "an unknown kind gets nothing", request: request("neighbour", grown(), All()...), refused: ReasonRecipient, why: exchange.ErrRecipient},
		{name: "nobody named gets nothing", request: request(exchange.Own, grown(), All()...), change: func(q *Request) { q.To = " " }, refused: ReasonIncomplete},
		{name: "without a purpose nothing goes", request: request(exchange.Own, grown(), All()...), change: func(q *Request) { q.Purpose = "" }, refused: ReasonIncomplete},
		{name: "without a legal basis nothing goes", request: request(exchange.Own, grown(), All()...), change: func(q *Request) { q.LegalBasis = "" }, refused: ReasonIncomplete},
		{name: "without an officer nothing goes", request: request(exchange.Own, grown(), All()...), change: func(q *Request) { q.Officer = "" }, refused: ReasonIncomplete},
		{name: "a purpose of a thousand bytes is refused", request: request(exchange.Own, grown(), All()...), change: func(q *Request) { q.Purpose = strings.Repeat("x", 1000) }, refused: ReasonIncomplete},
		{name: "without a field nothing goes", request: request(exchange.Own, grown()), refused: ReasonFields},
		{name: "an unknown field is none", request: request(exchange.Own, grown(), "shoe_size"), refused: ReasonFields},

		{name: "an organisation gets its protocol's fields", request: request(exchange.NGO, grown(), FieldNames, FieldCategory, FieldFace), change: under("tracing-2026", "Family Tracing"),
			fields: []Field{FieldNames, FieldFace}, withheld: []Field{FieldCategory}},
		{name: "an organisation gets nothing else", request: request(exchange.NGO, grown(), FieldCategory, FieldFingers), change: under("tracing-2026", "Family Tracing"),
			withheld: []Field{FieldFingers, FieldCategory}, refused: ReasonFields},
		{name: "an organisation without a protocol gets nothing", request: request(exchange.NGO, grown(), FieldNames), refused: ReasonProtocol},
		{name: "another organisation gets nothing", request: request(exchange.NGO, grown(), FieldNames), change: under("tracing-2026", "Friends"), refused: ReasonProtocol},
		{name: "a protocol that has ended counts no more", request: request(exchange.NGO, grown(), FieldNames), change: under("tracing-2020", "Family Tracing"), refused: ReasonProtocol},
		{name: "a protocol that names too much does not count", request: request(exchange.NGO, grown(), FieldNames), change: under("everything", "Family Tracing"), refused: ReasonProtocol},

		{name: "a minor's data stays within the own authority", request: request(exchange.Own, child(), FieldNames), fields: []Field{FieldNames}},
		{name: "a minor's data does not go to law enforcement without permission", request: request(exchange.LawEnforcement, child(), FieldNames), refused: ReasonMinor},
		{name: "a minor's data does not go to an agency without permission", request: request(exchange.EUAgency, child(), FieldNames), refused: ReasonMinor},
		{name: "a minor's data does not go to an organisation without permission", request: request(exchange.NGO, child(), FieldNames), change: under("tracing-2026", "Family Tracing"), refused: ReasonMinor},
		{name: "an adult's entry that is known to be a minor's is one", request: request(exchange.LawEnforcement, grown(), FieldNames), change: func(q *Request) { q.Minor = true }, refused: ReasonMinor},
		{name: "a minor's data goes with permission", request: request(exchange.LawEnforcement, child(), FieldNames), grant: func(*grant.Grant) {}, granted: true, fields: []Field{FieldNames}},
		{name: "permission by name and birth date counts", request: request(exchange.LawEnforcement, child(), FieldNames),
			grant: func(g *grant.Grant) { e := child(); g.Subject = byName(&e) }, granted: true, fields: []Field{FieldNames}},
		{name: "permission does not open the door to a third country", request: request(exchange.ThirdCountry, child(), FieldNames), grant: func(*grant.Grant) {}, refused: ReasonRecipient},
		{name: "permission about another person does not count", request: request(exchange.LawEnforcement, child(), FieldNames),
			grant: func(g *grant.Grant) { g.Subject = grant.SubjectOf("X", "UTO") }, refused: ReasonMinor, why: grant.ErrSubject},
		{name: "permission that has expired does not count", request: request(exchange.LawEnforcement, child(), FieldNames),
			grant: func(g *grant.Grant) { g.Expires = today }, refused: ReasonMinor, why: grant.ErrExpired},
		{name: "permission of a court does not count", request: request(exchange.LawEnforcement, child(), FieldNames),
			grant: func(g *grant.Grant) { g.Authority = grant.Judicial }, refused: ReasonMinor, why: grant.ErrAuthority},
		{name: "permission to ask does not count", request: request(exchange.LawEnforcement, child(), FieldNames),
			grant: func(g *grant.Grant) { g.Deeds = []grant.Deed{grant.DeedQuery} }, refused: ReasonMinor, why: grant.ErrScope},
		{name: "an adult's data needs no permission", request: request(exchange.LawEnforcement, grown(), FieldNames), grant: func(*grant.Grant) {}, fields: []Field{FieldNames}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.change != nil {
				test.change(&test.request)
			}
			var g *grant.Grant
			if test.grant != nil {
				g = permission()
				test.grant(g)
			}
			ended, much := tracing, tracing
			ended.Name, ended.Until = "tracing-2020", today
			much.Name, much.Fields = "everything", All()
			r, err := Decide(&test.request, g, []Protocol{ended, much, tracing}, today)
			var refusal *Refusal
			if test.refused == "" && err != nil || test.refused != "" && (!errors.As(err, &refusal) || refusal.Reason != test.refused || !errors.Is(err, test.why) && test.why != nil) {
				t.Fatalf("error %v", err)
			}
			if err == nil && (!slices.Equal(r.Fields, test.fields) || (r.Grant == "g-1") != test.granted) || !slices.Equal(r.Withheld, test.withheld) {
				t.Errorf("released %+v", r)
			}
		})
	}
}

func under(protocol, organisation string) func(*Request) {
	return func(q *Request) { q.Protocol, q.To = protocol, organisation }
}

func TestWhoCouldBeUnder18IsAMinor(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, test := range []struct {
		name  string
		dates []string
		now   string
		minor bool
	}{
		{"the day before the birthday", []string{"2008-03-02"}, "2026-03-01T12:00:00Z", true},
		{"on the birthday, where it has begun everywhere", []string{"2008-03-01"}, "2026-03-01T12:00:00Z", false},
		{"on the birthday, where it has not begun everywhere", []string{"2008-03-01"}, "2026-03-01T11:59:59Z", true},
		{"born on 29 February", []string{"2008-02-29"}, "2026-02-28T23:00:00Z", true},
		{"born on 29 February, a day later", []string{"2008-02-29"}, "2026-03-01T12:00:00Z", false},
		{"the month is known and this one", []string{"2008-03"}, "2026-03-31T11:00:00Z", true},
		{"the month is known and was the last", []string{"2008-02"}, "2026-03-01T12:00:00Z", false},
		{"the year is known and could make a minor", []string{"2008"}, "2026-12-30T12:00:00Z", true},
		{"the year is known and long past", []string{"2007"}, "2026-01-01T12:00:00Z", false},
		{"nothing is known", nil, "2026-03-01T12:00:00Z", true},
		{"a date that is none", []string{"unknown"}, "2026-03-01T12:00:00Z", true},
		{"one of two dates makes a minor", []string{"1990-01-01", "2012-01-01"}, "2026-03-01T12:00:00Z", true},
		{"two dates of an adult", []string{"1990-01-01", "1991"}, "2026-03-01T12:00:00Z", false},
	} {
		if got := couldBeMinor(test.dates, at(test.now)); got != test.minor {
			t.Errorf("%s: %t", test.name, got)
		}
	}
}

func TestOnlyTheReleasedFieldsLeave(t *testing.T) {
	e := grown()
	for _, f := range All() {
		m := minimise(&e, []Field{f})
		v := reflect.ValueOf(m)
		set := 0
		for i := range v.NumField() {
			if !v.Field(i).IsZero() {
				set++
			}
		}
		if set != 1 {
			t.Errorf("%s: %d fields are set in %+v", f, set, m)
		}
	}
	whole := minimise(&e, All())
	e.ID, e.Discreet = "", false
	if !reflect.DeepEqual(whole, e) {
		t.Errorf("all fields: %+v", whole)
	}
}

func TestProtocolsWithAFaultAreRefused(t *testing.T) {
	for name, change := range map[string]func(*Protocol){
		"no name": func(p *Protocol) { p.Name = "" }, "no organisation": func(p *Protocol) { p.Organisation = " " }, "no field": func(p *Protocol) { p.Fields = nil },
		"no end": func(p *Protocol) { p.Until = time.Time{} }, "templates": func(p *Protocol) { p.Fields = []Field{FieldFingers} },
		"why somebody is looked for": func(p *Protocol) { p.Fields = []Field{FieldCategory} }, "an unknown field": func(p *Protocol) { p.Fields = []Field{"shoe_size"} },
	} {
		p := tracing
		change(&p)
		if p.Validate() == nil {
			t.Errorf("%s: accepted", name)
		}
		if _, err := Open(t.Context(), nil, Options{Secret: make([]byte, 32), Verifier: &grant.Verifier{}, Now: time.Now, Protocols: []Protocol{p}}); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
	if err := tracing.Validate(); err != nil {
		t.Error(err)
	}
}
