package v4l2

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"boothd/devices"
)

const driverName = "v4l2"

// Driver returns the driver's row of the table. The devices that a [Bus] lists ask for it.
func Driver() devices.Driver {
	return devices.Driver{Name: driverName, Kind: devices.KindCamera, Open: open}
}

// Camera is an opened camera.
type Camera struct {
	info   devices.Info
	node   Node
	mode   Mode
	inputs []string

	life   context.Context // ends at Close
	end    context.CancelFunc
	work   sync.WaitGroup
	wanted chan struct{} // holds a token when somebody began to wait
	gone   chan struct{} // closed with failure set

	mu      sync.Mutex
	input   int  // wanted
	turned  bool // the input was changed and not yet selected
	failure error
	waiting int            // calls under way
	last    time.Time      // when the last of them ended
	latest  *devices.Frame // while calls wait
	next    chan struct{}  // closed when latest or failure changes
	counts  Counts
}

// Counts tell what became of the pictures of a camera since it was opened.
type Counts struct {
	Taken    int // came whole
	Bad      int // came damaged, and were dropped
	Missed   int // were lost before they came, by the device's own numbers
	Restarts int // of streaming, because nothing came any more
}

var (
	_ devices.Camera       = (*Camera)(nil)
	_ devices.Previewer    = (*Camera)(nil)
	_ devices.GoneNotifier = (*Camera)(nil)
)

func open(ctx context.Context, p devices.Port) (devices.Device, error) {
	c, err := Open(ctx, p)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Open opens the camera at a port of this transport, for this package's driver and for
// others that use a camera.
func Open(ctx context.Context, p devices.Port) (*Camera, error) {
	at, ok := p.(Port)
	if !ok {
		return nil, fmt.Errorf("open %s: not a video device", p.Address())
	}
	n, err := at.Open(ctx)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", p.Address(), err)
	}
	c := &Camera{
		node: n, wanted: make(chan struct{}, 1), gone: make(chan struct{}), next: make(chan struct{}),
		info: devices.Info{Driver: driverName, Kind: devices.KindCamera, Address: p.Address()},
	}
	if err := c.prepare(at.Settings()); err != nil {
		n.Close()
		return nil, fmt.Errorf("open %s: %w", p.Address(), err)
	}
	c.life, c.end = context.WithCancel(context.Background())
	c.work.Go(c.run)
	return c, nil
}

func (c *Camera) prepare(s Settings) error {
	inputs, err := c.node.Inputs()
	if err != nil {
		return err
	}
	c.inputs = inputs
	if s.Input != "" {
		if c.input, err = input(inputs, s.Input); err != nil {
			return err
		}
	}
	if len(inputs) > 1 {
		if err := c.node.Select(c.input); err != nil {
			return err
		}
	}
	modes, err := c.node.Modes()
	if err != nil {
		return err
	}
	width, height := s.Width, s.Height
	if width == 0 || height == 0 {
		width, height = defaultWidth, defaultHeight
	}
	mode, err := choose(modes, width, height)
	if err != nil {
		return err
	}
	if c.mode, err = c.node.Prepare(mode); err != nil {
		return err
	}
	if c.mode.Encoding != mode.Encoding {
		return fmt.Errorf("the camera was asked for %v and sends %v", mode, c.mode)
	}
	c.info.Model = fmt.Sprintf("%s, %v", c.node.Card(), c.mode)
	return s.apply(c.node)
}

// Info describes the camera; its model is the device's name for itself with the mode it is in.
func (c *Camera) Info() devices.Info { return c.info }

// Mode is the way in which the camera sends its pictures.
func (c *Camera) Mode() Mode { return c.mode }

// Inputs are the device's names of what it can take pictures of, at least one where it has
// names for them.
func (c *Camera) Inputs() []string { return c.inputs }

// Counts tell what became of the camera's pictures.
func (c *Camera) Counts() Counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts
}

// Gone is closed when the camera has failed or was unplugged.
func (c *Camera) Gone() <-chan struct{} { return c.gone }

// Close ends the stream and the call under way.
func (c *Camera) Close() error {
	c.end()
	c.work.Wait()
	return c.node.Close()
}

// Frame implements devices.Camera. The picture was taken after the call.
func (c *Camera) Frame(ctx context.Context) (*devices.Frame, error) { return c.after(ctx, time.Now()) }

// Preview implements devices.Previewer.
func (c *Camera) Preview(ctx context.Context) (*devices.Frame, error) { return c.Frame(ctx) }

// Select changes the input, one of Inputs; pictures of Frame are of the new one.
func (c *Camera) Select(i int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i < 0 || i >= max(len(c.inputs), 1) {
		return fmt.Errorf("select input %d of %s: it has %d", i, c.info.Address, len(c.inputs))
	}
	if i != c.input {
		c.input, c.turned, c.latest = i, true, nil
	}
	return nil
}

// after waits for a picture that was taken at the time or later.
func (c *Camera) after(ctx context.Context, from time.Time) (*devices.Frame, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.waiting++
	c.mu.Unlock()
	defer c.leave()
	select {
	case c.wanted <- struct{}{}:
	default:
	}
	for {
		f, next, err := c.taken(from)
		switch {
		case c.life.Err() != nil:
			return nil, fmt.Errorf("picture of %s: %w", c.info.Address, os.ErrClosed)
		case f != nil:
			return f, nil
		case err != nil:
			return nil, fmt.Errorf("picture of %s: %w", c.info.Address, err)
		}
		select {
		case <-next:
		case <-c.life.Done():
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (c *Camera) taken(from time.Time) (*devices.Frame, <-chan struct{}, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.latest != nil && !c.latest.At.Before(from) && !c.turned {
		return c.latest, nil, nil
	}
	return nil, c.next, c.failure
}

// leave ends a call. No picture is kept that nobody waits for.
func (c *Camera) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = time.Now()
	if c.waiting--; c.waiting == 0 {
		c.latest = nil
	}
}

// publish changes what calls wait for.
func (c *Camera) publish(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
	close(c.next)
	c.next = make(chan struct{})
}

// lost reports whether the error says that the device was unplugged.
func lost(err error) bool { return errors.Is(err, devices.ErrGone) }

// goneOnly returns err if it says so, else nil.
func goneOnly(err error) error {
	if lost(err) {
		return err
	}
	return nil
}
