package watchlist

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"boothd/internal/testtool"
	"boothd/localmatch"
	"boothd/localmatch/gallery"
)

// BenchmarkFleetTakesOneDelta has many booths take one urgent change from mosquitto, and in
// the same run has the same broker fan out a message of the same length to as many bare
// connections, which do nothing but acknowledge it. BOOTHD_BOOTHS says how many; 10,000 need
// about 11,000 open files and some minutes. It reports
//
//	bare/s        deliveries per second to bare connections
//	delivered/s   heads that reached booths per second
//	applied/s     booths per second that proved the head, the version in it and its lines,
//	              remembered the head and applied the change
//	delivered/bare, applied/bare  the ratios of both to the bare broker's
//
// All booths share this machine's cores with the broker; in the field each has its own.
func BenchmarkFleetTakesOneDelta(b *testing.B) {
	n := 200
	if text := os.Getenv("BOOTHD_BOOTHS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	broker := startBareMosquitto(b)
	c := newCentral(b)
	c.build(people("A1", "B2"), false)
	sample, err := c.urgent(people("C3")).envelope()
	if err != nil {
		b.Fatal(err)
	}
	bareTime := bareDeliveries(b, broker, n, sample) // before the booths, for open files are few
	f := startFleet(b, c, broker, n)
	var delivered, applied time.Duration
	b.ResetTimer()
	for i := range b.N {
		c.now = c.now.Add(time.Second)
		h := c.urgent(people("N" + strconv.Itoa(i)))
		envelope, err := h.envelope()
		if err != nil {
			b.Fatal(err)
		}
		d, a := f.deliver(b, envelope)
		delivered, applied = delivered+d, applied+a
	}
	b.StopTimer()
	rate := func(t time.Duration) float64 { return float64(n*b.N) / t.Seconds() }
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(rate(bareTime), "bare/s")
	b.ReportMetric(rate(delivered), "delivered/s")
	b.ReportMetric(rate(applied), "applied/s")
	b.ReportMetric(rate(delivered)/rate(bareTime), "delivered/bare")
	b.ReportMetric(rate(applied)/rate(bareTime), "applied/bare")
}

// startBareMosquitto runs mosquitto without TLS and passwords.
func startBareMosquitto(b *testing.B) Broker {
	b.Helper()
	addr, dir := freeAddress(b), b.TempDir()
	_, port, _ := net.SplitHostPort(addr)
	conf := filepath.Join(dir, "mosquitto.conf")
	text := fmt.Sprintf("listener %s 127.0.0.1\nuser root\nallow_anonymous true\nmax_packet_size %d\nlog_type none\n", port, MaxMessage+1024)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(testtool.Path(b, "mosquitto"), "-c", conf)
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	until(b, "mosquitto listens", func() bool {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	return Broker{URL: "tcp://" + addr, ClientID: "central"}
}

// inTurn does something for each of n, so many at a time.
func inTurn(n, atATime int, do func(i int)) {
	var wg sync.WaitGroup
	turn := make(chan int)
	for range atATime {
		wg.Go(func() {
			for i := range turn {
				do(i)
			}
		})
	}
	for i := range n {
		turn <- i
	}
	close(turn)
	wg.Wait()
}

// tally counts how many of n have done something.
type tally struct {
	mu   sync.Mutex
	left int
	done chan struct{}
}

func (t *tally) expect(n int) <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.left, t.done = n, make(chan struct{})
	return t.done
}

func (t *tally) one() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.left--; t.left == 0 {
		close(t.done)
	}
}

func mustCome(b *testing.B, what string, done <-chan struct{}) {
	b.Helper()
	select {
	case <-done:
	case <-time.After(5 * time.Minute):
		b.Fatalf("waited in vain for %s", what)
	}
}

// manyBooths are booths whose galleries remember nothing but the version.
type manyBooths struct {
	client   mqtt.Client // of central
	n        int
	received tally
	applied  tally
}

func startFleet(b *testing.B, c *central, broker Broker, n int) *manyBooths {
	b.Helper()
	f := &manyBooths{n: n}
	if _, err := Publish(context.Background(), PublishOptions{Dir: c.dir, List: "sis", Broker: broker, Chunks: ChunksAlways}); err != nil {
		b.Fatal(err)
	}
	f.client = dialCentral(b, broker)
	dir := b.TempDir()
	if shm, err := os.MkdirTemp("/dev/shm", "booths"); err == nil { // one disk must not sync for all booths
		b.Cleanup(func() { os.RemoveAll(shm) })
		dir = shm
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	b.Cleanup(func() {
		cancel()
		wg.Wait()
		f.client.Disconnect(quiesce)
	})
	atHand := f.applied.expect(n)
	f.received.expect(n)
	inTurn(n, 64, func(i int) {
		s, err := f.booth(filepath.Join(dir, strconv.Itoa(i)), "booth-"+strconv.Itoa(i), c.trusted(), broker.URL)
		if err != nil {
			b.Error(err)
			return
		}
		wg.Go(func() { s.Run(ctx) })
		for !s.Connected() {
			if !sleep(ctx, 10*time.Millisecond) {
				return
			}
		}
	})
	mustCome(b, "the first version", atHand)
	return f
}

func (f *manyBooths) booth(dir, id string, trusted Roots, url string) (*Subscriber, error) {
	s, err := NewSubscriber(SubscriberOptions{
		Booth: id, Lists: []Subscription{{localmatch.List{Name: "sis", System: "SIS"}}}, Roots: trusted,
		Broker: Broker{URL: url, ClientID: id}, Gallery: &countingLists{applied: f.applied.one},
		State: filepath.Join(dir, "lists"), Spool: filepath.Join(dir, "spool"), KeysDir: filepath.Join(dir, "keys"),
		Now: func() time.Time { return testDay.Add(time.Hour) }, StickPoll: time.Hour, Recheck: time.Hour,
	})
	if err != nil {
		return nil, err
	}
	topic := headTopic("sis")
	take := s.link.news[topic]
	s.link.news[topic] = func(m mqtt.Message) {
		f.received.one()
		take(m)
	}
	return s, nil
}

// deliver publishes a head and waits until all booths have it, and until all have applied it.
func (f *manyBooths) deliver(b *testing.B, envelope []byte) (received, applied time.Duration) {
	b.Helper()
	r, a := f.received.expect(f.n), f.applied.expect(f.n)
	begin := time.Now()
	if err := wait(context.Background(), f.client.Publish(headTopic("sis"), qos, true, envelope)); err != nil {
		b.Fatal(err)
	}
	mustCome(b, "the head", r)
	received = time.Since(begin)
	mustCome(b, "the change", a)
	return received, time.Since(begin)
}

// countingLists read what is applied and keep the version alone.
type countingLists struct {
	mu      sync.Mutex
	info    gallery.Info
	applied func()
}

func (l *countingLists) List(context.Context, string) (gallery.Info, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.info.Version == 0 {
		return gallery.Info{}, gallery.ErrAbsent
	}
	return l.info, nil
}

func (l *countingLists) Lists(ctx context.Context) ([]gallery.Info, error) {
	info, err := l.List(ctx, "")
	if err != nil {
		return nil, nil
	}
	return []gallery.Info{info}, nil
}

func (l *countingLists) Apply(_ context.Context, u gallery.Update) error {
	for _, err := range u.Lines {
		if err != nil {
			return err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.info = gallery.Info{Name: u.List, System: u.System, Version: u.Version, Head: u.Head, Issued: u.Issued, Expires: u.Expires, Entries: u.Entries}
	l.applied()
	return nil
}

func (l *countingLists) Erase(context.Context, string) error { return nil }

func dialCentral(b *testing.B, broker Broker) mqtt.Client {
	b.Helper()
	client := mqtt.NewClient(broker.options().SetClientID("bench"))
	if err := wait(context.Background(), client.Connect()); err != nil {
		b.Fatal(err)
	}
	return client
}

// bareFleet is as many connections that only acknowledge.
type bareFleet struct {
	n        int
	received tally
}

const bareTopic = "bare"

// bareDeliveries has the broker bring a message to n bare connections b.N times and returns how
// long that took in all.
func bareDeliveries(b *testing.B, broker Broker, n int, message []byte) (took time.Duration) {
	b.Helper()
	f := &bareFleet{n: n}
	conns := make([]net.Conn, n)
	var wg sync.WaitGroup
	inTurn(n, 64, func(i int) {
		c, err := dialBare(broker.URL[len("tcp://"):], "bare-"+strconv.Itoa(i))
		if err != nil {
			b.Error(err)
			return
		}
		conns[i] = c
		wg.Go(func() { f.read(c) })
	})
	if !b.Failed() {
		client := dialCentral(b, broker)
		for range b.N {
			took += f.deliver(b, client, message)
		}
		client.Disconnect(quiesce)
	}
	for _, c := range conns {
		if c != nil {
			c.Close()
		}
	}
	wg.Wait()
	return took
}

// dialBare connects and subscribes as MQTT 3.1.1 has it.
func dialBare(addr, id string) (net.Conn, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	connect := append([]byte{0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0}, text16(id)...)
	subscribe := append(append([]byte{0, 1}, text16(bareTopic)...), qos)
	answers := make([]byte, 4+5) // CONNACK and SUBACK
	_, err = c.Write(append(append([]byte{0x10, byte(len(connect))}, connect...), append([]byte{0x82, byte(len(subscribe))}, subscribe...)...))
	if err == nil {
		_, err = io.ReadFull(c, answers)
	}
	return c, err
}

func text16(s string) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(s))), s...)
}

// read acknowledges what comes.
func (f *bareFleet) read(c net.Conn) {
	r := bufio.NewReaderSize(c, 2048)
	for {
		kind, err := r.ReadByte()
		if err != nil {
			return
		}
		n, err := binary.ReadUvarint(r)
		if err != nil || kind&0xf0 != 0x30 {
			return
		}
		head := make([]byte, 2+len(bareTopic)+2)
		if _, err := io.ReadFull(r, head); err != nil {
			return
		}
		if _, err := r.Discard(int(n) - len(head)); err != nil {
			return
		}
		f.received.one()
		if _, err := c.Write([]byte{0x40, 2, head[len(head)-2], head[len(head)-1]}); err != nil {
			return
		}
	}
}

// deliver publishes a message and waits until all connections have it.
func (f *bareFleet) deliver(b *testing.B, client mqtt.Client, message []byte) time.Duration {
	b.Helper()
	done := f.received.expect(f.n)
	begin := time.Now()
	if err := wait(context.Background(), client.Publish(bareTopic, qos, false, message)); err != nil {
		b.Fatal(err)
	}
	mustCome(b, "the bare message", done)
	return time.Since(begin)
}
