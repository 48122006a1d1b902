package watchlist

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"boothd/localmatch"
	"boothd/localmatch/gallery"
)

// TestForgedAndStaleUpdatesAreRefusedAndReported puts, beside a booth that has version 3,
// what must not be taken on the broker; before and after a restart of the booth.
func TestForgedAndStaleUpdatesAreRefusedAndReported(t *testing.T) {
	for what, c := range map[string]struct {
		attack func(t *testing.T, b *testBroker, c *central)
		want   Reason
	}{
		"an older version": {func(t *testing.T, b *testBroker, c *central) {
			b.retain(t, headTopic("sis"), c.envelope(2))
		}, ReasonOlder},
		"the same version with other content": {func(t *testing.T, b *testBroker, c *central) {
			fork := c.clone()
			dropVersion(t, fork, 3)
			fork.build(people("E5"), true)
			b.retain(t, headTopic("sis"), fork.envelope(3))
		}, ReasonFork},
		"a later version of another history": {func(t *testing.T, b *testBroker, c *central) {
			fork := c.clone()
			dropVersion(t, fork, 3)
			fork.build(people("E5"), true)
			fork.build(people("E5", "D4"), true)
			force(t, b, fork, 3, 4)
		}, ReasonFork},
		"a manifest that an unknown key signed": {func(t *testing.T, b *testBroker, c *central) {
			forged := c.clone()
			forged.key = newKey(t)
			forged.build(people("E5"), true)
			force(t, b, forged, 4)
		}, ReasonForged},
		"a manifest that was changed after it was signed": {func(t *testing.T, b *testBroker, c *central) {
			later := c.clone()
			later.build(people("E5"), true)
			b.retain(t, headTopic("sis"), bytes.Replace(later.envelope(4), []byte(`"entries":1`), []byte(`"entries":0`), 1))
		}, ReasonMalformed},
		"a signature that was changed": {func(t *testing.T, b *testBroker, c *central) {
			later := c.clone()
			later.build(people("E5"), true)
			var e envelope
			if err := json.Unmarshal(later.envelope(4), &e); err != nil {
				t.Fatal(err)
			}
			e.Signature[0] ^= 1
			bent, _ := json.Marshal(e)
			b.retain(t, headTopic("sis"), bent)
		}, ReasonForged},
		"a chunk that was altered": {func(t *testing.T, b *testBroker, c *central) {
			later := c.clone()
			later.build(people("E5"), true)
			forceBent(t, b, later, func(chunk []byte) []byte {
				chunk[len(chunk)/2] ^= 1
				return chunk
			}, 4)
		}, ReasonAltered},
		"a chunk that was cut short": {func(t *testing.T, b *testBroker, c *central) {
			later := c.clone()
			later.build(people("E5"), true)
			forceBent(t, b, later, func(chunk []byte) []byte { return chunk[:len(chunk)-1] }, 4)
		}, ReasonAltered},
		"a lease that has ended": {func(t *testing.T, b *testBroker, c *central) {
			late := c.clone()
			if _, err := Build(BuildOptions{Dir: late.dir, List: "sis", System: "SIS", Entries: bytes.NewReader([]byte(people("E5"))), Now: c.now, Lease: time.Minute, Snapshot: true}); err != nil {
				t.Fatal(err)
			}
			if _, err := Sign(SignOptions{Dir: late.dir, List: "sis", Key: late.key}); err != nil {
				t.Fatal(err)
			}
			force(t, b, late, 4)
		}, ReasonExpired},
		"another list's update": {func(t *testing.T, b *testBroker, c *central) {
			other := &central{t: t, dir: t.TempDir(), key: c.key, now: c.now}
			if _, err := Build(BuildOptions{Dir: other.dir, List: "other", System: "SIS", Entries: bytes.NewReader([]byte(people("E5"))), Now: c.now, Lease: time.Hour}); err != nil {
				t.Fatal(err)
			}
			s, err := Sign(SignOptions{Dir: other.dir, List: "other", Key: c.key})
			if err != nil {
				t.Fatal(err)
			}
			b.retain(t, headTopic("sis"), mustRead(t, openFolder(other.dir, "other").signedFile(s.Version)))
		}, ReasonOtherList},
		"a message that is no manifest": {func(t *testing.T, b *testBroker, c *central) {
			b.retain(t, headTopic("sis"), []byte("{"))
		}, ReasonMalformed},
		"a message that is too long": {func(t *testing.T, b *testBroker, c *central) {
			b.retain(t, headTopic("sis"), make([]byte, MaxMessage+1))
		}, ReasonMalformed},
	} {
		t.Run(what, func(t *testing.T) {
			b, good := startBroker(t), newCentral(t)
			good.build(people("A1"), false)
			good.build(people("A1", "B2"), false)
			good.build(people("A1", "B2", "C3"), false)
			good.publish(b)
			x := newBooth(t, b.broker("booth-7"), good.public())
			x.waitVersion(3)
			c.attack(t, b, good)
			for _, when := range []string{"running", "restarted"} {
				x.waitRefusal(c.want)
				x.waitStatus(b, when+": the status tells of the refusal", func(s Status) bool {
					return s.Version == 3 && s.Refusal != nil && s.Refusal.Reason == c.want
				})
				x.wantNumbers("A1", "B2", "C3")
				x.restart()
			}
			// The next good version is taken all the same.
			b.retain(t, headTopic("sis"), nil)
			for v := uint64(4); v < 6; v++ {
				b.retain(t, manifestTopic("sis", v), nil)
			}
			b.retain(t, manifestTopic("sis", 3), good.envelope(3))
			good.build(people("A1", "D4"), true)
			good.publish(b)
			x.waitVersion(4)
			x.wantNumbers("A1", "D4")
		})
	}
}

// force publishes versions without the publisher's own care.
func force(t *testing.T, b *testBroker, c *central, versions ...uint64) {
	t.Helper()
	forceBent(t, b, c, func(chunk []byte) []byte { return chunk }, versions...)
}

// forceBent is force with chunks that are not what was signed.
func forceBent(t *testing.T, b *testBroker, c *central, bend func(chunk []byte) []byte, versions ...uint64) {
	t.Helper()
	f := openFolder(c.dir, "sis")
	for _, v := range versions {
		s, err := f.signed(v)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range s.chunks(true) {
			b.retain(t, chunkTopic("sis", h), bend(mustRead(t, f.chunkFile(h))))
		}
		b.retain(t, manifestTopic("sis", v), c.envelope(v))
		b.retain(t, headTopic("sis"), c.envelope(v))
	}
}

// dropVersion takes back the newest version so that another can be built in its place.
func dropVersion(t *testing.T, c *central, v uint64) {
	t.Helper()
	f := openFolder(c.dir, "sis")
	if err := os.RemoveAll(f.version(v)); err != nil {
		t.Fatal(err)
	}
}

func TestPublishedVersionsThatNobodyNeedsAreCleared(t *testing.T) {
	b, c := startBroker(t), newCentral(t)
	first := c.build(people("A1"), false)
	c.publish(b)
	if b.retained(chunkTopic("sis", first.Snapshot.Chunks[0])) == nil {
		t.Fatal("the snapshot is not there")
	}
	for v := 2; v <= keptVersions+3; v++ {
		c.now = c.now.Add(time.Second)
		c.build(people("A1", string(rune('A'+v%26))+"9"), v == 3)
		if v == 3 || v == keptVersions {
			c.publish(b)
		}
		if v == 3 && b.retained(chunkTopic("sis", first.Snapshot.Chunks[0])) != nil {
			t.Error("the old snapshot is still there")
		}
	}
	done := c.publish(b)
	if done.Version != keptVersions+3 || done.Cleared == 0 {
		t.Errorf("published %+v", done)
	}
	if again := c.publish(b); again.Sent != 1 || again.Cleared != 0 {
		t.Errorf("published again: %+v, want the head alone", again)
	}
	if n := b.retainedUnder(listTopic("sis") + "manifests/"); n != keptVersions+1 {
		t.Errorf("%d manifests at the broker", n)
	}
	x := newBooth(t, b.broker("booth-7"), c.public())
	x.waitVersion(keptVersions + 3)
}

func TestPublisherDoesNotTakeTheBrokerBack(t *testing.T) {
	b, c := startBroker(t), newCentral(t)
	c.build(people("A1"), false)
	old := c.clone()
	fork := c.clone()
	c.build(people("A1", "B2"), false)
	c.publish(b)
	fork.build(people("E5"), false)
	for what, from := range map[string]*central{"an older version": old, "a fork": fork} {
		if done, err := Publish(context.Background(), PublishOptions{Dir: from.dir, List: "sis", Broker: b.broker("central")}); err == nil {
			t.Errorf("%s was published: %+v", what, done)
		}
	}
	if !bytes.Equal(b.retained(headTopic("sis")), c.envelope(2)) {
		t.Error("the head was changed")
	}
}

func TestSubscriberRefusesImpossibleOptions(t *testing.T) {
	g, err := gallery.Open(t.Context(), filepath.Join(t.TempDir(), "gallery.db"), t.TempDir(), gallery.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	pub, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	possible := func() SubscriberOptions {
		return SubscriberOptions{
			Booth: "b", Broker: Broker{URL: "tcp://x", ClientID: "b"}, Gallery: g, Spool: t.TempDir(), KeysDir: t.TempDir(),
			Lists: []Subscription{{List: localmatch.List{Name: "sis", System: "SIS"}, Keys: []ed25519.PublicKey{pub}}},
		}
	}
	if _, err := NewSubscriber(possible()); err != nil {
		t.Fatalf("possible options: %v", err)
	}
	for what, change := range map[string]func(*SubscriberOptions){
		"no broker":                  func(o *SubscriberOptions) { o.Broker.URL = "" },
		"a booth that is two levels": func(o *SubscriberOptions) { o.Booth = "a/b" },
		"no gallery":                 func(o *SubscriberOptions) { o.Gallery = nil },
		"a list without keys":        func(o *SubscriberOptions) { o.Lists[0].Keys = nil },
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
