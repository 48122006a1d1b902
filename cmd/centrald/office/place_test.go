package office_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"boothd/capture"
	"boothd/cmd/centrald/accesslog"
	"boothd/cmd/centrald/alerts"
	"boothd/cmd/centrald/flow"
	"boothd/cmd/centrald/identity"
	"boothd/cmd/centrald/office"
	"boothd/cmd/centrald/register"
	"boothd/cmd/centrald/release"
	"boothd/cmd/centrald/search"
	"boothd/cmd/centrald/store"
	"boothd/localmatch/gallery"
	"boothd/sync/grant"
	"boothd/sync/profile"
	"boothd/sync/signin"
	"boothd/sync/system"
)

var day0 = time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)

// clock is a wall clock that a test turns.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) turn(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

const passphrase = "correct horse battery"

var hashed = sync.OnceValues(func() (string, error) { return signin.HashPassphrase(passphrase) })

// The officers, one for each role.
var (
	shift    = signin.Officer{ID: "shift.s", Roles: []string{office.RoleSupervisor}}
	second   = signin.Officer{ID: "second.k", Roles: []string{office.RoleSecondLine}, Profiles: []string{"second-line"}}
	law      = signin.Officer{ID: "law.e", Roles: []string{office.RoleLawEnforcement}, Profiles: []string{"law-enforcement"}}
	protects = signin.Officer{ID: "protects.d", Roles: []string{office.RoleDataProtection}}
	booths   = signin.Officer{ID: "booth.b", Roles: []string{signin.RoleOfficer}, Profiles: []string{"first-line"}}
	nobody   = signin.Officer{ID: "nobody.n"}
	several  = signin.Officer{ID: "several.s", Roles: []string{office.RoleSecondLine}, Profiles: []string{"narrow", "second-line", "gone"}}
)

// place is an office with all its parts, an issuer, and two people in the systems.
type place struct {
	t       testing.TB
	clock   *clock
	db      *store.DB
	book    *office.Book
	access  *accesslog.Log
	links   *identity.Links
	flow    *flow.Flow
	alerts  *alerts.Alerts
	copies  *register.Copies
	office  *httptest.Server
	issuer  *signin.Issuer
	signing ed25519.PrivateKey
	court   ed25519.PrivateKey
	item    string // a work item and its link
	link    string
	asked   *asked
}

// asked is a system behind the identity repository that notes its questions.
type asked struct {
	mu        sync.Mutex
	questions []system.Question
}

func (a *asked) Ask(_ context.Context, q system.Question) (system.Reply, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.questions = append(a.questions, q)
	return system.Reply{State: capture.StateHit, AsOf: day0, Findings: []capture.Finding{
		{Entry: "E1", By: "document", State: capture.StateHit, Score: 1, Name: "ERIKSSON, ANNA MARIA", Category: "short stay"},
		{Entry: "E2", By: "document", State: capture.StateHit, Score: 1, Name: "HIDDEN, PERSON", Discreet: true},
	}, Facts: []capture.Fact{{Code: "days_left", Value: "12"}}}, nil
}

func newKey(t testing.TB) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func public(key ed25519.PrivateKey) ed25519.PublicKey { return key.Public().(ed25519.PublicKey) }

func openSQLite(t testing.TB) *store.DB {
	t.Helper()
	db := must(store.Open(t.Context(), filepath.Join(t.TempDir(), "central.db")))(t)
	t.Cleanup(func() { db.Close() })
	return db
}

func newPlace(t testing.TB, db *store.DB, change ...func(*office.Options)) *place {
	t.Helper()
	ctx := t.Context()
	c := &clock{at: day0}
	p := &place{t: t, clock: c, db: db, signing: newKey(t), court: newKey(t), asked: &asked{}}
	p.book = must(office.OpenBook(ctx, db, c.now))(t)
	p.access = must(accesslog.Open(ctx, db, c.now))(t)
	t.Cleanup(p.access.Close)
	p.flow = must(flow.Open(ctx, db, c.now))(t)
	p.alerts = must(alerts.Open(ctx, alerts.Options{DB: db, Log: slog.New(slog.DiscardHandler), Now: c.now}))(t)
	p.copies = must(register.OpenCopies(ctx, db))(t)
	p.links = must(identity.OpenLinks(ctx, db, identity.LinkOptions{Now: c.now}))(t)
	uses := must(release.OpenUses(ctx, db))(t)
	grants := &grant.Verifier{Keys: grant.AnyAuthority(public(p.court)), Revocations: grant.NewRevoked(public(p.court)), Uses: uses, ListAge: -1, Now: c.now}
	opt := office.Options{
		Book: p.book, Flow: p.flow, Links: p.links, Access: p.access, Alerts: p.alerts, Copies: p.copies, Signing: p.signing, Now: c.now,
		Registers: map[string]*register.Register{},
		Systems: func() []office.SystemState {
			return []office.SystemState{
				{Name: system.EES, State: office.StateAnswers, Since: day0.Add(-time.Hour)},
				{Name: system.SIS, State: office.StateSilent, Since: day0.Add(-time.Minute), Reason: "it did not answer in time"},
				{Name: system.VIS, State: office.StateUnknown},
			}
		},
	}
	for _, name := range []string{system.CIR, system.EES} {
		opt.Registers[name] = must(register.Open(ctx, db, register.Options{System: name, Secret: []byte("a secret of tests"), Now: c.now}))(t)
	}
	cir := must(identity.OpenCIR(ctx, db, opt.Registers[system.CIR], identity.Options{Links: p.links, Now: c.now}))(t)
	opt.Cases = must(identity.OpenCases(ctx, db, identity.CaseOptions{
		Holder: cir, Grants: grants, Systems: map[string]system.Adapter{system.EES: p.asked}, Now: c.now,
		May: func(name, asked string) ([]system.Field, bool) {
			profile, err := opt.Profiles.Get(name, c.now())
			if err != nil {
				return nil, false
			}
			allowed, ok := profile.May(asked, capture.ModalityDocument)
			return search.Fields(&allowed), ok
		},
		Log: func(context.Context, identity.Step) error { return nil },
	}))(t)
	opt.Releases = must(release.Open(ctx, db, release.Options{Secret: make([]byte, 32), Verifier: grants, Now: c.now}))(t)
	opt.Profiles = p.profiles()
	p.populate(cir, opt.Registers[system.EES])
	p.sign(&opt)
	for _, f := range change {
		f(&opt)
	}
	o := must(office.New(opt))(t)
	p.office = httptest.NewServer(o.Handler())
	t.Cleanup(p.office.Close)
	return p
}

// sign starts an issuer for the officers.
func (p *place) sign(opt *office.Options) {
	p.t.Helper()
	hash := must(hashed())(p.t)
	all := []signin.Officer{shift, second, law, protects, booths, nobody, several}
	for i := range all {
		all[i].Passphrase = hash
	}
	data := must(json.Marshal(map[string]any{"officers": all}))(p.t)
	path := filepath.Join(p.t.TempDir(), "officers.json")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		p.t.Fatal(err)
	}
	officers := must(signin.ReadOfficers(path))(p.t)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.issuer.ServeHTTP(w, r) }))
	address := "http://" + server.Listener.Addr().String() + "/signin"
	p.issuer = must(signin.NewIssuer(signin.IssuerOptions{
		URL: address, Redirects: []string{"http://127.0.0.1/login/return"}, Key: newKey(p.t), Officers: officers, Now: p.clock.now,
	}))(p.t)
	server.Start()
	p.t.Cleanup(server.Close)
	opt.Officers = must(signin.New(signin.Options{Issuer: address, Now: p.clock.now}))(p.t)
}

func (p *place) profiles() *profile.Set {
	p.t.Helper()
	key := newKey(p.t)
	set := profile.NewSet(public(key))
	document := []capture.Modality{capture.ModalityDocument}
	fields := []system.Field{system.FieldName, system.FieldBirthDate, system.FieldDocumentNumber, system.FieldIssuer, system.FieldIdentify}
	parts := []profile.Part{profile.PartFindings, profile.PartName, profile.PartFacts}
	one := func(name string, systems ...string) {
		pr := &profile.Profile{Name: name, Version: 1, Category: "officer", Purpose: "border check", LegalBasis: "Regulation (EU) 2016/399 Art 8",
			Issued: day0.Add(-time.Hour), Review: day0.AddDate(0, 6, 0)}
		for _, s := range systems {
			query := fields
			if s != system.CIR {
				query = fields[:4]
			}
			pr.Systems = append(pr.Systems, profile.System{Name: s, Modalities: document, Query: query, Reply: parts})
		}
		must(set.Add(must(profile.Sign(pr, key))(p.t)))(p.t)
	}
	one("first-line", system.EES)
	one("narrow", system.SIS)
	one("second-line", system.EES, system.VIS, system.ETIAS)
	one("law-enforcement", system.CIR, system.EES, system.VIS)
	one("narrow-enforcement", system.CIR, system.EES)
	return set
}

// populate fills the systems: a link to be verified, and a person whom two systems know.
func (p *place) populate(cir *identity.CIR, ees *register.Register) {
	p.t.Helper()
	ctx := p.t.Context()
	anna := identity.Identity{Surname: "ERIKSSON", GivenNames: "ANNA MARIA", BirthDate: "1974-08-12", Sex: "F", Nationality: "UTO"}
	err := cir.Put(ctx, identity.File{ID: "F1", Identity: anna, Documents: []identity.Document{{Type: "P", Issuer: "UTO", Number: "L898902C3"}},
		Holdings: []identity.Member{{System: system.EES, Entry: "E1"}, {System: system.VIS, Entry: "V1"}}})
	if err != nil {
		p.t.Fatal(err)
	}
	other := anna
	other.BirthDate = "1974-12-08"
	err = p.links.Detect(ctx, []identity.Record{{Member: identity.Member{System: system.EES, Entry: "E1"}, Identity: anna}},
		identity.Record{Member: identity.Member{System: system.VIS, Entry: "V9"}, Identity: other})
	if err != nil {
		p.t.Fatal(err)
	}
	items := must(p.links.Open(ctx, identity.Sight{Systems: []string{system.EES, system.VIS}}))(p.t)
	if len(items) != 1 {
		p.t.Fatalf("%d work items", len(items))
	}
	p.item, p.link = items[0].ID, items[0].Link.ID
	err = ees.Put(ctx,
		gallery.Entry{ID: "E1", Names: []string{"ERIKSSON, ANNA MARIA"}, BirthDates: []string{"1974-08-12"}, Sex: "F", Nationalities: []string{"UTO"},
			Documents: []gallery.DocumentNumber{{Number: "L898902C3", Type: "P", Issuer: "UTO"}}},
		gallery.Entry{ID: "C1", Names: []string{"CHILD, SOME"}, BirthDates: []string{"2019-01-01"},
			Documents: []gallery.DocumentNumber{{Number: "C1234567", Issuer: "UTO"}}})
	if err != nil {
		p.t.Fatal(err)
	}
}

// record has a booth report something, as the intake would.
func (p *place) record(r *capture.Record) {
	p.t.Helper()
	err := p.db.Tx(p.t.Context(), func(tx *sql.Tx) error {
		return errors.Join(p.book.Record(p.t.Context(), tx, r), p.flow.Record(p.t.Context(), tx, r))
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

// crowd has some weeks of checks behind it.
func (p *place) crowd() {
	p.t.Helper()
	err := p.db.Tx(p.t.Context(), func(tx *sql.Tx) error {
		for h := range 10 * 24 {
			at := day0.Add(-time.Duration(h+1) * time.Hour)
			for i := range 8 + 6*(at.Hour()%12)/3 {
				decision := capture.OutcomeClear
				if i%9 == 0 {
					decision = capture.OutcomeRefer
				}
				err := p.flow.Record(p.t.Context(), tx, &capture.Record{ID: rand.Text(), Kind: capture.RecordDisposition, Booth: "kotoka-1", Place: "Kotoka, hall 2",
					Started: at, At: at, Disposition: &capture.Disposition{Decision: decision, At: at}})
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *place) token(o signin.Officer) string { return must(p.issuer.Issue(o))(p.t) }

// grantFor signs a court's grant of access about the person of a document.
func (p *place) grantFor(deed grant.Deed, authority grant.Authority, systems []string, number, issuer string) string {
	g := &grant.Grant{ID: rand.Text(), Authority: authority, By: "Judge of Utopia", Reference: "12/26", Deeds: []grant.Deed{deed},
		Systems: systems, Subject: grant.SubjectOf(number, issuer), Issued: day0.Add(-time.Hour), Expires: day0.Add(48 * time.Hour), Single: true}
	return must(grant.Sign(g, p.court))(p.t)
}

// request is one to the office.
type request struct {
	method, path, body string
	token              string
	headers            map[string]string
}

// reply is what the office answered.
type reply struct {
	status int
	header http.Header
	body   string
}

func (p *place) send(q request) reply {
	p.t.Helper()
	r := must(http.NewRequestWithContext(p.t.Context(), q.method, p.office.URL+q.path, strings.NewReader(q.body)))(p.t)
	if q.body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if strings.HasPrefix(q.path, "/v1/") {
			r.Header.Set("Content-Type", "application/json")
		}
	}
	if q.token != "" {
		r.Header.Set("Authorization", "Bearer "+q.token)
	}
	for name, value := range q.headers {
		if r.Header.Set(name, value); name == "Host" {
			r.Host = value
		}
	}
	res := must(http.DefaultTransport.RoundTrip(r))(p.t)
	defer res.Body.Close()
	return reply{res.StatusCode, res.Header, string(must(io.ReadAll(res.Body))(p.t))}
}

// decode reads JSON.
func decode[T any](t testing.TB, r reply) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(r.body), &v); err != nil {
		t.Fatalf("%d %s: %v", r.status, r.body, err)
	}
	return v
}

func form(pairs ...string) string {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return v.Encode()
}
