package watchlist

import (
	"context"
	"crypto/ed25519"
	"os"
	"path/filepath"
	"testing"
	"time"

	"boothd/localmatch/gallery"
)

func (x *booth) erased() bool {
	info, err := x.gallery.List(context.Background(), "sis")
	return err == nil && info.Erased
}

func (x *booth) setTime(at time.Time) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.now = at
}

func (x *booth) carriedOut() []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	var ids []string
	for _, c := range x.ordered {
		ids = append(ids, c.ID)
	}
	return ids
}

func wipe(id string, issued time.Time, counts time.Duration) Order {
	return Order{ID: id, Booth: "booth-7", List: All, Deed: DeedErase, Issued: issued, Expires: issued.Add(counts)}
}

func TestALostBoothIsWipedOnceAndStaysEmptyWhileTheOrderCounts(t *testing.T) {
	b, c := startBroker(t), newCentral(t)
	c.build(people("A1"), false)
	c.publish(b)
	x := newBooth(t, b.broker("booth-7"), c.trusted())
	x.waitVersion(1)
	x.halt()
	c.order(wipe("lost-7", c.now, 24*time.Hour))
	c.build(people("A1", "B2"), false)
	c.publish(b)
	x.start() // it connects once more
	until(t, "the list is erased", x.erased)
	x.waitStatus(b, "central is told", func(s Status) bool {
		return s.State == StateNone && len(s.Orders) == 1 && s.Orders[0].ID == "lost-7" && s.Problem != "" && s.Digest.IsZero()
	})
	// Neither a restart, nor a new version, nor the order again changes that.
	for range 2 {
		x.restart()
		b.retain(t, ordersTopic+"again", b.retained(ordersTopic+"lost-7"))
		c.now = c.now.Add(time.Second)
		c.build(people("C3"), true)
		c.publish(b)
		x.waitStatus(b, "the order still counts", func(s Status) bool { return len(s.Orders) == 1 && s.State == StateNone })
	}
	if got := x.carriedOut(); len(got) != 1 || !x.erased() {
		t.Errorf("carried out %q, erased %t", got, x.erased())
	}
	// When it no longer counts, the booth is as any other.
	x.setTime(testDay.Add(25 * time.Hour))
	x.waitVersion(4)
	x.wantNumbers("C3")
}

func TestAnOrderEndsAnUpdateThatIsUnderWay(t *testing.T) {
	c := newCentral(t)
	c.build(people("A1"), false)
	s := serveFolder(t, c.dir)
	x := newBoothWith(t, c.trusted(), func(o *SubscriberOptions) {
		s.options(o)
		o.Gallery = slowLists{o.Gallery.(*gallery.Gallery)}
	})
	x.waitVersion(1)
	c.build(people("A1", "B2"), false)
	until(t, "the update is under way", func() bool { return x.sub.Status()[0].Known == 2 })
	c.order(wipe("lost-7", c.now, 24*time.Hour))
	until(t, "the list is erased", x.erased)
	until(t, "the order is carried out", func() bool { return len(x.carriedOut()) == 1 })
	if left, _ := filepath.Glob(filepath.Join(x.dir, "spool", "sis", "*")); len(left) != 0 {
		t.Errorf("%d files left in the spool", len(left))
	}
}

// slowLists never end an update but the first.
type slowLists struct{ *gallery.Gallery }

func (l slowLists) Apply(ctx context.Context, u gallery.Update) error {
	if u.Version > 1 {
		<-ctx.Done()
		return ctx.Err()
	}
	return l.Gallery.Apply(ctx, u)
}

func TestOrdersForOthersAreLeftToThem(t *testing.T) {
	b, c := startBroker(t), newCentral(t)
	c.build(people("A1"), false)
	other, group, list := wipe("other", c.now, time.Hour*24), wipe("group", c.now, time.Hour*24), wipe("list", c.now, time.Hour*24)
	other.Booth = "booth-8"
	group.Booth, group.Group = "", "pilot"
	list.List = "other"
	for _, o := range []Order{other, group, list} {
		c.order(o)
	}
	c.publish(b)
	x := newBooth(t, b.broker("booth-7"), c.trusted())
	x.waitVersion(1)
	until(t, "the order for a list that is not there is carried out", func() bool { return len(x.carriedOut()) == 1 })
	x.wantNumbers("A1")
	y := newBoothWith(t, c.trusted(), func(o *SubscriberOptions) { o.Broker, o.Booth, o.Group = b.broker("booth-9"), "booth-9", "pilot" })
	until(t, "the group's order is carried out", func() bool { return len(y.carriedOut()) == 1 })
}

func TestAGroupIsAheadOfTheOthers(t *testing.T) {
	b, c := startBroker(t), newCentral(t)
	c.build(people("A1"), false)
	c.publish(b)
	pilot := newBoothWith(t, c.trusted(), func(o *SubscriberOptions) { o.Broker, o.Booth, o.Group = b.broker("pilot-1"), "pilot-1", "pilot" })
	x := newBooth(t, b.broker("booth-7"), c.trusted())
	x.waitVersion(1)
	pilot.waitVersion(1)
	c.buildFor(people("A1", "B2"), false, "pilot")
	c.publish(b)
	pilot.waitVersion(2)
	x.waitStatus(b, "the other booth follows the head, but not to that version", func(s Status) bool {
		head, err := ParseHead(c.head())
		return err == nil && s.Head == head.Hash && s.Version == 1 && s.Known == 1 && s.State == StateCurrent
	})
	c.buildFor(people("A1", "B2", "C3"), false)
	c.publish(b)
	x.waitVersion(3)
	pilot.waitVersion(3)
}

func TestABoothTakesAnUrgentChangeOutOfTheHeadAlone(t *testing.T) {
	b, c := startBroker(t), newCentral(t)
	c.build(people("A1", "B2"), false)
	c.publish(b)
	x := newBooth(t, b.broker("booth-7"), c.trusted())
	x.waitVersion(1)
	c.urgent(people("C3"), "id-A1")
	b.retain(t, headTopic("sis"), c.head()) // and nothing else
	x.waitVersion(2)
	x.wantNumbers("B2", "C3")
}

func TestKeysRotateAndRevokedOnesCountForNothing(t *testing.T) {
	b, c := startBroker(t), newCentral(t)
	c.build(people("A1"), false)
	c.publish(b)
	x := newBooth(t, b.broker("booth-7"), c.trusted())
	x.waitVersion(1)
	// The next key is announced while the first one still counts.
	stolen, k := c.key, c.keys(2)
	c.key = newKey(t)
	next := c.keys(2)
	k.Keys, k.Orders = append(k.Keys, next.Keys...), append(k.Orders, next.Orders...)
	c.install(k)
	c.now = c.now.Add(time.Minute)
	c.build(people("A1", "B2"), false)
	c.publish(b)
	x.waitVersion(2)
	// The first one is revoked, and whoever has it signs.
	k.Serial, k.Revoked = 3, []ed25519.PublicKey{publicOf(stolen)}
	c.install(k)
	c.publish(b)
	x.waitStatus(b, "the third document is at hand", func(s Status) bool { return s.Keys == 3 })
	bad := c.clone()
	if err := os.Remove(filepath.Join(bad.dir, keysPath)); err != nil {
		t.Fatal(err)
	}
	bad.key, bad.now = stolen, c.now.Add(time.Minute)
	bad.build(people("E5"), false)
	b.retain(t, headTopic("sis"), bad.head())
	x.waitRefusal(ReasonForged)
	// An earlier document, in which it counts, is refused, also after a restart.
	k.Serial, k.Revoked = 2, nil
	for range 2 {
		b.retain(t, keysTopic, c.signKeys(k))
		x.waitRefusal(ReasonOlder)
		x.restart()
	}
	if serial := x.sub.keys.current().Serial; x.version() != 2 || serial != 3 {
		t.Errorf("version %d, keys %d", x.version(), serial)
	}
}

func TestWithoutAKeysDocumentThatCountsNothingNewIsTaken(t *testing.T) {
	b, c := startBroker(t), newCentral(t)
	c.build(people("A1"), false)
	c.publish(b)
	x := newBooth(t, b.broker("booth-7"), c.trusted())
	x.waitVersion(1)
	k := c.keys(2)
	k.Expires = c.now.Add(2 * time.Hour)
	c.install(k)
	c.publish(b)
	x.waitStatus(b, "it is at hand", func(s Status) bool { return s.Keys == 2 && !s.KeysExpired })
	x.setTime(testDay.Add(3 * time.Hour))
	c.now = c.now.Add(time.Minute)
	c.build(people("A1", "B2"), false)
	c.publish(b)
	x.waitStatus(b, "the status says why the list stays", func(s Status) bool {
		return s.KeysExpired && s.Problem == errKeysExpired.Error() && s.Version == 1
	})
	x.wantNumbers("A1")
	c.install(c.keys(3))
	c.publish(b)
	x.waitVersion(2)
}

func TestAHeadIsNotFollowedBackAfterARestart(t *testing.T) {
	b, c := startBroker(t), newCentral(t)
	c.build(people("A1"), false)
	old := c.head()
	c.now = c.now.Add(time.Minute)
	if _, err := Rollout(SignOptions{Dir: c.dir, List: "sis", Version: 1, Groups: []string{"pilot"}, Key: c.key, Now: c.now}); err != nil {
		t.Fatal(err)
	}
	c.publish(b)
	x := newBooth(t, b.broker("booth-7"), c.trusted())
	x.waitVersion(1)
	x.halt()
	b.retain(t, headTopic("sis"), old) // names the same version
	x.start()
	x.waitRefusal(ReasonOlder)
}

func TestAClockThatWasSetBackKeepsNothingAlive(t *testing.T) {
	b, c := startBroker(t), newCentral(t)
	c.build(people("A1"), false)
	c.now = c.now.Add(72 * time.Hour)
	c.build(people("A1", "B2"), false)
	c.publish(b)
	x := newBooth(t, b.broker("booth-7"), c.trusted())
	x.setTime(testDay.Add(72 * time.Hour))
	x.waitVersion(2)
	x.setTime(testDay.Add(time.Hour))
	x.restart()
	if at := x.sub.clock.time(); at.Before(testDay.Add(72 * time.Hour)) {
		t.Errorf("the booth takes it for %s", at)
	}
}
