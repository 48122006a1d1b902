// Package line stands for the network between a booth and central: a listener whose
// connections can be cut and restored while the server behind it keeps running.
//
// A line fails in two ways, and a booth must cope with both. Cut, as when a cable is
// pulled near the booth: connections break at once and new ones are turned away. Silent,
// as when a router far away drops everything: connections stay open, new ones seem to
// succeed, and nothing ever comes.
package line

import (
	"net"
	"sync"
)

// State is how a line is.
type State string

// The states of a line.
const (
	Up     State = "up"
	Cut    State = "cut"
	Silent State = "silent"
)

// Line is a listener with a state. The zero value is not usable; New makes one.
type Line struct {
	net.Listener

	mu      sync.Mutex
	state   State
	changed chan struct{} // closed when state changes
	conns   map[*conn]bool
	closed  chan struct{}
	close   sync.Once
}

// New makes a line, up, in front of l.
func New(l net.Listener) *Line {
	return &Line{
		Listener: l,
		state:    Up,
		changed:  make(chan struct{}),
		conns:    make(map[*conn]bool),
		closed:   make(chan struct{}),
	}
}

// State tells how the line is.
func (l *Line) State() State {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state
}

// Set changes the line. Cut breaks the connections there are; what was held back on a
// silent line goes on when it is up again.
func (l *Line) Set(s State) {
	l.mu.Lock()
	if s != l.state {
		l.state = s
		close(l.changed)
		l.changed = make(chan struct{})
	}
	var broken []*conn
	if s == Cut {
		for c := range l.conns {
			broken = append(broken, c)
		}
	}
	l.mu.Unlock()
	for _, c := range broken {
		c.reset()
	}
}

// Accept returns the next connection that comes while the line is up. On a silent line
// connections wait; on a cut one they are turned away.
func (l *Line) Accept() (net.Conn, error) {
	for {
		inner, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := &conn{Conn: inner, line: l, closed: make(chan struct{})}
		l.mu.Lock()
		l.conns[c] = true
		state := l.state
		l.mu.Unlock()
		if state != Cut {
			return c, nil // its first Read waits if the line is silent
		}
		c.reset()
	}
}

// Close ends the listener.
func (l *Line) Close() error {
	l.close.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// pass waits while the line is silent, the connection is open and the listener too.
func (l *Line) pass(c *conn) {
	for {
		l.mu.Lock()
		state, changed := l.state, l.changed
		l.mu.Unlock()
		if state != Silent {
			return
		}
		select {
		case <-changed:
		case <-c.closed:
			return
		case <-l.closed:
			return
		}
	}
}

type conn struct {
	net.Conn
	line   *Line
	once   sync.Once
	closed chan struct{}
}

func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.line.pass(c)
	return n, err
}

func (c *conn) Write(b []byte) (int, error) {
	c.line.pass(c)
	return c.Conn.Write(b)
}

func (c *conn) Close() error {
	c.once.Do(func() {
		close(c.closed)
		c.line.mu.Lock()
		delete(c.line.conns, c)
		c.line.mu.Unlock()
	})
	return c.Conn.Close()
}

// reset breaks the connection so that the other side sees it at once.
func (c *conn) reset() {
	if t, ok := c.Conn.(*net.TCPConn); ok {
		t.SetLinger(0)
	}
	c.Close()
}
