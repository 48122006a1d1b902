package watchlist

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"
)

// publishTo publishes with a mode and returns the error.
func (c *central) publishTo(b *testBroker, mode ChunkMode) (Published, error) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return Publish(ctx, PublishOptions{Dir: c.dir, List: "sis", Broker: b.broker("central"), Chunks: mode})
}

func TestABrokerCarriesWhatItIsToldTo(t *testing.T) {
	b, c := startBroker(t), newCentral(t)
	first := c.build(bulky(40), false)
	second := c.build(bulky(50), false)
	snapshot, delta := 0, 0
	for range first.parts(ChunksAlways, true) {
		snapshot++
	}
	for range second.parts(ChunksAlways, true) {
		delta++
	}
	if snapshot < 12 || delta < 4 {
		t.Fatalf("%d and %d parts", snapshot, delta)
	}
	for _, step := range []struct {
		mode ChunkMode
		want int
	}{{ChunksSmall, delta}, {ChunksAlways, snapshot + delta}, {ChunksAlways, snapshot + delta}, {ChunksNever, 0}, {ChunksSmall, delta}} {
		if _, err := c.publishTo(b, step.mode); err != nil {
			t.Fatal(err)
		}
		if n := b.retainedUnder(listTopic("sis") + "chunks/"); n != step.want {
			t.Errorf("%s: %d parts at the broker, want %d", step.mode, n, step.want)
		}
	}
	if done, err := c.publishTo(b, ChunksSmall); err != nil || done.Sent != 1 {
		t.Errorf("published again: %+v, %v; want the head alone", done, err)
	}
	if _, err := c.publishTo(b, "sometimes"); err == nil {
		t.Error("an unknown mode")
	}
	whole := []byte{}
	for i, h := range second.Delta.Chunks {
		for part := range chunkParts(second.Delta.ChunkSize(i)) {
			m := b.retained(chunkTopic("sis", h, part))
			if len(m) > MaxPart {
				t.Errorf("part of %d bytes", len(m))
			}
			whole = append(whole, m...)
		}
	}
	if !bytes.Equal(whole, mustRead(t, openFolder(c.dir, "sis").contentFile(second.Delta))) {
		t.Error("the parts do not make the content")
	}
}

func TestVersionsThatNobodyNeedsAreCleared(t *testing.T) {
	b, c := startBroker(t), newCentral(t)
	first := c.build(bulky(10), false)
	c.publish(b)
	part := chunkTopic("sis", first.Snapshot.Chunks[0], 0)
	if b.retained(part) == nil {
		t.Fatal("the snapshot is not there")
	}
	for v := 2; v <= keptVersions+3; v++ {
		c.now = c.now.Add(time.Second)
		c.build(people("A1", string(rune('A'+v%26))+"9"), v == 3)
		if v == 3 || v == keptVersions {
			c.publish(b)
		}
		if v == 3 && b.retained(part) != nil {
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
	x := newBooth(t, b.broker("booth-7"), c.trusted())
	x.waitVersion(keptVersions + 3)
}

func TestAGroupThatIsBehindKeepsItsSnapshot(t *testing.T) {
	b, c := startBroker(t), newCentral(t)
	first := c.build(bulky(10), false)
	for v := range 3 {
		c.now = c.now.Add(time.Second)
		c.buildFor(people("A1", string(rune('B'+v))+"2"), v == 1, "pilot")
	}
	c.publish(b)
	if b.retained(chunkTopic("sis", first.Snapshot.Chunks[0], 0)) == nil {
		t.Error("all others need version 1, whose snapshot is not there")
	}
	c.now = c.now.Add(time.Second)
	if _, err := Rollout(SignOptions{Dir: c.dir, List: "sis", Version: 4, Key: c.key, Now: c.now}); err != nil {
		t.Fatal(err)
	}
	c.publish(b)
	if b.retained(chunkTopic("sis", first.Snapshot.Chunks[0], 0)) != nil {
		t.Error("nobody needs version 1, whose snapshot is still there")
	}
}

func TestAPublisherDoesNotTakeTheBrokerBack(t *testing.T) {
	b, c := startBroker(t), newCentral(t)
	c.build(people("A1"), false)
	old := c.clone()
	fork := c.clone()
	c.now = c.now.Add(time.Minute)
	c.build(people("A1", "B2"), false)
	c.install(c.keys(2))
	c.publish(b)
	fork.now = c.now.Add(time.Minute)
	fork.build(people("E5"), false)
	fork.install(fork.keys(2))
	older := c.clone()
	if err := writeFile(openFolder(older.dir, "").path(keysPath), c.signKeys(c.keys(1))); err != nil {
		t.Fatal(err)
	}
	for what, from := range map[string]*central{"an older version": old, "a fork": fork, "older keys": older} {
		if done, err := from.publishTo(b, ChunksSmall); err == nil {
			t.Errorf("%s was published: %+v", what, done)
		}
	}
	if !bytes.Equal(b.retained(headTopic("sis")), c.head()) {
		t.Error("the head was changed")
	}
	if k, err := ParseKeys(b.retained(keysTopic)); err != nil || k.Serial != 2 {
		t.Errorf("keys: %+v, %v", k, err)
	}
}

// TestJunkAtTheBrokerDoesNotStopThePublisher puts there what a thief of the broker could.
func TestJunkAtTheBrokerDoesNotStopThePublisher(t *testing.T) {
	b, c := startBroker(t), newCentral(t)
	c.build(people("A1"), false)
	thief := c.clone()
	thief.key = newKey(t)
	thief.install(thief.keys(2))
	for range 3 {
		thief.now = thief.now.Add(time.Hour)
		thief.build(people("E5"), false)
	}
	b.retain(t, headTopic("sis"), thief.head())
	b.retain(t, manifestTopic("sis", 1), thief.envelope(2))
	b.retain(t, manifestTopic("sis", 3), thief.envelope(3))
	b.retain(t, manifestTopic("sis", 4), []byte(strings.Repeat("x", 100)))
	c.publish(b)
	if !bytes.Equal(b.retained(headTopic("sis")), c.head()) || !bytes.Equal(b.retained(manifestTopic("sis", 1)), c.envelope(1)) {
		t.Error("what was signed is not there")
	}
	if n := b.retainedUnder(listTopic("sis") + "manifests/"); n != 1 {
		t.Errorf("%d manifests are there", n)
	}
}

func TestKeysAndOrdersArePublishedWithoutAList(t *testing.T) {
	b, c := startBroker(t), newCentral(t)
	o := c.order(Order{ID: "x-1", Booth: "b-7", List: All, Deed: DeedErase, Issued: c.now, Expires: c.now.Add(time.Hour)})
	now := func() time.Time { return c.now }
	done, err := Publish(t.Context(), PublishOptions{Dir: c.dir, Broker: b.broker("central"), Now: now})
	if err != nil || done.Sent != 2 {
		t.Fatalf("%+v, %v", done, err)
	}
	if s, err := ParseOrder(b.retained(ordersTopic + o.ID)); err != nil || s.Hash != o.Hash {
		t.Error(err)
	}
	if _, err := ParseKeys(b.retained(keysTopic)); err != nil {
		t.Error(err)
	}
	if done, err := Publish(t.Context(), PublishOptions{Dir: c.dir, Broker: b.broker("central"), Now: now}); err != nil || done.Sent != 0 {
		t.Errorf("again: %+v, %v", done, err)
	}
	later := func() time.Time { return c.now.Add(2 * time.Hour) }
	if done, err := Publish(t.Context(), PublishOptions{Dir: c.dir, Broker: b.broker("central"), Now: later}); err != nil || done.Cleared != 1 || b.retained(ordersTopic+o.ID) != nil {
		t.Errorf("after the order expired: %+v, %v", done, err)
	}
	if _, err := Publish(t.Context(), PublishOptions{Dir: t.TempDir(), Broker: b.broker("central")}); err == nil {
		t.Error("published without keys")
	}
}
