package intake

import (
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// cutter stands between booths and central and cuts most connections off after some bytes,
// of the request or of the reply.
type cutter struct {
	net.Listener
	quiet          atomic.Bool // cuts no more
	cutUp, cutDown atomic.Int64

	mu      sync.Mutex
	targets []string
	lines   sync.WaitGroup
}

func newCutter(t testing.TB, targets ...string) *cutter {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{Listener: l, targets: targets}
	c.lines.Go(c.accept)
	t.Cleanup(func() { l.Close(); c.lines.Wait() })
	return c
}

// drop takes a target out of service.
func (c *cutter) drop(i int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.targets = append(c.targets[:i:i], c.targets[i+1:]...)
}

func (c *cutter) target() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.targets[rand.IntN(len(c.targets))]
}

func (c *cutter) accept() {
	for {
		booth, err := c.Accept()
		if err != nil {
			return
		}
		c.lines.Go(func() { c.carry(booth) })
	}
}

// carry connects a booth with an instance. A third of the connections are cut in what the
// booth sends, a third in what central answers; the handshake takes some 1,500 bytes of
// either.
func (c *cutter) carry(booth net.Conn) {
	defer booth.Close()
	central, err := net.Dial("tcp", c.target())
	if err != nil {
		return
	}
	defer central.Close()
	const all = 1 << 40
	up, down := int64(all), int64(all)
	if !c.quiet.Load() {
		switch rand.IntN(3) {
		case 0:
			up = rand.Int64N(12 << 10)
		case 1:
			down = rand.Int64N(5 << 10)
		}
	}
	var both sync.WaitGroup
	both.Go(func() { carryBytes(central, booth, up, &c.cutUp) })
	both.Go(func() { carryBytes(booth, central, down, &c.cutDown) })
	both.Wait()
}

// carryBytes copies until one side is gone or the limit is reached, which breaks both.
func carryBytes(to, from net.Conn, limit int64, cuts *atomic.Int64) {
	n, _ := io.CopyN(to, from, limit)
	if n == limit {
		cuts.Add(1)
		to.(*net.TCPConn).SetLinger(0)
		from.(*net.TCPConn).SetLinger(0)
	}
	to.Close()
	from.Close()
}
