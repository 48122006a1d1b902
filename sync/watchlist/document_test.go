package watchlist

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"boothd/localmatch/gallery"
)

func TestAKeysDocumentNeedsTwoOfThreeRoots(t *testing.T) {
	c := newCentral(t)
	stranger := newKey(t)
	for what, signers := range map[string][]ed25519.PrivateKey{
		"nobody":                    {},
		"one root":                  {c.roots[2]},
		"one root twice":            {c.roots[0], c.roots[0]},
		"one root and a stranger":   {c.roots[0], stranger},
		"the online key and a root": {c.key, c.roots[1]},
		"ok: two roots":             {c.roots[2], c.roots[0]},
		"ok: all and a stranger":    {stranger, c.roots[2], c.roots[0], c.roots[1]},
	} {
		b, err := NewKeys(c.keys(1))
		for _, k := range signers {
			if err == nil {
				b, err = SignKeys(b, k)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		k, err := ParseKeys(b)
		if err != nil {
			t.Fatal(err)
		}
		err = k.Verify(c.trusted())
		if good := strings.HasPrefix(what, "ok"); good != (err == nil) || !good && !errors.Is(err, ErrForged) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestRootsThatCannotBeAreRefused(t *testing.T) {
	c := newCentral(t)
	k, err := ParseKeys(c.signKeys(c.keys(1)))
	if err != nil {
		t.Fatal(err)
	}
	all := c.trusted().Keys
	for what, r := range map[string]Roots{
		"no threshold":            {all, 0},
		"more than there are":     {all, 4},
		"one key three times":     {[]ed25519.PublicKey{all[0], all[0], all[1]}, 2},
		"a key that is too short": {[]ed25519.PublicKey{all[0], all[1][:31]}, 1},
	} {
		if err := k.Verify(r); !errors.Is(err, ErrForged) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestAKeyCountsForItsListsInItsTimeUnlessRevoked(t *testing.T) {
	c := newCentral(t)
	key := c.public()
	k := KeysDocument{
		Keys:   []ListKey{{key, []string{"sis", "sltd"}, testDay, testDay.Add(time.Hour)}},
		Orders: []OrderKey{{key, testDay, testDay.Add(time.Hour)}},
	}
	for what, c := range map[string]struct {
		list string
		at   time.Time
		want int
	}{
		"its list":        {"sltd", testDay, 1},
		"another list":    {"national", testDay, 0},
		"before":          {"sis", testDay.Add(-1), 0},
		"until the end":   {"sis", testDay.Add(time.Hour - 1), 1},
		"from the end on": {"sis", testDay.Add(time.Hour), 0},
	} {
		if n := len(k.ForList(c.list, c.at)); n != c.want {
			t.Errorf("%s: %d keys", what, n)
		}
	}
	if n := len(k.ForOrders(testDay)); n != 1 {
		t.Errorf("%d keys for orders", n)
	}
	k.Revoked = []ed25519.PublicKey{key}
	if len(k.ForList("sis", testDay)) != 0 || len(k.ForOrders(testDay)) != 0 {
		t.Error("a revoked key counts")
	}
}

func TestAKeysDocumentDoesNotGoBack(t *testing.T) {
	c := newCentral(t)
	c.install(c.keys(5))
	c.install(c.keys(5))
	for what, k := range map[string]KeysDocument{"a lower serial": c.keys(4), "another of that serial": func() KeysDocument {
		k := c.keys(5)
		k.Orders = nil
		return k
	}()} {
		if _, err := InstallKeys(c.dir, c.signKeys(k), c.trusted(), c.now); !errors.Is(err, ErrRollback) {
			t.Errorf("%s: %v", what, err)
		}
	}
	late := c.keys(6)
	late.Issued, late.Expires = c.now.Add(-time.Hour), c.now
	if _, err := InstallKeys(c.dir, c.signKeys(late), c.trusted(), c.now); err == nil {
		t.Error("an expired document was installed")
	}
}

// TestAFlippedBitIsNoticed flips each bit of each kind of document: what then still verifies
// says what was signed.
// Under the race detector one bit of each byte is flipped; make test runs it without, too.
func TestAFlippedBitIsNoticed(t *testing.T) {
	c := newCentral(t)
	c.build(people("A1"), false)
	c.urgent(people("B2"))
	order, err := SignOrder(Order{ID: "x-1", Booth: "b", List: All, Deed: DeedErase, Issued: testDay, Expires: testDay.Add(time.Hour)}, c.key)
	if err != nil {
		t.Fatal(err)
	}
	trusted := []ed25519.PublicKey{c.public()}
	for what, d := range map[string]struct {
		b      []byte
		verify func([]byte) (gallery.Hash, error)
	}{
		"keys": {c.signKeys(c.keys(1)), func(b []byte) (gallery.Hash, error) {
			k, err := ParseKeys(b)
			if err != nil {
				return gallery.Hash{}, err
			}
			return k.Hash, k.Verify(c.trusted())
		}},
		"head": {c.head(), func(b []byte) (gallery.Hash, error) {
			h, err := ParseHead(b)
			if err != nil {
				return gallery.Hash{}, err
			}
			return h.Hash, h.Verify(trusted)
		}},
		"manifest with a delta": {c.envelope(2), func(b []byte) (gallery.Hash, error) {
			s, err := ParseSigned(b)
			if err != nil {
				return gallery.Hash{}, err
			}
			return s.Hash, s.Verify(trusted)
		}},
		"order": {order, func(b []byte) (gallery.Hash, error) {
			o, err := ParseOrder(b)
			if err != nil {
				return gallery.Hash{}, err
			}
			return o.Hash, o.Verify(trusted)
		}},
	} {
		want, err := d.verify(d.b)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		flipped, refused := 0, 0
		for i := range d.b {
			for bit := range 8 {
				if underRace && bit != i%8 {
					continue
				}
				flipped++
				bent := bytes.Clone(d.b)
				bent[i] ^= 1 << bit
				got, err := d.verify(bent)
				if err != nil {
					refused++
				} else if got != want {
					t.Fatalf("%s: bit %d of byte %d makes another document", what, bit, i)
				}
			}
		}
		if refused < flipped/8*7 {
			t.Errorf("%s: only %d of %d flipped bits were noticed", what, refused, flipped)
		}
	}
}

func TestNoDocumentPassesForAnother(t *testing.T) {
	c := newCentral(t)
	c.build(people("A1"), false)
	raw, err := encode(sampleManifest())
	if err != nil {
		t.Fatal(err)
	}
	d := signedBytes{format: headFormat, raw: raw}
	d.sign(c.key)
	b, err := d.envelope()
	if err != nil {
		t.Fatal(err)
	}
	s, err := ParseSigned(b)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Verify([]ed25519.PublicKey{c.public()}); !errors.Is(err, ErrForged) {
		t.Errorf("a manifest that was signed as a head: %v", err)
	}
	for what, err := range map[string]error{
		"head as manifest": second(ParseSigned(c.head())), "manifest as head": second(ParseHead(c.envelope(1))),
		"head as keys": second(ParseKeys(c.head())), "keys as order": second(ParseOrder(c.signKeys(c.keys(1)))),
	} {
		if !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestAHeadMovesGroupsForwardOnly(t *testing.T) {
	c := newCentral(t)
	for v, want := range []struct {
		groups []string
		heads  map[string]uint64
	}{
		{nil, map[string]uint64{"pilot": 1, "x": 1, "": 1}},
		{[]string{"pilot"}, map[string]uint64{"pilot": 2, "x": 1, "": 1}},
		{[]string{"pilot", "x"}, map[string]uint64{"pilot": 3, "x": 3, "": 1}},
		{[]string{All}, map[string]uint64{"pilot": 4, "x": 4, "": 4}},
	} {
		c.now = c.now.Add(time.Minute)
		c.buildFor(people("A1", "B"+string(rune('1'+v))), false, want.groups...)
		h, err := ParseHead(c.head())
		if err != nil {
			t.Fatal(err)
		}
		for group, version := range want.heads {
			if got := h.For(group); got.Version != version {
				t.Errorf("version %d, group %q: has %d, want %d", v+1, group, got.Version, version)
			}
		}
	}
	h, _ := ParseHead(c.head())
	if len(h.Groups) != 1 {
		t.Errorf("groups that are like all others are still named: %v", h.Groups)
	}
	if _, err := Rollout(SignOptions{Dir: c.dir, List: "sis", Version: 3, Groups: []string{"pilot"}, Key: c.key, Now: c.now}); err == nil {
		t.Error("a group went back")
	}
	c.buildFor(people("A1"), false, "pilot")
	if _, err := Rollout(SignOptions{Dir: c.dir, List: "sis", Version: 5, Key: c.key, Now: c.now}); err != nil {
		t.Error(err)
	}
	if h, _ := ParseHead(c.head()); h.For("anybody").Version != 5 || h.For("pilot").Version != 5 {
		t.Errorf("rolled out: %v", h.Groups)
	}
}

func TestTheFirstVersionIsForAll(t *testing.T) {
	c := newCentral(t)
	if _, err := Build(BuildOptions{Dir: c.dir, List: "sis", System: "SIS", Entries: strings.NewReader(people("A1")), Now: c.now, Lease: time.Hour}); err != nil {
		t.Fatal(err)
	}
	if _, err := Sign(SignOptions{Dir: c.dir, List: "sis", Groups: []string{"pilot"}, Key: c.key, Now: c.now}); err == nil {
		t.Error("the first version was for a group only")
	}
}

func TestAHeadFollowsAnotherOnlyForward(t *testing.T) {
	c := newCentral(t)
	c.build(people("A1"), false)
	first, _ := ParseHead(c.head())
	fork := c.clone()
	c.now = c.now.Add(time.Minute)
	c.build(people("A1", "B2"), false)
	next, _ := ParseHead(c.head())
	fork.now = c.now.Add(time.Minute)
	fork.build(people("Z9"), false)
	other, _ := ParseHead(fork.head())
	for what, s := range map[string]struct {
		a, b *SignedHead
		want error
	}{
		"the same":        {next, next, nil},
		"the next":        {first, next, nil},
		"an older":        {next, first, ErrRollback},
		"a fork":          {next, other, gallery.ErrFork},
		"an earlier fork": {other, next, ErrRollback},
	} {
		if err := s.b.Follows(s.a); !errors.Is(err, s.want) || s.want == nil && err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestAClockThatWasSetBackMakesNoOlderHead(t *testing.T) {
	c := newCentral(t)
	c.build(people("A1"), false)
	first, _ := ParseHead(c.head())
	if _, err := Rollout(SignOptions{Dir: c.dir, List: "sis", Version: 1, Key: c.key, Now: c.now.Add(-time.Hour)}); err != nil {
		t.Fatal(err)
	}
	next, _ := ParseHead(c.head())
	if err := next.Follows(first); err != nil || next.Hash == first.Hash {
		t.Error(err)
	}
}

func TestSigningWithAKeyThatDoesNotCountIsRefused(t *testing.T) {
	c := newCentral(t)
	c.build(people("A1"), false)
	before := c.head()
	if _, err := Build(BuildOptions{Dir: c.dir, List: "sis", System: "SIS", Entries: strings.NewReader(people("B2")), Now: c.now, Lease: time.Hour}); err != nil {
		t.Fatal(err)
	}
	if _, err := Sign(SignOptions{Dir: c.dir, List: "sis", Key: newKey(t), Now: c.now}); err == nil || !bytes.Equal(c.head(), before) {
		t.Errorf("signed with an unknown key: %v", err)
	}
	if _, err := Sign(SignOptions{Dir: c.dir, List: "sis", Key: c.key, Now: c.now.AddDate(2, 0, 0)}); err == nil {
		t.Error("signed with a key whose time is over")
	}
}

func TestADigestIsOfOneBoothVersionAndHead(t *testing.T) {
	base := Digest("b", hashOf([]byte("m")), []byte("n"))
	for what, d := range map[string]gallery.Hash{
		"booth": Digest("c", hashOf([]byte("m")), []byte("n")), "version": Digest("b", hashOf([]byte("x")), []byte("n")),
		"head": Digest("b", hashOf([]byte("m")), []byte("x")),
	} {
		if d == base {
			t.Errorf("of another %s it is the same", what)
		}
	}
}

func TestOrdersAreForWhomTheyName(t *testing.T) {
	for what, c := range map[string]struct {
		o    Order
		want bool
	}{
		"the booth":     {Order{Booth: "b-7"}, true},
		"another booth": {Order{Booth: "b-8"}, false},
		"all booths":    {Order{Booth: All}, true},
		"the group":     {Order{Group: "pilot"}, true},
		"another group": {Order{Group: "main"}, false},
	} {
		if c.o.For("b-7", "pilot") != c.want {
			t.Error(what)
		}
	}
	if o := (Order{Booth: "b-8"}); o.For("", "") {
		t.Error("a booth without a name is meant")
	}
	if !(&Order{List: All}).Names("sis") || (&Order{List: "sltd"}).Names("sis") {
		t.Error("lists")
	}
}

func TestOrdersAreKeptUntilTheyExpire(t *testing.T) {
	c := newCentral(t)
	o := Order{ID: "x-1", Booth: "b-7", List: All, Deed: DeedErase, Issued: c.now, Expires: c.now.Add(time.Hour)}
	c.order(o)
	b, err := SignOrder(o, c.key)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := AddOrder(c.dir, b, c.now); err == nil {
		t.Error("two orders of one id")
	}
	o.ID = "x-2"
	if b, err = SignOrder(o, newKey(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := AddOrder(c.dir, b, c.now); !errors.Is(err, ErrForged) {
		t.Errorf("an order by an unknown key: %v", err)
	}
	c.now = c.now.Add(time.Hour)
	o.Issued, o.Expires = c.now, c.now.Add(time.Hour)
	c.order(o)
	all, err := Orders(c.dir)
	if err != nil || len(all) != 1 || all[0].ID != "x-2" {
		t.Errorf("orders: %d, %v", len(all), err)
	}
	for what, change := range map[string]func(*Order){
		"no id": func(o *Order) { o.ID = "" }, "booth and group": func(o *Order) { o.Group = "g" }, "nobody": func(o *Order) { o.Booth = "" },
		"a booth that is two levels": func(o *Order) { o.Booth = "a/b" }, "no list": func(o *Order) { o.List = "" },
		"another deed": func(o *Order) { o.Deed = "dance" }, "no time": func(o *Order) { o.Expires = o.Issued },
		"for ever": func(o *Order) { o.Expires = o.Issued.Add(MaxOrder + 1) },
	} {
		bad := o
		change(&bad)
		if _, err := SignOrder(bad, c.key); err == nil {
			t.Errorf("%s: signed", what)
		}
	}
}

func TestAnAirGappedKeyNeedsNoContents(t *testing.T) {
	c := newCentral(t)
	c.build(people("A1"), false)
	if _, err := Build(BuildOptions{Dir: c.dir, List: "sis", System: "SIS", Entries: strings.NewReader(people("B2")), Now: c.now, Lease: time.Hour}); err != nil {
		t.Fatal(err)
	}
	away := &central{t: t, dir: t.TempDir(), key: c.key, now: c.now}
	here, there := openFolder(c.dir, "sis"), openFolder(away.dir, "sis")
	for from, to := range map[string]string{here.manifestFile(2): there.manifestFile(2), here.signedFile(1): there.signedFile(1), here.headFile(): there.headFile()} {
		if err := writeFile(to, mustRead(t, from)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Sign(SignOptions{Dir: away.dir, List: "sis", Key: c.key, Now: c.now}); err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{there.signedFile(2): here.signedFile(2), there.headFile(): here.headFile()} {
		if err := os.WriteFile(to, mustRead(t, from), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Verify(VerifyOptions{Dir: c.dir, List: "sis", Roots: c.trusted(), Now: c.now}); err != nil {
		t.Error(err)
	}
}
