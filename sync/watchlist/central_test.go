package watchlist

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"boothd/localmatch/gallery"
)

var testDay = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// central is central operations with a lists' folder, an online key and the roots above it.
type central struct {
	t     testing.TB
	dir   string
	key   ed25519.PrivateKey // signs lists and orders
	roots []ed25519.PrivateKey
	now   time.Time
}

func newCentral(t testing.TB) *central {
	c := &central{t: t, dir: t.TempDir(), key: newKey(t), roots: []ed25519.PrivateKey{newKey(t), newKey(t), newKey(t)}, now: testDay}
	c.install(c.keys(1))
	return c
}

// trusted are the roots as a booth is told of them.
func (c *central) trusted() Roots {
	r := Roots{Threshold: 2}
	for _, k := range c.roots {
		r.Keys = append(r.Keys, publicOf(k))
	}
	return r
}

// keys is a keys document in which the online key may do everything for a year.
func (c *central) keys(serial uint64) KeysDocument {
	from, until := c.now.AddDate(0, -1, 0), c.now.AddDate(1, 0, 0)
	return KeysDocument{
		Serial: serial, Issued: c.now, Expires: until,
		Keys:   []ListKey{{c.public(), []string{All}, from, until}},
		Orders: []OrderKey{{c.public(), from, until}},
	}
}

// signKeys has two of the roots sign.
func (c *central) signKeys(k KeysDocument) []byte {
	c.t.Helper()
	b, err := NewKeys(k)
	for _, root := range c.roots[:2] {
		if err == nil {
			b, err = SignKeys(b, root)
		}
	}
	if err != nil {
		c.t.Fatal(err)
	}
	return b
}

// install puts a keys document into the folder.
func (c *central) install(k KeysDocument) {
	c.t.Helper()
	if _, err := InstallKeys(c.dir, c.signKeys(k), c.trusted(), c.now); err != nil {
		c.t.Fatal(err)
	}
}

func publicOf(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }

func newKey(t testing.TB) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (c *central) public() ed25519.PublicKey { return c.key.Public().(ed25519.PublicKey) }

// people are entries with the numbers, as JSON Lines.
func people(numbers ...string) string {
	var b strings.Builder
	for _, n := range numbers {
		e := gallery.Entry{
			ID: "id-" + n, Names: []string{"TESTER, " + n}, BirthDates: []string{"1970-01-01"},
			Documents: []gallery.DocumentNumber{{Number: n, Issuer: "UTO"}},
		}
		line, _ := json.Marshal(e)
		b.Write(append(line, '\n'))
	}
	return b.String()
}

// bulky are n entries that do not compress, so that they need many chunks.
func bulky(n int) string {
	var b strings.Builder
	for i := range n {
		face := make([]byte, 40<<10)
		newSource(uint64(i)).Read(face)
		line, _ := json.Marshal(gallery.Entry{
			ID: fmt.Sprintf("id-%04d", i), Face: face, Documents: []gallery.DocumentNumber{{Number: fmt.Sprintf("N%04d", i)}},
		})
		b.Write(append(line, '\n'))
	}
	return b.String()
}

func (c *central) build(entries string, snapshot bool) *Signed {
	c.t.Helper()
	return c.buildFor(entries, snapshot)
}

// buildFor builds and signs a version for groups of booths.
func (c *central) buildFor(entries string, snapshot bool, groups ...string) *Signed {
	c.t.Helper()
	m, err := Build(BuildOptions{
		Dir: c.dir, List: "sis", System: "SIS", Entries: strings.NewReader(entries), Now: c.now,
		Lease: 48 * time.Hour, SoftAge: 24 * time.Hour, Snapshot: snapshot,
	})
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := Sign(SignOptions{Dir: c.dir, List: "sis", Key: c.key, Now: c.now, Groups: groups}); err != nil {
		c.t.Fatal(err)
	}
	s, err := openFolder(c.dir, "sis").signed(m.Version)
	if err != nil {
		c.t.Fatal(err)
	}
	return s
}

// urgent changes the list at once.
func (c *central) urgent(add string, revoke ...string) *SignedHead {
	c.t.Helper()
	h, err := Urgent(UrgentOptions{Dir: c.dir, List: "sis", Add: strings.NewReader(add), Revoke: revoke, Key: c.key, Now: c.now})
	if err != nil {
		c.t.Fatal(err)
	}
	return h
}

// order signs an order and puts it into the folder.
func (c *central) order(o Order) *SignedOrder {
	c.t.Helper()
	b, err := SignOrder(o, c.key)
	if err != nil {
		c.t.Fatal(err)
	}
	s, err := AddOrder(c.dir, b, c.now)
	if err != nil {
		c.t.Fatal(err)
	}
	return s
}

func (c *central) publish(b *testBroker) Published {
	c.t.Helper()
	done, err := Publish(context.Background(), PublishOptions{Dir: c.dir, List: "sis", Broker: b.broker("central"), Chunks: ChunksAlways, Now: func() time.Time { return c.now }})
	if err != nil {
		c.t.Fatal(err)
	}
	return done
}

// envelope is the signed manifest of a version.
func (c *central) envelope(version uint64) []byte {
	c.t.Helper()
	b, err := os.ReadFile(openFolder(c.dir, "sis").signedFile(version))
	if err != nil {
		c.t.Fatal(err)
	}
	return b
}

// head is the signed head in the folder.
func (c *central) head() []byte {
	c.t.Helper()
	b, err := os.ReadFile(openFolder(c.dir, "sis").headFile())
	if err != nil {
		c.t.Fatal(err)
	}
	return b
}

func (c *central) clone() *central {
	c.t.Helper()
	other := *c
	other.dir = c.t.TempDir()
	if err := os.CopyFS(other.dir, os.DirFS(c.dir)); err != nil {
		c.t.Fatal(err)
	}
	return &other
}

func TestBuildIsDeterministicAndVerifies(t *testing.T) {
	c := newCentral(t)
	first := c.build(people("A1", "B2", "C3"), false)
	if first.Version != 1 || first.Snapshot == nil || first.Delta != nil || first.Entries != 3 {
		t.Errorf("version 1 = %+v", first.Manifest)
	}
	second := c.build(people("C3", "D4", "A1"), false)
	if second.Version != 2 || second.Prev != first.Hash || second.Delta == nil || second.Delta.Lines != 2 || second.Entries != 3 {
		t.Errorf("version 2 = %+v", second.Manifest)
	}
	again := newCentral(t)
	again.build(people("B2", "C3", "A1"), false)
	if h := again.build(people("A1", "C3", "D4"), false).Hash; h != second.Hash {
		t.Errorf("the same lists gave version 2 with hash %s and %s", h, second.Hash)
	}
	info, err := Verify(VerifyOptions{Dir: c.dir, List: "sis", Roots: c.trusted(), Now: c.now})
	if err != nil || info.Version != 2 || info.Hash != second.Hash {
		t.Errorf("Verify = %+v, %v", info, err)
	}
	infos, err := Inspect(c.dir, "sis")
	if err != nil || len(infos) != 2 || !infos[1].Signed || infos[1].Changes != 2 || infos[0].Snapshot == 0 {
		t.Errorf("Inspect = %+v, %v", infos, err)
	}
}

func TestUnsignedVersionIsBuiltAnew(t *testing.T) {
	c := newCentral(t)
	c.build(people("A1"), false)
	for _, entries := range []string{people("A1", "B2"), people("A1", "B2", "C3")} {
		m, err := Build(BuildOptions{Dir: c.dir, List: "sis", System: "SIS", Entries: strings.NewReader(entries), Now: c.now, Lease: time.Hour})
		if err != nil || m.Version != 2 {
			t.Fatalf("%+v, %v", m, err)
		}
	}
	if _, err := Verify(VerifyOptions{Dir: c.dir, List: "sis", Roots: c.trusted(), Now: c.now}); err == nil {
		t.Error("a version without signature was verified")
	}
}

func TestSnapshotIsMadeWhenTheDeltasHaveGrown(t *testing.T) {
	c := newCentral(t)
	numbers := []string{}
	for i := range 40 {
		numbers = append(numbers, fmt.Sprintf("N%d", i))
	}
	c.build(people(numbers...), false)
	if s := c.build(people(numbers[:39]...), false); s.Snapshot != nil || s.LastSnapshot != 1 {
		t.Errorf("a small delta brought a snapshot")
	}
	if s := c.build(people(numbers[:2]...), false); s.Snapshot == nil || s.LastSnapshot != 3 {
		t.Errorf("a large delta brought no snapshot")
	}
}

func TestBuildRefuses(t *testing.T) {
	ok := BuildOptions{List: "sis", System: "SIS", Now: testDay, Lease: time.Hour}
	for what, c := range map[string]struct {
		entries string
		change  func(*BuildOptions)
		want    string
	}{
		"an id that appears twice": {people("A1", "B2", "A1"), nil, "entries 1 and 3 have the same id"},
		"a bad entry":              {people("A1") + `{"id":"x","birth_dates":["1970-13"]}`, nil, "line 2: birth_dates[0]"},
		"a path for a name":        {people("A1"), func(o *BuildOptions) { o.List = "../x" }, "a list needs a name"},
		"no system":                {people("A1"), func(o *BuildOptions) { o.System = "" }, "a list needs a name"},
		"another system":           {people("A1"), func(o *BuildOptions) { o.System = "VIS" }, "version 1 is of system SIS"},
		"data older than before":   {people("A1"), func(o *BuildOptions) { o.Now = testDay.Add(-time.Hour) }, "version 1 was issued later"},
		"no lease":                 {people("A1"), func(o *BuildOptions) { o.Lease = 0 }, "impossible lease"},
	} {
		t.Run(what, func(t *testing.T) {
			central := newCentral(t)
			central.build(people("A1"), false)
			o := ok
			o.Dir, o.Entries = central.dir, strings.NewReader(c.entries)
			if c.change != nil {
				c.change(&o)
			}
			if _, err := Build(o); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error = %v, want %q", err, c.want)
			}
		})
	}
}

func TestVerifyNoticesWhatWasChangedInTheFolder(t *testing.T) {
	flip := func(c *central, path string) {
		b := mustRead(c.t, path)
		b[len(b)/2] ^= 1
		os.WriteFile(path, b, 0o644)
	}
	for what, change := range map[string]func(c *central, f folder){
		"a content": func(c *central, f folder) {
			s, _ := f.signed(3)
			flip(c, f.contentFile(s.Snapshot))
		},
		"a manifest": func(c *central, f folder) {
			b := mustRead(c.t, f.signedFile(2))
			os.WriteFile(f.signedFile(2), bytes.Replace(b, []byte(`"entries":2`), []byte(`"entries":3`), 1), 0o644)
		},
		"a signature": func(c *central, f folder) {
			b, _ := SignManifest(mustRead(c.t, f.manifestFile(2)), newKey(c.t))
			os.WriteFile(f.signedFile(2), b, 0o644)
		},
		"a version that is gone": func(c *central, f folder) {
			os.Remove(f.signedFile(2))
			os.Remove(f.manifestFile(2))
		},
		"the first version rewritten": func(c *central, f folder) {
			other := *c
			other.dir = c.t.TempDir()
			other.build(people("Z9"), false)
			os.WriteFile(f.signedFile(1), other.envelope(1), 0o644)
		},
		"the head": func(c *central, f folder) { flip(c, f.headFile()) },
		"a head that another key signed": func(c *central, f folder) {
			h, _ := f.head()
			b, _ := SignHead(h.Head, newKey(c.t))
			os.WriteFile(f.headFile(), b, 0o644)
		},
		"a head that names another version": func(c *central, f folder) {
			h, _ := f.head()
			h.Groups[All] = Target{2, hashOf(nil)}
			b, _ := SignHead(h.Head, c.key)
			os.WriteFile(f.headFile(), b, 0o644)
		},
		"the keys document": func(c *central, f folder) { flip(c, f.path(keysPath)) },
		"a keys document that one root signed": func(c *central, f folder) {
			b, _ := NewKeys(c.keys(2))
			b, _ = SignKeys(b, c.roots[0])
			os.WriteFile(f.path(keysPath), b, 0o644)
		},
		"a key that was revoked": func(c *central, f folder) {
			k := c.keys(2)
			k.Revoked = []ed25519.PublicKey{c.public()}
			c.install(k)
		},
	} {
		t.Run(what, func(t *testing.T) {
			c := newCentral(t)
			c.build(people("A1"), false)
			c.build(people("A1", "B2"), true)
			c.build(people("A1", "B2", "C3"), true)
			o := VerifyOptions{Dir: c.dir, List: "sis", Roots: c.trusted(), Now: c.now}
			if _, err := Verify(o); err != nil {
				t.Fatal(err)
			}
			change(c, openFolder(c.dir, "sis"))
			if _, err := Verify(o); err == nil {
				t.Error("not noticed")
			}
		})
	}
}

func mustRead(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
