package watchlist

import (
	"context"
	"io"
	"log/slog"
	"maps"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"
)

// testBroker is an embedded broker that counts what booths fetch. It forgets
// everything when it is stopped.
type testBroker struct {
	addr    string
	server  *mqtt.Server
	fetches *fetchCounter
	turns   oneAtATime
}

func startBroker(t testing.TB) *testBroker {
	t.Helper()
	b := &testBroker{addr: freeAddress(t), fetches: &fetchCounter{fetched: map[*mqtt.Client]map[string]int{}}}
	b.start(t)
	t.Cleanup(func() { b.server.Close() })
	return b
}

func (b *testBroker) start(t testing.TB) {
	t.Helper()
	b.server = mqtt.New(&mqtt.Options{InlineClient: true, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	for _, h := range []mqtt.Hook{new(auth.AllowHook), b.fetches, &b.turns} {
		if err := b.server.AddHook(h, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.server.AddListener(listeners.NewTCP(listeners.Config{ID: "tcp", Address: b.addr})); err != nil {
		t.Fatal(err)
	}
	if err := b.server.Serve(); err != nil {
		t.Fatal(err)
	}
}

func (b *testBroker) broker(clientID string) Broker {
	return Broker{URL: "tcp://" + b.addr, ClientID: clientID}
}

// retain puts a message on the broker past all checks, as whoever has got hold of it could.
func (b *testBroker) retain(t testing.TB, topic string, payload []byte) {
	t.Helper()
	b.turns.mu.Lock()
	defer b.turns.mu.Unlock()
	if err := b.server.Publish(topic, payload, true, 1); err != nil {
		t.Fatal(err)
	}
}

func (b *testBroker) retained(topic string) []byte {
	if m, ok := b.server.Topics.Retained.Get(topic); ok {
		return m.Payload
	}
	return nil
}

func (b *testBroker) retainedUnder(prefix string) int {
	n := 0
	for topic := range b.server.Topics.Retained.GetAll() {
		if strings.HasPrefix(topic, prefix) {
			n++
		}
	}
	return n
}

// oneAtATime has the broker handle what is published and subscribed one packet after the other:
// in mochi 2.7.9 whoever subscribes with a wildcard reads what a retained message is written to.
type oneAtATime struct {
	mqtt.HookBase
	mu sync.Mutex
}

func (o *oneAtATime) ID() string { return "one-at-a-time" }

func (o *oneAtATime) Provides(b byte) bool {
	return b == mqtt.OnPacketRead || b == mqtt.OnPacketProcessed
}

func (o *oneAtATime) OnPacketRead(_ *mqtt.Client, pk packets.Packet) (packets.Packet, error) {
	if o.minds(pk) {
		o.mu.Lock()
	}
	return pk, nil
}

func (o *oneAtATime) OnPacketProcessed(cl *mqtt.Client, pk packets.Packet, _ error) {
	if o.minds(pk) && !cl.Net.Inline {
		o.mu.Unlock()
	}
}

func (o *oneAtATime) minds(pk packets.Packet) bool {
	return pk.FixedHeader.Type == packets.Publish || pk.FixedHeader.Type == packets.Subscribe
}

// fetchCounter notes which chunks were asked for on which connection. What a broker sends
// again on its own, because an acknowledgement was lost with the connection, is no fetch.
type fetchCounter struct {
	mqtt.HookBase
	mu      sync.Mutex
	fetched map[*mqtt.Client]map[string]int // by topic
}

func (f *fetchCounter) ID() string { return "fetched" }

func (f *fetchCounter) Provides(b byte) bool { return b == mqtt.OnSubscribe }

func (f *fetchCounter) OnSubscribe(cl *mqtt.Client, pk packets.Packet) packets.Packet {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, filter := range pk.Filters {
		if !strings.Contains(filter.Filter, "/chunks/") {
			continue
		}
		if f.fetched[cl] == nil {
			f.fetched[cl] = map[string]int{}
		}
		f.fetched[cl][filter.Filter]++
	}
	return pk
}

// connections returns what was asked for on each connection so far.
func (f *fetchCounter) connections() map[*mqtt.Client]map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := map[*mqtt.Client]map[string]int{}
	for cl, counts := range f.fetched {
		all[cl] = maps.Clone(counts)
	}
	return all
}

func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// until polls a condition; the deadline is for a test that fails.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("waited in vain until %s", what)
		}
	}
}
