package profile

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"boothd/capture"
	"boothd/internal/signed"
	"boothd/sync/system"
)

var issued = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// firstLine is a profile without a fault.
func firstLine(version uint64) *Profile {
	return &Profile{
		Name: "first-line", Version: version, Category: "border guard, first line", Purpose: "border check",
		LegalBasis: "Regulation (EU) 2016/399 Art 8", Issued: issued, Review: issued.AddDate(1, 0, 0),
		Systems: []System{
			{Name: system.SIS, Modalities: []capture.Modality{"document", "finger"}, Query: []system.Field{"document_number", "name", "birth_date", "finger"}, Reply: []Part{PartFindings, PartAction, PartName}},
			{Name: system.SLTD, Modalities: []capture.Modality{"document"}, Query: []system.Field{"document_number", "document_type", "issuer"}, Reply: []Part{PartFindings}},
			{Name: system.CIR, Modalities: []capture.Modality{"document", "finger"}, Query: []system.Field{"name", "finger", "identify"}, Reply: []Part{PartFacts}, Optional: true},
			{Name: "national-files", Modalities: []capture.Modality{"face"}, Query: []system.Field{"face", "grant"}, Reply: []Part{PartFindings}, Grant: "judicial"},
		},
	}
}

func newKey(t testing.TB) (ed25519.PrivateKey, ed25519.PublicKey) {
	t.Helper()
	pub, priv, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return priv, pub
}

func sign(t testing.TB, p *Profile, key ed25519.PrivateKey) string {
	t.Helper()
	text, err := Sign(p, key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestEveryFaultOfAProfileIsNamed(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*Profile)
		faults []string // what they begin with; none for a good profile
	}{
		{"a good one", func(p *Profile) {}, nil},
		{"one that names no system withdraws the profile", func(p *Profile) { p.Systems = nil }, nil},
		{"no name", func(p *Profile) { p.Name = "" }, []string{"name:"}},
		{"a name with a slash", func(p *Profile) { p.Name = "../first" }, []string{"name:"}},
		{"a name that is too long", func(p *Profile) { p.Name = strings.Repeat("a", 65) }, []string{"name:"}},
		{"no version", func(p *Profile) { p.Version = 0 }, []string{"version:"}},
		{"no purpose", func(p *Profile) { p.Purpose = " " }, []string{"purpose:"}},
		{"a category with a line break", func(p *Profile) { p.Category = "guard\nchief" }, []string{"category:"}},
		{"no issue", func(p *Profile) { p.Issued = time.Time{} }, []string{"issued:", "review: must be within"}},
		{"reviewed before the issue", func(p *Profile) { p.Review = p.Issued }, []string{"review: must be after"}},
		{"reviewed after more than a year", func(p *Profile) { p.Review = p.Issued.AddDate(1, 0, 2) }, []string{"review: must be within"}},
		{"a system twice", func(p *Profile) { p.Systems = append(p.Systems, p.Systems[0]) }, []string{"SIS: is there twice"}},
		{"a system without a name", func(p *Profile) { p.Systems[0].Name = "S I S" }, []string{"system[0].name:"}},
		{"an unknown modality", func(p *Profile) { p.Systems[0].Modalities = []capture.Modality{"iris"} }, []string{`SIS: modalities: there is no "iris"`}},
		{"a modality twice", func(p *Profile) { p.Systems[1].Modalities = []capture.Modality{"document", "document"} }, []string{"SLTD: modalities:"}},
		{"no modality", func(p *Profile) { p.Systems[0].Modalities = nil }, []string{"SIS: modalities: is missing"}},
		{"a modality with nothing to ask with", func(p *Profile) { p.Systems[0].Modalities = []capture.Modality{"face"} }, []string{"SIS: query: has no field to ask with a face"}},
		{"an unknown field", func(p *Profile) { p.Systems[0].Query[2] = "shoe_size" }, []string{`SIS: query: may not be asked with "shoe_size"`}},
		{"a field that the law does not allow", func(p *Profile) { p.Systems[1].Query = append(p.Systems[1].Query, "name") }, []string{`SLTD: query: may not be asked with "name"`}},
		{"a field twice", func(p *Profile) { p.Systems[0].Query[2] = "name" }, []string{"SIS: query:"}},
		{"an unknown part", func(p *Profile) { p.Systems[0].Reply = []Part{"picture"} }, []string{"SIS: reply:"}},
		{"a part twice", func(p *Profile) { p.Systems[0].Reply = []Part{"name", "name"} }, []string{"SIS: reply:"}},
		{"the CIR without a ground", func(p *Profile) { p.Systems[2].Query = []system.Field{"name", "finger"} }, []string{"CIR: query: must have"}},
		{"a grant of the prosecutor, which is for releases", func(p *Profile) { p.Systems[3].Grant = "prosecutor" }, []string{"national-files: grant:"}},
		{"a grant that the system is not told of", func(p *Profile) { p.Systems[3].Query = []system.Field{"face"} }, []string{"national-files: query: must have"}},
		{"a grant for Interpol, who is told nothing of it", func(p *Profile) { p.Systems[1].Grant = "judicial" }, []string{"SLTD: query: must have"}},
		{"two faults", func(p *Profile) { p.Version, p.Purpose = 0, "" }, []string{"version:", "purpose:"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := firstLine(1)
			test.change(p)
			err := p.Validate()
			var e *Error
			if len(test.faults) == 0 {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !errors.As(err, &e) || !slices.EqualFunc(e.Faults, test.faults, strings.HasPrefix) {
				t.Errorf("error %v, want %q", err, test.faults)
			}
			key, pub := newKey(t)
			if _, err := Sign(p, key); err == nil {
				t.Error("it was signed")
			}
			text, err := signed.Sign(Kind, p, key)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Open(text, []ed25519.PublicKey{pub}); !errors.As(err, &e) {
				t.Errorf("signed elsewhere, it opens with %v", err)
			}
		})
	}
}

func TestWhatAProfileDoesNotNameIsDenied(t *testing.T) {
	p := firstLine(1)
	for _, test := range []struct {
		system   string
		modality capture.Modality
		may      bool
	}{
		{"SIS", "document", true}, {"SIS", "finger", true}, {"SIS", "face", false},
		{"SLTD", "document", true}, {"SLTD", "finger", false},
		{"Europol", "document", false}, {"", "document", false}, {"sis", "document", false},
	} {
		s, may := p.May(test.system, test.modality)
		if may != test.may || may && s.Name != test.system {
			t.Errorf("%s with a %s: %q, %t", test.system, test.modality, s.Name, may)
		}
	}
	want := capture.Profile{
		Name: "first-line", Category: p.Category, Purpose: p.Purpose, LegalBasis: p.LegalBasis,
		Systems: map[capture.Modality][]string{"document": {"SIS", "SLTD", "CIR"}, "finger": {"SIS", "CIR"}, "face": {"national-files"}},
	}
	if got := p.Booth(); !reflect.DeepEqual(got, want) {
		t.Errorf("at the booth: %+v", got)
	}
	p.Cleared = true
	if !p.Booth().Cleared {
		t.Error("the clearance is lost at the booth")
	}
}

func TestAProfileIsReplacedByANewerOneOnly(t *testing.T) {
	key, pub := newKey(t)
	stranger, _ := newKey(t)
	other := firstLine(2)
	other.Purpose = "something else"
	second := sign(t, firstLine(2), key)
	for _, test := range []struct {
		name    string
		text    string
		changed bool
		err     error
		then    uint64 // version in force
	}{
		{"the same", second, false, nil, 2},
		{"a newer one", sign(t, firstLine(7), key), true, nil, 7},
		{"an older one", sign(t, firstLine(1), key), false, ErrOlder, 2},
		{"another of the same version", sign(t, other, key), false, ErrForked, 2},
		{"a stranger's", sign(t, firstLine(7), stranger), false, signed.ErrNotValid, 2},
		{"a forged one", second[:len(second)-8] + "AAAAAAAA", false, signed.ErrNotValid, 2},
		{"nothing", "", false, signed.ErrNotValid, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := NewSet(pub)
			if changed, err := s.Add(second); !changed || err != nil {
				t.Fatal(changed, err)
			}
			changed, err := s.Add(test.text)
			if changed != test.changed || !errors.Is(err, test.err) {
				t.Errorf("Add = %t, %v", changed, err)
			}
			p, err := s.Get("first-line", issued)
			if err != nil || p.Version != test.then {
				t.Errorf("in force: %+v, %v", p, err)
			}
		})
	}
}

func TestAProfileAllowsNothingFromItsReviewOn(t *testing.T) {
	key, pub := newKey(t)
	s := NewSet(pub)
	p := firstLine(1)
	if _, err := s.Add(sign(t, p, key)); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		at   time.Time
		err  error
	}{
		{"first-line", p.Review.Add(-time.Nanosecond), nil},
		{"first-line", p.Review, ErrReview},
		{"second-line", issued, ErrUnknown},
		{"", issued, ErrUnknown},
	} {
		if got, err := s.Get(test.name, test.at); !errors.Is(err, test.err) || (err == nil) != (got != nil) {
			t.Errorf("%q at %v: %v, %v", test.name, test.at, got, err)
		}
	}
	if len(s.All()) != 1 {
		t.Error("a profile past its review is not listed")
	}
}

func TestAFolderKeepsTheProfilesAndReportsWhatIsDamaged(t *testing.T) {
	key, pub := newKey(t)
	dir := filepath.Join(t.TempDir(), "profiles")
	s := NewSet(pub)
	if faults, err := s.ReadFolder(dir); err != nil || faults != nil {
		t.Fatalf("a folder that is not there: %v, %v", faults, err)
	}
	second := firstLine(3)
	second.Name = "second-line"
	for _, p := range []*Profile{second, firstLine(2)} {
		if _, err := s.Add(sign(t, p, key)); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // also onto itself
		if err := s.WriteFolder(dir); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{
		"damaged.profile": "eyJ", "older.profile": sign(t, firstLine(1), key), "huge.profile": strings.Repeat("x", signed.MaxSize+2),
		"first-line.profile.new": "cut off", "notes.txt": "not one of ours",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "folder.profile"), 0o700); err != nil {
		t.Fatal(err)
	}
	again := NewSet(pub)
	faults, err := again.ReadFolder(dir)
	var names []string
	for _, f := range faults {
		names = append(names, f.File)
	}
	if want := []string{"damaged.profile", "folder.profile", "huge.profile", "older.profile"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("faults %v, %v", faults, err)
	}
	if !slices.Equal(again.Documents(), s.Documents()) || len(again.All()) != 2 || again.All()[0].Name != "first-line" {
		t.Errorf("read again: %v", again.All())
	}
	if _, err := again.Add(sign(t, firstLine(4), key)); err != nil {
		t.Fatal(err)
	}
	if err := again.WriteFolder(dir); err != nil { // over the rest of a write that was cut off
		t.Fatal(err)
	}
	if text, err := signed.ReadFile(filepath.Join(dir, "first-line.profile")); err != nil || text != again.Documents()[0] {
		t.Errorf("the newer one was not written: %v", err)
	}
}

func TestASetServesManyAtOnce(t *testing.T) {
	key, pub := newKey(t)
	s := NewSet(pub)
	var texts []string
	for v := range uint64(20) {
		texts = append(texts, sign(t, firstLine(v+1), key))
	}
	var all sync.WaitGroup
	for _, text := range texts {
		all.Go(func() { s.Add(text) })
		all.Go(func() { s.Get("first-line", issued); s.Documents() })
	}
	all.Wait()
	if p, err := s.Get("first-line", issued); err != nil || p.Version != 20 {
		t.Errorf("in force: %v, %v", p, err)
	}
}

func FuzzOpen(f *testing.F) {
	key, pub := newKey(f)
	good, err := json.Marshal(firstLine(1))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"name":"a","version":1,"systems":[{"name":"CIR","modalities":[null]}]}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		if !json.Valid(payload) {
			return
		}
		text, err := signed.Sign(Kind, json.RawMessage(payload), key)
		if err != nil {
			return
		}
		p, err := Open(text, []ed25519.PublicKey{pub})
		if err != nil {
			return
		}
		for _, s := range p.Systems {
			for _, field := range s.Query {
				if !slices.Contains(system.Allowed(s.Name), field) {
					t.Fatalf("%s may be asked with %q", s.Name, field)
				}
			}
		}
		if p.Review.Sub(p.Issued) > MaxReview || !namePattern.MatchString(p.Name) {
			t.Fatal("a profile with a fault was opened")
		}
	})
}
