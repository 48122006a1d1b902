package console_test

import (
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"boothd/capture"
	"boothd/cmd/boothd/console"
)

// line is a connection to a booth that can be cut.
type line struct {
	net.Listener
	to string

	mu    sync.Mutex
	cut   bool
	conns map[net.Conn]bool
	work  sync.WaitGroup
}

func newLine(t *testing.T) *line {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return &line{Listener: ln, conns: map[net.Conn]bool{}}
}

// carry begins to carry connections to the address, until the test ends.
func (l *line) carry(t *testing.T, to string) {
	l.to = to
	l.work.Go(l.accept)
	t.Cleanup(func() {
		l.Close()
		l.set(true)
		l.work.Wait()
	})
}

func (l *line) accept() {
	for {
		near, err := l.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", l.to)
		if err != nil || !l.hold(near, far) {
			near.Close()
			continue
		}
		for _, pair := range [][2]net.Conn{{near, far}, {far, near}} {
			l.work.Go(func() {
				io.Copy(pair[0], pair[1])
				pair[0].Close()
				pair[1].Close()
			})
		}
	}
}

// hold keeps the connections so that they can be cut; false if the line is cut already.
func (l *line) hold(near, far net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut {
		far.Close()
		return false
	}
	l.conns[near], l.conns[far] = true, true
	return true
}

// set cuts the line or restores it.
func (l *line) set(cut bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = cut
	for c := range l.conns {
		c.Close()
		delete(l.conns, c)
	}
}

func TestPageSaysThatTheLineIsCutAndComesBack(t *testing.T) {
	b := openBrowser(t)
	line := newLine(t)
	booth := serve(t, func(cfg *console.Config) { cfg.Hosts = []string{line.Addr().String()} })
	line.carry(t, strings.TrimPrefix(booth.URL, "http://"))
	booth.show(decided(capture.OutcomeClear))
	b.signIn("http://"+line.Addr().String(), token)
	b.reads("Nothing speaks against entry")

	line.set(true)
	b.reads("Connection to the booth lost", "Do not decide on it.")
	if !b.truth(`document.querySelector('.stage').inert && document.querySelector('.deck').inert`) {
		t.Error("what is shown can still be used")
	}
	b.press("1")
	if strings.Contains(b.text(), "Your decision") {
		t.Error("a decision can be begun on what may no longer be true")
	}
	b.shot("lost")

	booth.show(stopped()) // missed while the line was cut
	line.set(false)
	b.reads("Do not let pass")
	b.until(func() bool { return !strings.Contains(b.text(), "Connection to the booth lost") }, "banner to go")

	booth.stop() // a new daemon would not know the session
	b.reads("Connection to the booth lost")
}

func TestOfficerWorksByMouseToo(t *testing.T) {
	b := openBrowser(t)
	booth := serve(t)
	b.signIn(booth.URL, token)
	b.reads("Ready for the next traveller")
	click := func(label string) {
		t.Helper()
		b.do(chromedp.Click(`//button[contains(., "` + label + `")]`))
	}
	click("New check")
	b.until(func() bool { return booth.last() == "start officer-7" }, "check to start")
	booth.show(decided(capture.OutcomeClear))
	b.reads("Nothing speaks against entry")
	click("Stop")
	b.reads("“Stop” departs from the recommended “Clear”. Why?")
	click("Refer")
	b.reads("“Refer” departs from the recommended “Clear”. Why?")
	b.press("nervous")
	click("Confirm")
	b.until(func() bool { return booth.last() == `dispose C1 refer "nervous" by officer-7` }, "disposition")
}
