package office_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"boothd/capture"
	"boothd/capture/audit/chain"
	"boothd/cmd/centrald/accesslog"
	"boothd/cmd/centrald/office"
	"boothd/cmd/centrald/store"
	"boothd/cmd/centrald/store/storetest"
	"boothd/sync/drill"
	"boothd/sync/grant"
	"boothd/sync/portal"
	"boothd/sync/system"
)

const openingJSON = `{"aim":"investigation","offence":"serious","file":"UT-2026-17","named":"document","person":{"document_number":"L898902C3","issuer":"UTO"}}`

var openingForm = form("aim", "detection", "offence", "terrorist", "file", "UT-2026-18", "named", "name",
	"surname", "Eriksson", "given_names", "Anna Maria", "birth_date", "1974-08-12")

func someRecord(booth string) *capture.Record {
	return &capture.Record{ID: "R1", Kind: capture.RecordOutcome, Check: "C1", Booth: booth, Place: "Kotoka, hall 2", Started: day0, At: day0}
}

func reported(booth, order string) *capture.Record {
	return &capture.Record{ID: "R-" + order, Kind: capture.RecordDrill, Booth: booth, Place: "Kotoka, hall 2", Started: day0, At: day0,
		Drill: &capture.DrillReport{Order: order, Target: "portal", Began: day0, Ended: day0.Add(15 * time.Minute), Noticed: 1300 * time.Millisecond, Checks: 7,
			Outcomes: map[capture.Outcome]int{capture.OutcomeIncomplete: 5, capture.OutcomeClear: 2}, Unavailable: map[string]int{"SIS": 7, "EES": 5}, Queued: 14}}
}

// ordered returns the one drill order that the booths' lists hold.
func (p *place) ordered() string {
	p.t.Helper()
	var data string
	if err := p.db.QueryRowContext(p.t.Context(), "SELECT data FROM alerts_event").Scan(&data); err != nil {
		p.t.Fatal(err)
	}
	var e portal.DrillEvent
	if err := json.Unmarshal([]byte(data), &e); err != nil {
		p.t.Fatal(err)
	}
	return e.Order
}

func TestADrillIsOrderedSignedAndReported(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		p := newPlace(t, db)
		token := p.token(shift)
		order := func(body string) reply {
			return p.send(request{method: "POST", path: "/v1/drills", body: body, token: token})
		}
		if got := order(`{"booth":"kotoka-1","target":"portal","minutes":15}`); got.status != http.StatusUnprocessableEntity {
			t.Errorf("a booth that nobody knows: %d %s", got.status, got.body)
		}
		p.record(someRecord("kotoka-1"))
		if got := order(`{"booth":"kotoka-1","target":"Elsewhere","minutes":15}`); got.status != http.StatusUnprocessableEntity {
			t.Errorf("a system that there is not: %d %s", got.status, got.body)
		}
		got := order(`{"booth":"kotoka-1","target":"portal","minutes":15}`)
		d := decode[office.Drill](t, got)
		if got.status != http.StatusCreated || d.By != shift.ID || d.State != office.DrillOrdered {
			t.Fatalf("%d %s", got.status, got.body)
		}
		events := must(p.alerts.List(t.Context(), 10))(t)
		if len(events) != 1 || events[0].Booth != "kotoka-1" || events[0].Name != "drill" {
			t.Errorf("events: %+v", events)
		}
		sent := p.ordered()
		o, err := drill.Open(sent, []ed25519.PublicKey{public(p.signing)}, "kotoka-1", p.clock.now())
		if err != nil || o.ID != d.ID || o.Target != drill.Portal || o.Minutes != 15 || o.By != shift.ID {
			t.Errorf("the booth reads %+v, %v", o, err)
		}
		if _, err := drill.Open(sent, []ed25519.PublicKey{public(p.signing)}, "kotoka-1", p.clock.now().Add(61*time.Minute)); !errors.Is(err, drill.ErrExpired) {
			t.Errorf("an hour later: %v", err)
		}
		list := func() []office.Drill {
			return decode[[]office.Drill](t, p.send(request{method: "GET", path: "/v1/drills", token: p.token(shift)}))
		}
		p.record(reported("sunyani-9", d.ID))
		if l := list(); len(l) != 1 || l[0].State != office.DrillOrdered {
			t.Errorf("another booth reported it: %+v", l)
		}
		p.clock.turn(2 * time.Hour)
		if l := list(); l[0].State != office.DrillSilent {
			t.Errorf("without a report: %+v", l)
		}
		for range 2 { // a hook may run again
			p.record(reported("kotoka-1", d.ID))
		}
		if l := list(); len(l) != 1 || l[0].State != office.DrillReported || l[0].Report.Checks != 7 || l[0].Minutes != 15 {
			t.Errorf("reported: %+v", l)
		}
		p.record(reported("kotoka-1", "ELSEWHERE"))
		if l := list(); len(l) != 2 {
			t.Errorf("a drill that was ordered elsewhere: %+v", l)
		}
		if err := p.book.Erase(t.Context(), p.clock.now()); err != nil {
			t.Fatal(err)
		}
		if l := list(); len(l) != 0 {
			t.Errorf("erased: %+v", l)
		}
	})
}

func TestBoothsAreListedWithWhenTheyWereHeardOf(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		p := newPlace(t, db)
		p.record(someRecord("kotoka-2"))
		p.clock.turn(30 * time.Second)
		p.record(someRecord("kotoka-2"))
		p.record(someRecord("kotoka-1"))
		list := func() []office.Booth {
			return decode[[]office.Booth](t, p.send(request{method: "GET", path: "/v1/booths", token: p.token(shift)}))
		}
		if l := list(); len(l) != 2 || l[1].ID != "kotoka-2" || !l[1].Heard.Equal(day0) || l[0].Place != "Kotoka, hall 2" {
			t.Errorf("%+v", l)
		}
		p.clock.turn(time.Minute)
		p.record(someRecord("kotoka-2"))
		if l := list(); !l[1].Heard.Equal(day0.Add(90 * time.Second)) {
			t.Errorf("heard of again: %+v", l)
		}
	})
}

func TestTheSecondLineTakesWorkAndVerifiesALink(t *testing.T) {
	p := newPlace(t, openSQLite(t))
	do := func(method, path, body string) reply {
		return p.send(request{method: method, path: p.filled(path, ""), body: body, token: p.token(second)})
	}
	type item struct {
		ID, Link, Colour, Officer string
		Systems                   []string
	}
	l := decode[[]item](t, do("GET", "/v1/work", ""))
	if len(l) != 1 || l[0].ID != p.item || l[0].Link != p.link || l[0].Colour != "yellow" || l[0].Officer != "" {
		t.Fatalf("%+v", l)
	}
	if got := do("POST", "/v1/work/{item}/take", ""); got.status != http.StatusNoContent {
		t.Errorf("take: %d %s", got.status, got.body)
	}
	for _, test := range []struct {
		body string
		want int
	}{
		{`{"colour":"red","why":"twins"}`, http.StatusUnprocessableEntity},
		{`{"colour":"yellow","why":"I do not know"}`, http.StatusUnprocessableEntity},
		{`{"colour":"green","why":""}`, http.StatusUnprocessableEntity},
		{`{"colour":"green","why":"the faces differ"}`, http.StatusNoContent},
		{`{"colour":"green","why":"the faces differ"}`, http.StatusNoContent},
		{`{"colour":"white","why":"the faces differ"}`, http.StatusConflict},
	} {
		if got := do("POST", "/v1/links/{link}/verify", test.body); got.status != test.want {
			t.Errorf("%s: %d %s", test.body, got.status, got.body)
		}
	}
	history := must(p.links.History(t.Context(), p.link))(t)
	if last := history[len(history)-1]; last.Officer != second.ID || last.Colour != capture.LinkGreen || last.Why != "the faces differ" {
		t.Errorf("%+v", history)
	}
}

func TestALinkOutsideTheProfileIsNotThere(t *testing.T) {
	p := newPlace(t, openSQLite(t))
	narrow := map[string]string{"Boothd-Profile": "narrow"}
	if got := p.send(request{method: "GET", path: "/v1/work", token: p.token(several)}); got.status != http.StatusConflict {
		t.Errorf("without a choice: %d %s", got.status, got.body)
	}
	if got := p.send(request{method: "GET", path: "/v1/work", token: p.token(several), headers: narrow}); got.status != http.StatusOK || got.body != "[]" {
		t.Errorf("narrow: %d %s", got.status, got.body)
	}
	unknown := p.send(request{method: "POST", path: "/v1/work/NOTHING/take", token: p.token(several), headers: narrow})
	hidden := p.send(request{method: "POST", path: "/v1/work/" + p.item + "/take", token: p.token(several), headers: narrow})
	if hidden.status != http.StatusNotFound || hidden.body != unknown.body {
		t.Errorf("hidden %d %s, unknown %d %s", hidden.status, hidden.body, unknown.status, unknown.body)
	}
	for _, name := range []string{"gone", "law-enforcement", "../x"} {
		got := p.send(request{method: "GET", path: "/v1/work", token: p.token(several), headers: map[string]string{"Boothd-Profile": name}})
		if got.status != http.StatusForbidden {
			t.Errorf("profile %s: %d %s", name, got.status, got.body)
		}
	}
}

func TestACaseGoesInTwoStepsAndShowsNoMore(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		p := newPlace(t, db)
		do := func(method, path, body string) reply {
			return p.send(request{method: method, path: path, body: body, token: p.token(law)})
		}
		got := do("POST", "/v1/cases", openingJSON)
		type flagged struct {
			ID, State string
			Systems   []string
		}
		f := decode[flagged](t, got)
		if got.status != http.StatusCreated || f.State != "possible" || strings.Join(f.Systems, " ") != "EES VIS" || strings.Contains(got.body, "ERIKSSON") {
			t.Fatalf("%d %s", got.status, got.body)
		}
		root := "/v1/cases/" + f.ID
		if again := decode[flagged](t, do("GET", root, "")); strings.Join(again.Systems, " ") != "EES VIS" {
			t.Errorf("again: %+v", again)
		}
		other := law
		other.ID = "law.f"
		if got := p.send(request{method: "GET", path: root, token: p.token(other)}); got.status != http.StatusNotFound {
			t.Errorf("another officer's: %d %s", got.status, got.body)
		}
		if got := do("POST", root+"/close", ""); got.status != http.StatusConflict {
			t.Errorf("closed at once: %d %s", got.status, got.body)
		}
		wrong := p.grantFor(grant.DeedAccess, grant.Judicial, []string{system.EES}, "X", "UTO")
		if got := do("POST", root+"/access", `{"system":"EES","grant":"`+wrong+`"}`); got.status != http.StatusUnprocessableEntity {
			t.Errorf("another person's grant: %d %s", got.status, got.body)
		}
		right := p.grantFor(grant.DeedAccess, grant.Judicial, []string{system.EES, system.VIS}, "L898902C3", "UTO")
		if got := do("POST", root+"/access", `{"system":"ETIAS","grant":"`+right+`"}`); got.status != http.StatusForbidden {
			t.Errorf("a system outside the profile: %d %s", got.status, got.body)
		}
		got = do("POST", root+"/access", `{"system":"EES","grant":"`+right+`"}`)
		if got.status != http.StatusOK || !strings.Contains(got.body, "ERIKSSON") || !strings.Contains(got.body, "days_left") {
			t.Errorf("access: %d %s", got.status, got.body)
		}
		if strings.Contains(got.body, "HIDDEN") || strings.Contains(got.body, "short stay") {
			t.Errorf("more than the profile returns: %s", got.body)
		}
		if q := p.asked.questions[0]; q.DocumentNumber != "L898902C3" || q.Officer != "" { // which the profile does not name
			t.Errorf("asked with %+v", q)
		}
		if got := do("POST", root+"/decline", `{"system":"VIS","reason":"solved"}`); got.status != http.StatusNoContent {
			t.Errorf("decline: %d %s", got.status, got.body)
		}
		if got := do("POST", root+"/close", ""); got.status != http.StatusNoContent {
			t.Errorf("close: %d %s", got.status, got.body)
		}
		list := do("GET", "/v1/cases", "")
		if l := decode[[]office.Case](t, list); len(l) != 1 || !l[0].Closed || l[0].File != "UT-2026-17" {
			t.Errorf("list: %s", list.body)
		}
	})
}

func TestAFlagNamesOnlySystemsThatTheProfileMayUse(t *testing.T) {
	p := newPlace(t, openSQLite(t))
	narrow := law
	narrow.Profiles = []string{"narrow-enforcement"}
	got := p.send(request{method: "POST", path: "/v1/cases", body: openingJSON, token: p.token(narrow)})
	if got.status != http.StatusCreated || !strings.Contains(got.body, `"systems":["EES"]`) {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestACaseThatLacksSomethingIsNotOpened(t *testing.T) {
	p := newPlace(t, openSQLite(t))
	for name, change := range map[string][2]string{
		"no purpose": {`"investigation"`, `""`}, "no offence": {`"serious"`, `"theft"`}, "no file": {`UT-2026-17`, ` `},
		"nothing to name the person by": {`"document"`, `"name"`}, "a line break": {`L898902C3`, `L898\n`},
		"no document": {`L898902C3`, ``},
	} {
		got := p.send(request{method: "POST", path: "/v1/cases", body: strings.Replace(openingJSON, change[0], change[1], 1), token: p.token(law)})
		if got.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	noCIR := law
	noCIR.Profiles = []string{"second-line"}
	if got := p.send(request{method: "POST", path: "/v1/cases", body: openingJSON, token: p.token(noCIR)}); got.status != http.StatusForbidden {
		t.Errorf("a profile without the repository: %d %s", got.status, got.body)
	}
}

func TestTheAccessLogIsExportedWithAProofThatHolds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		p := newPlace(t, db)
		for range 5 {
			p.send(request{method: "GET", path: "/v1/systems", token: p.token(shift)})
			p.clock.turn(time.Minute)
		}
		got := p.send(request{method: "POST", path: "/v1/access-log/export", token: p.token(protects),
			body: `{"from":"2026-03-02T09:30:00Z","to":"2026-03-02T09:33:00Z","recipient":"the supervisory authority"}`})
		report, err := accesslog.VerifyExport(bytes.NewReader([]byte(got.body)))
		if err != nil || !report.Whole() || report.Entries != 3 || got.header.Get("Content-Type") != "application/jsonl" ||
			!strings.Contains(got.header.Get("Content-Disposition"), "access-log-20260302T093000Z.jsonl") {
			t.Fatalf("%+v, %v, %v", report, err, got.header)
		}
		type proven struct {
			Whole bool
			chain.Report
		}
		anchor := `{"seq":3,"hash":"` + report.Hash + `"}`
		proof := decode[proven](t, p.send(request{method: "POST", path: "/v1/access-log/proof", body: anchor, token: p.token(protects)}))
		if !proof.Whole || proof.Anchored != 3 {
			t.Errorf("%+v", proof)
		}
		if _, err := db.ExecContext(t.Context(), "UPDATE accesslog SET at = at + 1 WHERE seq = 2"); err != nil {
			t.Fatal(err)
		}
		page := p.send(request{method: "POST", path: "/access-log/proof", body: form("seq", "3", "hash", report.Hash), token: p.token(protects)})
		if !strings.Contains(page.body, "The log is broken") || !strings.Contains(page.body, "Entry 2") {
			t.Errorf("%s", page.body)
		}
	})
}

func TestReleasesAreDecidedRecordedAndMinimised(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		p := newPlace(t, db)
		ask := func(entry, kind, fields, permission string) reply {
			return p.send(request{method: "POST", path: "/v1/releases", token: p.token(protects),
				body: `{"system":"EES","entry":"` + entry + `","kind":"` + kind + `","to":"Police of Utopia","purpose":"inquiry","legal_basis":"Art 41","fields":` + fields + `,"grant":"` + permission + `"}`})
		}
		got := ask("E1", "law-enforcement", `["names","sex"]`, "")
		if got.status != http.StatusOK || !strings.Contains(got.body, "ERIKSSON") || strings.Contains(got.body, "L898902C3") || strings.Contains(got.body, "1974") {
			t.Errorf("%d %s", got.status, got.body)
		}
		if got := ask("E1", "third-country", `["names"]`, ""); got.status != http.StatusForbidden || strings.Contains(got.body, "ERIKSSON") {
			t.Errorf("third country: %d %s", got.status, got.body)
		}
		if got := ask("C1", "law-enforcement", `["names"]`, ""); got.status != http.StatusForbidden || !strings.Contains(got.body, "release-minor") {
			t.Errorf("minor: %d %s", got.status, got.body)
		}
		permission := p.grantFor(grant.DeedRelease, grant.Prosecutor, nil, "C1234567", "UTO")
		if got := ask("C1", "law-enforcement", `["names"]`, permission); got.status != http.StatusOK || !strings.Contains(got.body, "CHILD") {
			t.Errorf("minor with permission: %d %s", got.status, got.body)
		}
		if got := ask("NOBODY", "own", `["names"]`, ""); got.status != http.StatusNotFound {
			t.Errorf("no entry: %d %s", got.status, got.body)
		}
		list := p.send(request{method: "GET", path: "/v1/releases", token: p.token(protects)})
		type decision struct{ Officer, Refused string }
		if l := decode[[]decision](t, list); len(l) != 4 || l[0].Officer != protects.ID || strings.Contains(list.body, "ERIKSSON") {
			t.Errorf("%s", list.body)
		}
	})
}

func TestTheFlowIsShownAsFiguresAndAsAPicture(t *testing.T) {
	p := newPlace(t, openSQLite(t))
	empty := p.send(request{method: "GET", path: "/v1/flow", token: p.token(shift)})
	if empty.status != http.StatusOK || !strings.Contains(empty.body, `"hours":[]`) {
		t.Errorf("empty: %d %s", empty.status, empty.body)
	}
	p.crowd()
	got := decode[struct {
		Place    string
		Hours    []struct{ Total int }
		Expected []struct{ Load int }
	}](t, p.send(request{method: "GET", path: "/v1/flow?hours=48&ahead=6", token: p.token(shift)}))
	if got.Place != "Kotoka, hall 2" || len(got.Hours) < 48 || len(got.Expected) != 6 {
		t.Errorf("%+v", got)
	}
	page := p.send(request{method: "GET", path: "/flow", token: p.token(shift)})
	if page.status != http.StatusOK || !strings.Contains(page.body, "<svg") || !strings.Contains(page.header.Get("Content-Security-Policy"), "'sha256-") {
		t.Errorf("%d %s", page.status, page.header)
	}
	for query, want := range map[string]int{"hours=0": 422, "hours=200": 422, "ahead=25": 422, "hours=x": 422, "place=Elsewhere": 404} {
		if got := p.send(request{method: "GET", path: "/v1/flow?" + query, token: p.token(shift)}); got.status != want {
			t.Errorf("%s: %d %s", query, got.status, got.body)
		}
	}
}

// What a grant about one person opens must not be another's.
func TestACaseAsksOnlyByWhatTheAuthorisationWillName(t *testing.T) {
	p := newPlace(t, openSQLite(t))
	const known = `"surname":"Eriksson","given_names":"Anna Maria","birth_date":"1974-08-12"`
	for _, test := range []struct {
		name, named, person, state string
	}{
		{"another document with the person's name", "document", `"document_number":"X1","issuer":"UTO",` + known, "no_hit"},
		{"another name with the person's document", "name", `"document_number":"L898902C3","issuer":"UTO","surname":"Nobody","birth_date":"1980-01-01"`, "no_hit"},
		{"the document", "document", `"document_number":"L898902C3","issuer":"UTO"`, "possible"},
		{"the name", "name", known, "possible"},
	} {
		body := `{"aim":"investigation","offence":"serious","file":"UT-2026-17","named":"` + test.named + `","person":{` + test.person + `}}`
		got := p.send(request{method: "POST", path: "/v1/cases", body: body, token: p.token(law)})
		if state := decode[struct{ State string }](t, got).State; got.status != http.StatusCreated || state != test.state {
			t.Errorf("%s: %d %s", test.name, got.status, got.body)
		}
	}
}

func TestOfARequestThatTakesNoBodyNoneIsRead(t *testing.T) {
	p := newPlace(t, openSQLite(t))
	p.crowd()
	const part = "--part\r\nContent-Disposition: form-data; name=\"place\"\r\n\r\nElsewhere\r\n--part--\r\n"
	got := p.send(request{method: "GET", path: "/v1/flow", body: part, token: p.token(shift),
		headers: map[string]string{"Content-Type": "multipart/form-data; boundary=part"}})
	if got.status != http.StatusOK {
		t.Errorf("%d %s", got.status, got.body)
	}
}
