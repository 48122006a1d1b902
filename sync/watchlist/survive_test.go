package watchlist

import (
	"bytes"
	"errors"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"

	mochi "github.com/mochi-mqtt/server/v2"
)

// TestAFlippedBitOfAContentIsNoticed flips each bit of a content: no line is read of the
// chunk that it is in, whatever the packing makes of it.
func TestAFlippedBitOfAContentIsNoticed(t *testing.T) {
	c, packed := pack(t, put(`{"id":"a","names":["x"]}`, `{"id":"b","names":["y"]}`))
	for i := range packed {
		for bit := range 8 {
			bent := bytes.Clone(packed)
			bent[i] ^= 1 << bit
			if err := c.proveChunk(0, bent); !errors.Is(err, ErrAltered) {
				t.Fatalf("bit %d of byte %d: %v", bit, i, err)
			}
			var last error
			for line, err := range c.lines(func(int) ([]byte, error) { return bent, nil }) {
				if last = err; err == nil {
					t.Fatalf("bit %d of byte %d: read %q", bit, i, line)
				}
			}
			if !errors.Is(last, ErrAltered) {
				t.Fatalf("bit %d of byte %d: %v", bit, i, last)
			}
		}
	}
}

// cutter ends a connection when a chunk is asked for that was not asked for before.
type cutter struct {
	mochi.HookBase
	mu   sync.Mutex
	seen map[string]bool
}

func (c *cutter) ID() string { return "cut" }

func (c *cutter) Provides(b byte) bool { return b == mochi.OnSubscribe }

func (c *cutter) OnSubscribe(cl *mochi.Client, pk packets.Packet) packets.Packet {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range pk.Filters {
		if strings.Contains(f.Filter, "/chunks/") && !c.seen[f.Filter] {
			c.seen[f.Filter] = true
			cl.Stop(errors.New("cut"))
		}
	}
	return pk
}

func TestALinkToTheBrokerThatIsCutAtEveryPartBringsTheListAllTheSame(t *testing.T) {
	b, c := startBroker(t), newCentral(t)
	first := c.build(bulky(50)+people("A1"), false)
	c.publish(b)
	cut := &cutter{seen: map[string]bool{}}
	if err := b.server.AddHook(cut, nil); err != nil {
		t.Fatal(err)
	}
	x := newBooth(t, b.broker("booth-7"), c.trusted())
	x.waitVersion(1)
	x.wantNumbers("A1")
	parts := 0
	for range first.parts(ChunksAlways, true) {
		parts++
	}
	cut.mu.Lock()
	defer cut.mu.Unlock()
	if len(cut.seen) != parts {
		t.Errorf("cut at %d of %d parts", len(cut.seen), parts)
	}
}

// everything is what the broker holds of lists, keys and orders.
func (b *testBroker) everything() map[string][]byte {
	all := map[string][]byte{}
	for topic, m := range b.server.Topics.Retained.GetAll() {
		if strings.HasPrefix(topic, "boothd/") && !strings.HasPrefix(topic, "boothd/v2/booths/") {
			all[topic] = m.Payload
		}
	}
	return all
}

// TestABrokerThatWasSetBackByAWeekIsNoHarm puts all of last week's messages back: keys, order,
// head, manifests and chunks.
func TestABrokerThatWasSetBackByAWeekIsNoHarm(t *testing.T) {
	b, c := startBroker(t), newCentral(t)
	c.build(bulky(3)+people("A1"), false)
	brief := wipe("brief", c.now, 24*time.Hour)
	brief.List = "other"
	c.order(brief)
	c.publish(b)
	x := newBooth(t, b.broker("booth-7"), c.trusted())
	x.waitVersion(1)
	until(t, "the order is carried out", func() bool { return len(x.carriedOut()) == 1 })
	lastWeek := maps.Clone(b.everything())
	c.now = c.now.AddDate(0, 0, 7)
	x.setTime(c.now.Add(time.Hour))
	c.install(c.keys(2))
	c.build(bulky(3)+people("B2"), true)
	c.publish(b)
	x.waitVersion(2)
	x.waitStatus(b, "the second keys document is at hand", func(s Status) bool { return s.Keys == 2 && s.Version == 2 })
	for _, when := range []string{"running", "restarted"} {
		for topic := range b.everything() {
			if lastWeek[topic] == nil {
				b.retain(t, topic, nil)
			}
		}
		for topic, payload := range lastWeek {
			b.retain(t, topic, payload)
		}
		until(t, when+": head and keys are refused", func() bool {
			x.mu.Lock()
			defer x.mu.Unlock()
			of := map[Document]Reason{}
			for _, r := range x.refusals {
				of[r.Document] = r.Reason
			}
			return of[DocumentHead] == ReasonOlder && of[DocumentKeys] == ReasonOlder
		})
		x.wantNumbers("B2")
		if len(x.carriedOut()) != 1 {
			t.Errorf("%s: orders carried out: %q", when, x.carriedOut())
		}
		x.restart()
	}
	c.now = c.now.Add(time.Minute)
	c.build(bulky(3)+people("B2", "C3"), false)
	c.publish(b)
	x.waitVersion(3)
	x.wantNumbers("B2", "C3")
}

func TestOfTwoPublishersThatForkAtOnceABoothFollowsOne(t *testing.T) {
	b, c := startBroker(t), newCentral(t)
	c.build(people("A1"), false)
	c.publish(b)
	x := newBooth(t, b.broker("booth-7"), c.trusted())
	x.waitVersion(1)
	one, other := c.clone(), c.clone()
	one.build(people("A1", "B2"), false)
	other.now = other.now.Add(time.Minute)
	other.build(people("A1", "C3"), false)
	var wg sync.WaitGroup
	for _, p := range []*central{one, other} {
		wg.Go(func() {
			p.publishTo(b, ChunksAlways) // the later one may see the fork and refuse
			b.retain(t, headTopic("sis"), p.head())
		})
	}
	wg.Wait()
	x.waitVersion(2)
	// Whichever it follows, the broker is left with the head of the other one.
	left, reason := one, ReasonOlder
	if found, err := x.find("B2"); err != nil {
		t.Fatal(err)
	} else if len(found.Entries) == 1 {
		left, reason = other, ReasonFork
	}
	b.retain(t, headTopic("sis"), left.head())
	x.waitRefusal(reason)
	both := 0
	for _, n := range []string{"B2", "C3"} {
		found, err := x.find(n)
		if err != nil {
			t.Fatal(err)
		}
		both += len(found.Entries)
	}
	if both != 1 || x.version() != 2 {
		t.Errorf("version %d with the entries of %d publishers", x.version(), both)
	}
}
