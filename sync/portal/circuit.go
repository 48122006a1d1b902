package portal

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"time"
)

// ErrUnreachable is matched by the error of a Look that was answered at once because the
// portal could not be reached a moment ago.
var ErrUnreachable = errors.New("portal not reachable")

// Status tells whether the portal can be reached.
type Status struct {
	Up     bool      // true also before the first attempt
	Since  time.Time // of the last change; zero before the first attempt
	Reason string    // in plain words if it is down
}

// circuit remembers whether the portal could be reached. While it could not, callers are
// spared the wait: somebody who watches the portal finds out when it is back, or, if
// nobody does, one caller in every retryAfter is let through to try.
type circuit struct {
	retryAfter time.Duration
	now        func() time.Time

	mu      sync.Mutex
	watched bool
	down    bool
	unwell  bool // the portal said itself that it cannot answer
	since   time.Time
	reason  string
	next    time.Time // when the next caller may try
}

// allow reports whether the caller may ask the portal.
func (c *circuit) allow() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.down {
		return true
	}
	now := c.now()
	if c.watched || now.Before(c.next) {
		return false
	}
	c.next = now.Add(c.retryAfter)
	return true
}

// watch says whether somebody watches the portal.
func (c *circuit) watch(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.watched = on
}

// reached notes that the portal was reached. One that said to its watcher that it cannot
// answer is down until it tells the watcher otherwise.
func (c *circuit) reached() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.unwell && c.watched {
		return
	}
	c.up()
}

// refused notes that the portal said that it cannot answer.
func (c *circuit) refused(reason string) {
	c.failed(reason)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unwell = true
}

// well notes that the portal said that it can answer.
func (c *circuit) well() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.up()
}

// up takes the portal for reachable. The mutex is held.
func (c *circuit) up() {
	c.unwell = false
	if c.down || c.since.IsZero() {
		c.since = c.now()
	}
	c.down, c.reason = false, ""
}

func (c *circuit) failed(reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.down {
		c.since = c.now()
		c.next = c.since.Add(c.retryAfter)
	}
	c.down, c.reason = true, reason
}

func (c *circuit) status() Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Status{Up: !c.down, Since: c.since, Reason: c.reason}
}

// reasonOf says in an officer's words why the portal gave no answer.
func reasonOf(err error) string {
	var (
		proof  *tls.CertificateVerificationError
		remote *net.OpError
		dns    *net.DNSError
		slow   net.Error
		status *StatusError
	)
	switch {
	case errors.As(err, &proof):
		return "the central search could not prove who it is"
	case errors.As(err, &remote) && remote.Op == "remote error": // a TLS alert, crypto/tls
		return "the central search turned this booth away"
	case errors.As(err, &dns):
		return "the network does not know the address of the central search"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &slow) && slow.Timeout():
		return "the central search does not respond"
	case errors.As(err, &status) && status.Code >= 500:
		return "the central search reports a fault of its own"
	case errors.As(err, &status), errors.Is(err, ErrRefused), errors.Is(err, ErrTooLarge):
		return "the booth and the central search do not understand each other"
	case errors.Is(err, ErrCutOff):
		return "the connection to the central search was lost"
	}
	return "no connection to the central search"
}
