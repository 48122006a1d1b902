package grant

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"boothd/internal/signed"
)

var issued = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

var someone = SubjectOf("L898902C3", "UTO")

// judicial is a grant without a fault.
func judicial() *Grant {
	return &Grant{
		ID: "g-1", Authority: Judicial, By: "investigating judge", Reference: "3 Gs 17/26", Deeds: []Deed{DeedQuery},
		Systems: []string{"SIS", "Eurodac"}, Subject: someone, Issued: issued, Expires: issued.Add(24 * time.Hour), Single: true,
	}
}

var wanted = Want{Authority: Judicial, Deed: DeedQuery, System: "SIS", Subject: someone}

func newKey(t testing.TB) (ed25519.PrivateKey, ed25519.PublicKey) {
	t.Helper()
	pub, priv, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return priv, pub
}

func must(t testing.TB) func(text string, err error) string {
	return func(text string, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
}

// verifier is a booth's on the day of issue, with a list that revokes the ids.
func verifier(t *testing.T, key ed25519.PrivateKey, now time.Time, ids ...string) *Verifier {
	t.Helper()
	pub := key.Public().(ed25519.PublicKey)
	uses, err := OpenUses(t.Context(), filepath.Join(t.TempDir(), UsesFile))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { uses.Close() })
	revoked := NewRevoked(pub)
	if _, err := revoked.Add(must(t)(SignRevocations(&Revocations{Version: 1, Issued: issued.Add(-time.Hour), IDs: ids}, key))); err != nil {
		t.Fatal(err)
	}
	return &Verifier{Keys: AnyAuthority(pub), Revocations: revoked, Uses: uses, Now: func() time.Time { return now }}
}

func TestAGrantCountsForWhatItIsGivenForOnly(t *testing.T) {
	key, pub := newKey(t)
	stranger, _ := newKey(t)
	for _, test := range []struct {
		name  string
		grant func(*Grant)
		want  func(*Want)
		text  func(string) string
		set   func(*Verifier)
		at    time.Duration // after the issue
		err   error
	}{
		{name: "as it was given"},
		{name: "at the moment of its issue", at: -time.Hour},
		{name: "in the last moment", at: 23*time.Hour - 1},
		{name: "expired", at: 23 * time.Hour, err: ErrExpired},
		{name: "not valid yet", at: -time.Hour - 1, err: ErrNotYet},
		{name: "about another person", want: func(w *Want) { w.Subject = SubjectOf("L898902C4", "UTO") }, err: ErrSubject},
		{name: "about nobody", want: func(w *Want) { w.Subject = "" }, err: ErrSubject},
		{name: "for another system", want: func(w *Want) { w.System = "Europol" }, err: ErrScope},
		{name: "for no system", want: func(w *Want) { w.System = "" }, err: ErrScope},
		{name: "for another deed", want: func(w *Want) { w.Deed = DeedAccess }, err: ErrScope},
		{name: "for a release", want: func(w *Want) { w.Deed, w.System = DeedRelease, "" }, err: ErrScope},
		{name: "of another authority than is needed", want: func(w *Want) { w.Authority = HighRank }, err: ErrAuthority},
		{name: "where nothing is said of the authority", want: func(w *Want) { w.Authority = "" }, err: ErrAuthority},
		{name: "a release that it permits", grant: func(g *Grant) { g.Authority, g.Deeds, g.Systems = Prosecutor, []Deed{DeedRelease}, nil },
			want: func(w *Want) { *w = Want{Prosecutor, DeedRelease, "", someone} }},
		{name: "revoked", grant: func(g *Grant) { g.ID = "g-revoked" }, err: ErrRevoked},
		{name: "forged: another key", text: func(string) string { return must(t)(Sign(judicial(), stranger)) }, err: signed.ErrNotValid},
		{name: "forged: another signature", text: func(s string) string { return s[:len(s)-8] + "AAAAAAAA" }, err: signed.ErrNotValid},
		{name: "another kind of document", text: func(string) string { return must(t)(signed.Sign("profile", judicial(), key)) }, err: signed.ErrNotValid},
		{name: "a list of revocations", text: func(string) string {
			return must(t)(SignRevocations(&Revocations{Version: 9, Issued: issued}, key))
		}, err: signed.ErrNotValid},
		{name: "nothing", text: func(string) string { return "" }, err: signed.ErrNotValid},
		{name: "without a list of revocations", set: func(v *Verifier) { v.Revocations = nil }, err: ErrOldList},
		{name: "expired before the newest list was issued, by a clock that was set back", set: func(v *Verifier) {
			list := must(t)(SignRevocations(&Revocations{Version: 2, Issued: issued.Add(25 * time.Hour)}, key))
			if _, err := v.Revocations.Add(list); err != nil {
				t.Fatal(err)
			}
		}, err: ErrExpired},
		{name: "with an empty holder of lists", set: func(v *Verifier) { v.Revocations = NewRevoked(pub) }, err: ErrOldList},
		{name: "with a list that is too old", set: func(v *Verifier) { v.ListAge = time.Minute }, err: ErrOldList},
		{name: "at central, which issues the list", set: func(v *Verifier) { v.ListAge, v.Revocations = -1, nil }},
	} {
		t.Run(test.name, func(t *testing.T) {
			g, want := judicial(), wanted
			if test.grant != nil {
				test.grant(g)
			}
			if test.want != nil {
				test.want(&want)
			}
			text := must(t)(Sign(g, key))
			if test.text != nil {
				text = test.text(text)
			}
			v := verifier(t, key, issued.Add(time.Hour+test.at), "g-revoked")
			if test.set != nil {
				test.set(v)
			}
			id, err := v.Use(t.Context(), text, want)
			if !errors.Is(err, test.err) || (err == nil) != (id == g.ID) {
				t.Fatalf("Use = %q, %v; want %v", id, err, test.err)
			}
			if test.err != nil { // what was refused was not used up
				v = verifier(t, key, issued.Add(time.Hour))
				if _, err := v.Use(t.Context(), must(t)(Sign(judicial(), key)), wanted); err != nil {
					t.Errorf("afterwards: %v", err)
				}
			}
		})
	}
}

func TestASingleGrantIsUsedOnceAndARefusedUseIsNone(t *testing.T) {
	key, _ := newKey(t)
	v := verifier(t, key, issued)
	single := must(t)(Sign(judicial(), key))
	wrong := wanted
	wrong.Subject = SubjectOf("X", "UTO")
	for i, step := range []struct {
		want Want
		err  error
	}{{wrong, ErrSubject}, {wanted, nil}, {wanted, ErrUsed}, {wrong, ErrSubject}} {
		if _, err := v.Use(t.Context(), single, step.want); !errors.Is(err, step.err) {
			t.Errorf("use %d: %v, want %v", i, err, step.err)
		}
	}
	many := judicial()
	many.ID, many.Single = "g-2", false
	text := must(t)(Sign(many, key))
	for range 3 {
		if id, err := v.Use(t.Context(), text, wanted); err != nil || id != "g-2" {
			t.Errorf("a grant for many uses: %q, %v", id, err)
		}
	}
}

func TestAKeySignsForItsOwnAuthorityOnly(t *testing.T) {
	court, courtPub := newKey(t)
	ministry, ministryPub := newKey(t)
	keys := Keys{Judicial: {courtPub}, HighRank: {ministryPub}}
	ofMinistry := judicial()
	ofMinistry.Authority = HighRank
	ofProsecutor := judicial()
	ofProsecutor.Authority, ofProsecutor.Deeds, ofProsecutor.Systems = Prosecutor, []Deed{DeedRelease}, nil
	for _, test := range []struct {
		name string
		g    *Grant
		key  ed25519.PrivateKey
		err  error
	}{
		{"the court's by the court", judicial(), court, nil},
		{"the ministry's by the ministry", ofMinistry, ministry, nil},
		{"the court's by the ministry", judicial(), ministry, ErrKey},
		{"the ministry's by the court", ofMinistry, court, ErrKey},
		{"the prosecutor's, who has no key here", ofProsecutor, court, ErrKey},
	} {
		v := verifier(t, court, issued.Add(time.Hour))
		v.Keys = keys
		_, err := v.Look(must(t)(Sign(test.g, test.key)))
		if !errors.Is(err, test.err) || test.err != nil && !errors.Is(err, signed.ErrNotValid) {
			t.Errorf("%s: %v, want %v", test.name, err, test.err)
		}
	}
}

func TestASingleGrantThatIsGivenBackMayBeUsedOnceMore(t *testing.T) {
	key, _ := newKey(t)
	v := verifier(t, key, issued)
	text := must(t)(Sign(judicial(), key))
	for range 2 {
		if _, err := v.Use(t.Context(), text, wanted); err != nil {
			t.Fatal(err)
		}
		if _, err := v.Use(t.Context(), text, wanted); !errors.Is(err, ErrUsed) {
			t.Errorf("used twice: %v", err)
		}
		if err := v.GiveBack(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := v.Use(t.Context(), text, wanted); err != nil {
		t.Fatal(err)
	}
	many := judicial() // of the same id, but not used up by anybody
	many.Single = false
	if err := v.GiveBack(t.Context(), must(t)(Sign(many, key))); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Use(t.Context(), text, wanted); !errors.Is(err, ErrUsed) {
		t.Errorf("given back by a grant that was not marked: %v", err)
	}
	stranger, _ := newKey(t)
	if err := v.GiveBack(t.Context(), must(t)(Sign(judicial(), stranger))); !errors.Is(err, signed.ErrNotValid) {
		t.Errorf("given back by a forged grant: %v", err)
	}
}

func TestAGrantThatWasUsedStillCountsUntilItIsRevoked(t *testing.T) {
	key, _ := newKey(t)
	v := verifier(t, key, issued, "g-2")
	if err := v.StillCounts("g-1"); err != nil {
		t.Error(err)
	}
	if err := v.StillCounts("g-2"); !errors.Is(err, ErrRevoked) {
		t.Error(err)
	}
	v.ListAge = time.Minute
	if err := v.StillCounts("g-1"); !errors.Is(err, ErrOldList) {
		t.Error(err)
	}
}

func TestOfManyUsesAtOnceOneCountsAlsoAfterARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), UsesFile)
	var won atomic.Int32
	var all sync.WaitGroup
	for range 4 { // as many programs
		u, err := OpenUses(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		defer u.Close()
		for range 4 {
			all.Go(func() {
				switch err := u.Use(context.Background(), "g-1", true, issued); {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, ErrUsed):
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	if won.Load() != 1 {
		t.Errorf("%d uses counted", won.Load())
	}
	u, err := OpenUses(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	if err := u.Use(t.Context(), "g-1", true, issued); !errors.Is(err, ErrUsed) {
		t.Errorf("after a restart: %v", err)
	}
}

func TestAGrantThatCannotBeMarkedIsNotUsed(t *testing.T) {
	key, _ := newKey(t)
	v := verifier(t, key, issued)
	v.Uses.(*LocalUses).Close()
	if id, err := v.Use(t.Context(), must(t)(Sign(judicial(), key)), wanted); err == nil || id != "" {
		t.Errorf("Use = %q, %v", id, err)
	}
}

func TestTheNewestListOfRevocationsCounts(t *testing.T) {
	key, pub := newKey(t)
	stranger, _ := newKey(t)
	list := func(version uint64, by ed25519.PrivateKey, ids ...string) string {
		return must(t)(SignRevocations(&Revocations{Version: version, Issued: issued, IDs: ids}, by))
	}
	r := NewRevoked(pub)
	for _, step := range []struct {
		name    string
		text    string
		changed bool
		err     error
		revoked bool // a, then
	}{
		{"a stranger's", list(1, stranger, "a"), false, signed.ErrNotValid, false},
		{"the first", list(2, key, "a"), true, nil, true},
		{"the same", list(2, key, "a"), false, nil, true},
		{"an older one", list(1, key), false, ErrOlderList, true},
		{"another of the same version", list(2, key), false, ErrForkedList, true},
		{"a newer one without it", list(3, key, "b"), true, nil, false},
	} {
		if changed, err := r.Add(step.text); changed != step.changed || !errors.Is(err, step.err) || r.Has("a") != step.revoked {
			t.Errorf("%s: %t, %v, revoked %t", step.name, changed, err, r.Has("a"))
		}
	}
	path := filepath.Join(t.TempDir(), "revoked")
	again := NewRevoked(pub)
	if err := again.ReadFile(path); err != nil || !again.Issued().IsZero() {
		t.Errorf("a file that is not there: %v", err)
	}
	if err := again.WriteFile(path); err != nil || again.ReadFile(path) != nil {
		t.Errorf("without a list: %v", err)
	}
	for range 2 {
		if err := r.WriteFile(path); err != nil {
			t.Fatal(err)
		}
	}
	if err := again.ReadFile(path); err != nil || again.Document() != r.Document() || !again.Has("b") {
		t.Errorf("read again: %v", err)
	}
	if err := os.WriteFile(path, []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := again.ReadFile(path); !errors.Is(err, signed.ErrNotValid) || !again.Has("b") {
		t.Errorf("a damaged file: %v", err)
	}
}

func TestAGrantWithAFaultIsNeitherSignedNorOpened(t *testing.T) {
	key, pub := newKey(t)
	for _, test := range []struct {
		name   string
		change func(*Grant)
		fault  string
	}{
		{"no id", func(g *Grant) { g.ID = "" }, "id:"},
		{"an unknown authority", func(g *Grant) { g.Authority = "neighbour" }, "authority:"},
		{"nobody gave it", func(g *Grant) { g.By = "" }, "by:"},
		{"no reference", func(g *Grant) { g.Reference = "\n" }, "reference:"},
		{"no deed", func(g *Grant) { g.Deeds, g.Systems = nil, nil }, "deeds:"},
		{"a deed twice", func(g *Grant) { g.Deeds = []Deed{DeedQuery, DeedQuery} }, "deeds:"},
		{"an unknown deed", func(g *Grant) { g.Deeds = append(g.Deeds, "erase") }, "deeds:"},
		{"a query of no system", func(g *Grant) { g.Systems = nil }, "systems:"},
		{"a release with a system", func(g *Grant) { g.Deeds = []Deed{DeedRelease} }, "systems:"},
		{"a system twice", func(g *Grant) { g.Systems = []string{"SIS", "SIS"} }, "systems:"},
		{"a system that is no name", func(g *Grant) { g.Systems = []string{"S I S"} }, "systems:"},
		{"a subject in clear", func(g *Grant) { g.Subject = "ERIKSSON" }, "subject:"},
		{"no subject", func(g *Grant) { g.Subject = "" }, "subject:"},
		{"an end before the beginning", func(g *Grant) { g.Expires = g.Issued }, "expires:"},
		{"valid for years", func(g *Grant) { g.Expires = g.Issued.AddDate(2, 0, 0) }, "expires:"},
		{"no issue", func(g *Grant) { g.Issued = time.Time{} }, "expires:"},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := judicial()
			test.change(g)
			if _, err := Sign(g, key); err == nil || !strings.Contains(err.Error(), test.fault) {
				t.Errorf("signed with %v", err)
			}
			text := must(t)(signed.Sign(Kind, g, key))
			if _, err := Open(text, AnyAuthority(pub)); err == nil {
				t.Error("opened")
			}
		})
	}
	for name, r := range map[string]Revocations{
		"no version": {Issued: issued}, "no issue": {Version: 1}, "no id": {Version: 1, Issued: issued, IDs: []string{""}},
	} {
		if _, err := SignRevocations(&r, key); err == nil {
			t.Errorf("revocations with %s were signed", name)
		}
	}
}

func TestASubjectIsTheSameHoweverThePersonIsWritten(t *testing.T) {
	for _, test := range []struct {
		name string
		a, b string
		same bool
	}{
		{"separators in a number", SubjectOf("L 898-902c3", "UTO"), someone, true},
		{"fillers of an issuer", SubjectOf("C01X", "D<<"), SubjectOf("C01X", "D"), true},
		{"Germany under either code", SubjectOf("C01X", "DEU"), SubjectOf("C01X", "D"), true},
		{"another number", SubjectOf("L898902C4", "UTO"), someone, false},
		{"another issuer", SubjectOf("L898902C3", "D"), someone, false},
		{"the border between number and issuer", SubjectOf("AB", "C"), SubjectOf("A", "BC"), false},
		{"case and marks", SubjectOfPerson("Šimić", "ana-marija", "1974-08-12"), SubjectOfPerson("SIMIC", "ANA MARIJA", "1974-08-12"), true},
		{"an umlaut", SubjectOfPerson("Müller", "Jo", "1974-08-12"), SubjectOfPerson("MUELLER", "JO", "1974-08-12"), true},
		{"given names in another order", SubjectOfPerson("SIMIC", "MARIJA ANA", "1974-08-12"), SubjectOfPerson("SIMIC", "ANA MARIJA", "1974-08-12"), true},
		{"surname and given name exchanged", SubjectOfPerson("ANA", "SIMIC", "1974-08-12"), SubjectOfPerson("SIMIC", "ANA", "1974-08-12"), false},
		{"another birth date", SubjectOfPerson("SIMIC", "ANA", "1974-08-13"), SubjectOfPerson("SIMIC", "ANA", "1974-08-12"), false},
		{"a person and a document", SubjectOfPerson("AB", "", "1974"), SubjectOf("AB", "1974"), false},
	} {
		if (test.a == test.b) != test.same || !subjectPattern.MatchString(test.a) || !subjectPattern.MatchString(test.b) {
			t.Errorf("%s: %q and %q", test.name, test.a, test.b)
		}
	}
	for name, nobody := range map[string]string{
		"no number": SubjectOf("<<<", "UTO"), "no issuer": SubjectOf("L898902C3", ""),
		"no surname": SubjectOfPerson(" ", "ANA", "1974"), "no birth date": SubjectOfPerson("SIMIC", "ANA", ""),
		"a date that is none": SubjectOfPerson("SIMIC", "ANA", "12.8.1974"), "another script": SubjectOfPerson("Шимић", "Ана", "1974"),
		"given names in another script": SubjectOfPerson("SIMIC", "Ана", "1974"),
	} {
		if nobody != "" {
			t.Errorf("%s: %q", name, nobody)
		}
	}
}

func FuzzOpen(f *testing.F) {
	key, pub := newKey(f)
	good, err := json.Marshal(judicial())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good, "")
	f.Add([]byte(`{"id":"a","deeds":["query"],"systems":[""]}`), must(f)(Sign(judicial(), key)))
	f.Add([]byte(`{"version":1,"issued":"2026-01-01T00:00:00Z","ids":["a"]}`), "..")
	f.Fuzz(func(t *testing.T, payload []byte, text string) {
		trusted := []ed25519.PublicKey{pub}
		if g, err := Open(text, AnyAuthority(pub)); err == nil && g.ID != "g-1" {
			t.Fatal("a forged grant was opened")
		}
		if !json.Valid(payload) {
			return
		}
		if text, err := signed.Sign(Kind, json.RawMessage(payload), key); err == nil {
			if g, err := Open(text, AnyAuthority(pub)); err == nil && (!g.Authority.Valid() || g.Subject == "" || !g.Expires.After(g.Issued)) {
				t.Fatal("a grant with a fault was opened")
			}
		}
		if text, err := signed.Sign(KindRevocations, json.RawMessage(payload), key); err == nil {
			if r, err := OpenRevocations(text, trusted); err == nil && r.Version == 0 {
				t.Fatal("a list with a fault was opened")
			}
		}
	})
}
