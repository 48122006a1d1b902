package line

import (
	"bufio"
	"io"
	"net"
	"testing"
	"time"
)

// echo starts a server behind a line that returns each line of text.
func echo(t *testing.T) *Line {
	t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := New(inner)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				io.Copy(c, c)
			}()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l
}

func dial(t *testing.T, l *Line) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(20 * time.Second))
	return c, bufio.NewReader(c)
}

func say(c net.Conn, r *bufio.Reader, text string) error {
	if _, err := io.WriteString(c, text+"\n"); err != nil {
		return err
	}
	_, err := r.ReadString('\n')
	return err
}

func TestCutBreaksWhatThereIsAndTurnsAwayWhatComes(t *testing.T) {
	l := echo(t)
	c, r := dial(t, l)
	if err := say(c, r, "hello"); err != nil {
		t.Fatal(err)
	}
	l.Set(Cut)
	if _, err := r.ReadByte(); err == nil {
		t.Error("an old connection lives on a cut line")
	}
	if c, err := net.Dial("tcp", l.Addr().String()); err == nil { // or it is turned away already
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Error("a new connection lives on a cut line")
		}
		c.Close()
	}
	l.Set(Up)
	c, r = dial(t, l)
	if err := say(c, r, "hello"); err != nil {
		t.Errorf("restored line: %v", err)
	}
}

func TestSilentHoldsEverythingBackUntilTheLineIsUp(t *testing.T) {
	l := echo(t)
	old, oldReader := dial(t, l)
	if err := say(old, oldReader, "hello"); err != nil {
		t.Fatal(err)
	}
	l.Set(Silent)
	fresh, freshReader := dial(t, l)
	for name, c := range map[string]net.Conn{"old": old, "new": fresh} {
		if _, err := io.WriteString(c, name+"\n"); err != nil {
			t.Fatal(err)
		}
		c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Errorf("%s connection speaks on a silent line", name)
		}
		c.SetReadDeadline(time.Now().Add(20 * time.Second))
	}
	l.Set(Up)
	for name, r := range map[string]*bufio.Reader{"old": oldReader, "new": freshReader} {
		if got, err := r.ReadString('\n'); err != nil || got != name+"\n" {
			t.Errorf("%s connection after the silence: %q, %v", name, got, err)
		}
	}
}

func TestSilentLineEndsWithItsListener(t *testing.T) {
	l := echo(t)
	l.Set(Silent)
	c, _ := dial(t, l)
	if _, err := io.WriteString(c, "x"); err != nil {
		t.Fatal(err)
	}
	if l.State() != Silent {
		t.Errorf("state = %s", l.State())
	}
	l.Close() // the clean-up waits for the server's end
}
