// Package v4l2emu emulates a camera as the kernel shows it: a node with encodings, sizes,
// controls and inputs, which sends pictures while it streams.
//
// What the kernel's own interface looks like in bytes is not emulated; the tests that boot a
// kernel drive its virtual cameras.
package v4l2emu

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"time"

	"boothd/devices"
	"boothd/devices/v4l2"
)

// Options say what the camera is. The zero value is a camera of 640 by 480 in Motion JPEG.
type Options struct {
	Modes    []v4l2.Mode
	Inputs   []string
	Controls map[uint32]v4l2.Range
	Settings v4l2.Settings
	Rate     int // pictures per second; 0 means 50
}

// Camera is an emulated camera. Its methods may be called by several goroutines.
type Camera struct {
	options Options

	mu        sync.Mutex
	changed   chan struct{} // closed and replaced when anything below changes
	pictures  map[int][]byte
	plugged   int // how often it was plugged; odd: it is
	holder    *node
	stalled   bool
	suspended bool
	spoilt    [][]byte // sent next
	damaged   bool     // the next is said to be
	values    map[uint32]int32
	streaming bool
	starts    int
	sequence  uint32
}

// New plugs a camera in.
func New(o Options) *Camera {
	if len(o.Modes) == 0 {
		o.Modes = []v4l2.Mode{{Encoding: v4l2.MJPEG, Width: 640, Height: 480, Rate: 30}}
	}
	if o.Rate == 0 {
		o.Rate = 50
	}
	return &Camera{options: o, changed: make(chan struct{}), pictures: map[int][]byte{}, values: map[uint32]int32{}, plugged: 1}
}

func (c *Camera) change(do func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	do()
	close(c.changed)
	c.changed = make(chan struct{})
}

// Show changes what an input sees, to the bytes that are sent of it.
func (c *Camera) Show(input int, data []byte) {
	c.change(func() { c.pictures[input] = bytes.Clone(data) })
}

// Stall stops the pictures, or lets them go on.
func (c *Camera) Stall(on bool) { c.change(func() { c.stalled = on }) }

// Suspend ends streaming, as a suspended machine does: nothing comes until it is started anew.
func (c *Camera) Suspend() { c.change(func() { c.suspended = true }) }

// Garble sends one picture whose bytes make no sense, Shorten one that lacks its second half,
// Damage one that the camera says is damaged, and Swell one of more than 8 MiB.
func (c *Camera) Garble() { c.spoil(bytes.Repeat([]byte{0x5a, 0xa5, 3}, 2000)) }

// Shorten is described at Garble.
func (c *Camera) Shorten() {
	c.mu.Lock()
	whole := c.pictures[0]
	c.mu.Unlock()
	c.spoil(whole[:len(whole)/2])
}

// Damage is described at Garble.
func (c *Camera) Damage() { c.change(func() { c.damaged = true }) }

// Swell is described at Garble.
func (c *Camera) Swell() { c.spoil(make([]byte, 9<<20)) }

func (c *Camera) spoil(data []byte) { c.change(func() { c.spoilt = append(c.spoilt, data) }) }

// Unplug takes the camera from its port; Replug puts it back.
func (c *Camera) Unplug() {
	c.change(func() {
		if c.plugged%2 == 1 {
			c.plugged++
		}
	})
}

// Replug is described at Unplug.
func (c *Camera) Replug() {
	c.change(func() {
		if c.plugged%2 == 0 {
			c.plugged++
			c.holder, c.streaming, c.suspended = nil, false, false
		}
	})
}

// Value returns what a control is set to, if it was set.
func (c *Camera) Value(id uint32) (int32, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, ok := c.values[id]
	return v, ok
}

// Streaming reports whether pictures come, and how often streaming was started.
func (c *Camera) Streaming() (on bool, starts int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.streaming, c.starts
}

// Port returns the port at which the camera is.
func (c *Camera) Port() devices.Port { return port{c} }

// Scan implements devices.Bus.
func (c *Camera) Scan(ctx context.Context) ([]devices.Port, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.plugged%2 == 0 {
		return nil, ctx.Err()
	}
	return []devices.Port{c.Port()}, ctx.Err()
}

type port struct{ camera *Camera }

var _ v4l2.Port = port{}

func (p port) Address() string         { return "v4l2:/dev/video0" }
func (p port) ID() devices.ID          { return devices.ID{Vendor: 0x046d, Product: 0x0825} }
func (p port) Settings() v4l2.Settings { return p.camera.options.Settings }

func (p port) Driver() string {
	if d := p.camera.options.Settings.Driver; d != "" {
		return d
	}
	return "v4l2"
}

func (p port) Open(context.Context) (v4l2.Node, error) {
	p.camera.mu.Lock()
	defer p.camera.mu.Unlock()
	if p.camera.plugged%2 == 0 {
		return nil, devices.ErrGone
	}
	return &node{camera: p.camera, plugged: p.camera.plugged}, nil
}

// node is one open of the camera.
type node struct {
	camera  *Camera
	plugged int // the plugging it belongs to
	input   int
}

// do runs a request on the camera, unless it was unplugged.
func (n *node) do(request func(c *Camera) error) error {
	var err error
	n.camera.change(func() {
		if err = n.gone(); err == nil {
			err = request(n.camera)
		}
	})
	return err
}

func (n *node) gone() error {
	if n.camera.plugged != n.plugged {
		return devices.ErrGone
	}
	return nil
}

func (n *node) Card() string { return "Emulated Camera" }

func (n *node) Inputs() ([]string, error) { return n.camera.options.Inputs, nil }

func (n *node) Select(input int) error {
	return n.do(func(*Camera) error { n.input = input; return nil })
}

func (n *node) Modes() ([]v4l2.Mode, error) { return n.camera.options.Modes, nil }

func (n *node) Prepare(m v4l2.Mode) (v4l2.Mode, error) {
	return m, n.do(func(c *Camera) error {
		if c.holder != nil && c.holder != n {
			return devices.ErrBusy
		}
		c.holder = n
		return nil
	})
}

func (n *node) Control(id uint32) (v4l2.Range, error) {
	r, ok := n.camera.options.Controls[id]
	if !ok {
		return v4l2.Range{}, v4l2.ErrNoControl
	}
	return r, nil
}

func (n *node) SetControl(id uint32, value int32) error {
	r, ok := n.camera.options.Controls[id]
	if !ok || value < r.Least || value > r.Most {
		return fmt.Errorf("control %08x: not %d", id, value)
	}
	return n.do(func(c *Camera) error { c.values[id] = value; return nil })
}

func (n *node) Start() error {
	return n.do(func(c *Camera) error {
		c.streaming, c.suspended = true, false
		c.starts++
		return nil
	})
}

func (n *node) Stop() error {
	return n.do(func(c *Camera) error { c.streaming = false; return nil })
}

func (n *node) Next(ctx context.Context, take func(v4l2.Picture)) error {
	due := time.NewTimer(time.Second / time.Duration(n.camera.options.Rate))
	defer due.Stop()
	ready := false
	for {
		p, changed, err := n.look(ready)
		if err != nil {
			return err
		}
		if p != nil {
			take(*p)
			return nil
		}
		select {
		case <-due.C:
			ready = true
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// look takes what there is to send; a whole picture only if it is due.
func (n *node) look(due bool) (*v4l2.Picture, <-chan struct{}, error) {
	c := n.camera
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := n.gone(); err != nil {
		return nil, nil, err
	}
	p := &v4l2.Picture{Data: c.pictures[n.input], At: time.Now()}
	switch {
	case c.suspended:
		return nil, c.changed, nil
	case len(c.spoilt) > 0:
		p.Data, c.spoilt = c.spoilt[0], c.spoilt[1:]
	case c.damaged:
		p.Damaged, c.damaged = true, false
	case !due || c.stalled:
		return nil, c.changed, nil
	}
	p.Sequence = c.sequence
	c.sequence++
	return p, nil, nil
}

func (n *node) Close() error {
	n.camera.change(func() {
		if n.camera.holder == n {
			n.camera.holder, n.camera.streaming = nil, false
		}
	})
	return nil
}
