package watchlist

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"boothd/localmatch"
	"boothd/localmatch/gallery"
)

// TestForgedAndStaleUpdatesAreRefusedAndReported puts, beside a booth that has version 3,
// what must not be taken on the broker; before and after a restart of the booth.
func TestForgedAndStaleUpdatesAreRefusedAndReported(t *testing.T) {
	big := people("E5") + bulky(3) // a delta that is not carried inline
	for what, c := range map[string]struct {
		attack func(t *testing.T, b *testBroker, c, old *central) // old is central at version 2
		want   Reason
	}{
		"an older head": {func(t *testing.T, b *testBroker, c, old *central) {
			b.retain(t, headTopic("sis"), old.head())
		}, ReasonOlder},
		"the same version with other content": {func(t *testing.T, b *testBroker, c, old *central) {
			fork := old.clone()
			fork.now = c.now.Add(time.Minute)
			fork.build(people("E5"), true)
			force(t, b, fork, 3)
		}, ReasonFork},
		"a later version of another history": {func(t *testing.T, b *testBroker, c, old *central) {
			fork := old.clone()
			fork.now = c.now.Add(time.Minute)
			fork.build(people("E5"), true)
			fork.build(people("E5", "D4"), true)
			force(t, b, fork, 3, 4)
		}, ReasonFork},
		"a head that an unknown key signed": {func(t *testing.T, b *testBroker, c, old *central) {
			forged := c.clone()
			forged.now = c.now.Add(time.Minute)
			forged.key = newKey(t)
			forged.install(forged.keys(2)) // of which the booth does not learn
			forged.build(big, true)
			force(t, b, forged, 4)
		}, ReasonForged},
		"a head that was changed after it was signed": {func(t *testing.T, b *testBroker, c, old *central) {
			later := c.clone()
			later.now = c.now.Add(time.Minute)
			later.build(people("E5"), true)
			b.retain(t, headTopic("sis"), bytes.Replace(later.head(), []byte(`"issued":"2026`), []byte(`"issued":"2027`), 1))
		}, ReasonForged},
		"a manifest that was changed after it was signed": {func(t *testing.T, b *testBroker, c, old *central) {
			later := c.clone()
			later.now = c.now.Add(time.Minute)
			later.build(people("E5"), true)
			b.retain(t, headTopic("sis"), bytes.Replace(later.head(), []byte(`"entries":1`), []byte(`"entries":2`), 1))
		}, ReasonMalformed},
		"a signature that was changed": {func(t *testing.T, b *testBroker, c, old *central) {
			later := c.clone()
			later.now = c.now.Add(time.Minute)
			later.build(people("E5"), true)
			var e envelope
			if err := json.Unmarshal(later.head(), &e); err != nil {
				t.Fatal(err)
			}
			e.Signatures[0].Signature[0] ^= 1
			bent, _ := json.Marshal(e)
			b.retain(t, headTopic("sis"), bent)
		}, ReasonForged},
		"a chunk that was altered": {func(t *testing.T, b *testBroker, c, old *central) {
			c.build(big, true) // which is put right later
			forceBent(t, b, c, func(chunk []byte) []byte {
				chunk[len(chunk)/2] ^= 1
				return chunk
			}, 4)
		}, ReasonAltered},
		"a chunk that was cut short": {func(t *testing.T, b *testBroker, c, old *central) {
			c.build(big, true) // which is put right later
			forceBent(t, b, c, func(chunk []byte) []byte { return chunk[:len(chunk)-1] }, 4)
		}, ReasonAltered},
		"a lease that has ended": {func(t *testing.T, b *testBroker, c, old *central) {
			late := c.clone()
			late.now = c.now.Add(time.Second)
			if _, err := Build(BuildOptions{Dir: late.dir, List: "sis", System: "SIS", Entries: strings.NewReader(people("E5")), Now: late.now, Lease: time.Minute, Snapshot: true}); err != nil {
				t.Fatal(err)
			}
			if _, err := Sign(SignOptions{Dir: late.dir, List: "sis", Key: late.key, Now: late.now}); err != nil {
				t.Fatal(err)
			}
			force(t, b, late, 4)
		}, ReasonExpired},
		"another list's head": {func(t *testing.T, b *testBroker, c, old *central) {
			o := BuildOptions{Dir: c.dir, List: "other", System: "SIS", Entries: strings.NewReader(people("E5")), Now: c.now, Lease: time.Hour}
			if _, err := Build(o); err != nil {
				t.Fatal(err)
			}
			if _, err := Sign(SignOptions{Dir: c.dir, List: "other", Key: c.key, Now: c.now}); err != nil {
				t.Fatal(err)
			}
			b.retain(t, headTopic("sis"), mustRead(t, openFolder(c.dir, "other").headFile()))
		}, ReasonOtherList},
		"a message that is no head": {func(t *testing.T, b *testBroker, c, old *central) {
			b.retain(t, headTopic("sis"), []byte("{"))
		}, ReasonMalformed},
		"a message that is too long": {func(t *testing.T, b *testBroker, c, old *central) {
			b.retain(t, headTopic("sis"), make([]byte, MaxMessage+1))
		}, ReasonMalformed},
		"a keys document that one root signed": {func(t *testing.T, b *testBroker, c, old *central) {
			k, err := NewKeys(c.keys(2))
			if err == nil {
				k, err = SignKeys(k, c.roots[2])
			}
			if err != nil {
				t.Fatal(err)
			}
			b.retain(t, keysTopic, k)
		}, ReasonForged},
		"another keys document with the same serial": {func(t *testing.T, b *testBroker, c, old *central) {
			k := c.keys(1)
			k.Orders = nil
			b.retain(t, keysTopic, c.signKeys(k))
		}, ReasonOlder},
		"an order that an unknown key signed": {func(t *testing.T, b *testBroker, c, old *central) {
			order, err := SignOrder(Order{ID: "wipe", Booth: "booth-7", List: All, Deed: DeedErase, Issued: c.now, Expires: c.now.AddDate(0, 1, 0)}, newKey(t))
			if err != nil {
				t.Fatal(err)
			}
			b.retain(t, ordersTopic+"wipe", order)
		}, ReasonForged},
		"an order that has expired": {func(t *testing.T, b *testBroker, c, old *central) {
			order, err := SignOrder(Order{ID: "wipe", Booth: "booth-7", List: All, Deed: DeedErase, Issued: c.now, Expires: c.now.Add(time.Minute)}, c.key)
			if err != nil {
				t.Fatal(err)
			}
			b.retain(t, ordersTopic+"wipe", order)
		}, ReasonExpired},
	} {
		t.Run(what, func(t *testing.T) {
			b, good := startBroker(t), newCentral(t)
			good.build(people("A1"), false)
			good.build(people("A1", "B2"), false)
			old := good.clone()
			good.now = good.now.Add(time.Second)
			good.build(people("A1", "B2", "C3"), false)
			good.publish(b)
			x := newBooth(t, b.broker("booth-7"), good.trusted())
			x.waitVersion(3)
			c.attack(t, b, good, old)
			for _, when := range []string{"running", "restarted"} {
				x.waitRefusal(c.want)
				x.waitStatus(b, when+": the status tells version 3", func(s Status) bool { return s.Version == 3 })
				x.wantNumbers("A1", "B2", "C3")
				x.restart()
			}
			// The next good version is taken all the same.
			good.now = good.now.Add(2 * time.Minute)
			next := good.build(people("A1", "D4"), true).Version
			for v := range next {
				force(t, b, good, v+1)
			}
			x.waitVersion(next)
			x.wantNumbers("A1", "D4")
			x.waitStatus(b, "the refusal is history", func(s Status) bool { return s.Version == next && s.Refusal == nil })
		})
	}
}

// force publishes versions without the publisher's own care.
func force(t *testing.T, b *testBroker, c *central, versions ...uint64) {
	t.Helper()
	forceBent(t, b, c, func(chunk []byte) []byte { return chunk }, versions...)
}

// forceBent is force with chunks whose first part is not what was signed.
func forceBent(t *testing.T, b *testBroker, c *central, bend func(chunk []byte) []byte, versions ...uint64) {
	t.Helper()
	f := openFolder(c.dir, "sis")
	for _, v := range versions {
		s, err := f.signed(v)
		if err != nil {
			t.Fatal(err)
		}
		for _, content := range []*Content{s.Delta, s.Snapshot} {
			if content == nil {
				continue
			}
			for i, h := range content.Chunks {
				chunk, err := f.chunk(content)(i)
				if err != nil {
					t.Fatal(err)
				}
				for part := range chunkParts(int64(len(chunk))) {
					piece := bytes.Clone(chunk[part*MaxPart : min((part+1)*MaxPart, len(chunk))])
					if part == 0 {
						piece = bend(piece)
					}
					b.retain(t, chunkTopic("sis", h, part), piece)
				}
			}
		}
		b.retain(t, manifestTopic("sis", v), c.envelope(v))
	}
	b.retain(t, headTopic("sis"), c.head())
}

func TestSubscriberRefusesImpossibleOptions(t *testing.T) {
	g, err := gallery.Open(t.Context(), filepath.Join(t.TempDir(), "gallery.db"), t.TempDir(), gallery.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	possible := func() SubscriberOptions {
		return SubscriberOptions{
			Booth: "b", Broker: Broker{URL: "tcp://x", ClientID: "b"}, Gallery: g, State: t.TempDir(), Spool: t.TempDir(), KeysDir: t.TempDir(),
			Lists: []Subscription{{localmatch.List{Name: "sis", System: "SIS"}}}, Roots: newCentral(t).trusted(),
		}
	}
	if _, err := NewSubscriber(possible()); err != nil {
		t.Fatalf("possible options: %v", err)
	}
	for what, change := range map[string]func(*SubscriberOptions){
		"no way for lists to come":   func(o *SubscriberOptions) { o.Broker.URL = "" },
		"a broker without our name":  func(o *SubscriberOptions) { o.Broker.ClientID = "" },
		"a server without a client":  func(o *SubscriberOptions) { o.HTTPS.URL = "https://x" },
		"a booth that is two levels": func(o *SubscriberOptions) { o.Booth = "a/b" },
		"no gallery":                 func(o *SubscriberOptions) { o.Gallery = nil },
		"nowhere to remember":        func(o *SubscriberOptions) { o.State = "" },
		"a group for all":            func(o *SubscriberOptions) { o.Group = All },
		"no roots":                   func(o *SubscriberOptions) { o.Roots.Keys = nil },
		"a root twice":               func(o *SubscriberOptions) { o.Roots.Keys[1] = o.Roots.Keys[0] },
		"more roots than there are":  func(o *SubscriberOptions) { o.Roots.Threshold = 4 },
		"a list without a system":    func(o *SubscriberOptions) { o.Lists[0].System = "" },
		"a list twice":               func(o *SubscriberOptions) { o.Lists = append(o.Lists, o.Lists[0]) },
	} {
		o := possible()
		change(&o)
		if _, err := NewSubscriber(o); err == nil {
			t.Errorf("%s: accepted", what)
		}
	}
}
