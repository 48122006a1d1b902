package v4l2

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	linger     = 5 * time.Second  // that a camera sends pictures after the last was asked for
	stallLimit = 2 * time.Second  // without a picture, after which streaming is started again
	giveUp     = 10 * time.Second // without a picture, after which the camera has failed
)

// maxBad is how many pictures in a row may be damaged.
const maxBad = 30

var (
	errStalled = errors.New("no picture comes")
	errTurned  = errors.New("another input was selected")
)

// run sends pictures whenever somebody wants them, until the camera fails or is closed.
func (c *Camera) run() {
	for {
		select {
		case <-c.wanted:
		case <-c.life.Done():
			return
		}
		if c.unwanted() {
			continue // the token of a call that was served long ago
		}
		if err := c.stream(); err != nil {
			c.fail(err)
			return
		}
	}
}

func (c *Camera) fail(err error) {
	if c.life.Err() != nil {
		return
	}
	c.publish(func() { c.failure, c.latest = err, nil })
	close(c.gone)
}

// stream keeps pictures coming until nobody has wanted one for a while. It starts again when
// they stop.
func (c *Camera) stream() error {
	good := time.Now() // when the last picture came, or the wait for the first began
	for {
		err := c.session(&good)
		switch {
		case err == nil || c.life.Err() != nil:
			return nil
		case lost(err):
			return err
		case errors.Is(err, errTurned):
			good = time.Now()
			continue
		case time.Since(good) >= giveUp:
			return fmt.Errorf("%d s without a picture: %w", giveUp/time.Second, err)
		}
		c.mu.Lock()
		c.counts.Restarts++
		c.mu.Unlock()
		if !c.pause(stallLimit / 10) {
			return nil
		}
	}
}

// pause waits before streaming is tried again, and reports whether the camera is still open.
func (c *Camera) pause(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-c.life.Done():
		return false
	}
}

// session streams once, from start to stop.
func (c *Camera) session(good *time.Time) error {
	if err := c.turn(); err != nil {
		return err
	}
	if err := c.node.Start(); err != nil {
		return fmt.Errorf("start: %w", err)
	}
	err := c.receive(good)
	if e := c.node.Stop(); e != nil && (err == nil || lost(e)) {
		err = fmt.Errorf("stop: %w", e)
	}
	return err
}

// turn selects the input that is wanted.
func (c *Camera) turn() error {
	c.mu.Lock()
	input, turned := c.input, c.turned
	c.mu.Unlock()
	if !turned {
		return nil
	}
	if err := c.node.Select(input); err != nil {
		return fmt.Errorf("select input %d: %w", input, err)
	}
	if _, err := c.node.Prepare(c.mode); err != nil { // an input has its own
		return fmt.Errorf("select input %d: %w", input, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turned, c.latest = c.input != input, nil
	return nil
}

// receive takes picture after picture.
func (c *Camera) receive(good *time.Time) error {
	var last uint32
	first, bad := true, 0
	for {
		if c.unwanted() {
			return nil
		}
		var failed error
		ctx, cancel := context.WithTimeout(c.life, stallLimit)
		err := c.node.Next(ctx, func(p Picture) {
			if missed := p.Sequence - last - 1; !first && missed < 1<<16 {
				c.miss(int(missed))
			}
			first, last = false, p.Sequence
			failed = c.take(p)
		})
		cancel()
		switch {
		case c.life.Err() != nil:
			return nil
		case errors.Is(err, context.DeadlineExceeded):
			return errStalled
		case err != nil:
			return err
		case failed == nil:
			*good, bad = time.Now(), 0
		default:
			if bad++; bad == maxBad {
				return fmt.Errorf("%d pictures in a row are bad, the last because %w", bad, failed)
			}
		}
		if c.isTurned() {
			return errTurned
		}
	}
}

// unwanted reports whether nobody has wanted a picture for a while.
func (c *Camera) unwanted() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.waiting == 0 && time.Since(c.last) > linger
}

func (c *Camera) isTurned() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.turned
}

func (c *Camera) miss(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts.Missed += n
}

// take keeps a picture that somebody waits for.
func (c *Camera) take(p Picture) error {
	c.mu.Lock()
	waiting := c.waiting > 0
	c.mu.Unlock()
	if !waiting && !p.Damaged {
		return nil
	}
	f, err := frame(c.mode, p)
	c.publish(func() {
		switch {
		case err != nil:
			c.counts.Bad++
		default:
			c.counts.Taken++
			if c.waiting > 0 && !c.turned {
				c.latest = f
			}
		}
	})
	return err
}
