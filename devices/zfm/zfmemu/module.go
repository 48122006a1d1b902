package zfmemu

import (
	"encoding/binary"
	"errors"
	"image"
	"sync"

	"boothd/devices/serial/ptyline"
)

// The registers of SetSysPara.
const (
	registerBaud     = 4
	registerSecurity = 5
	registerPacket   = 6
)

// Model is a kind of module.
type Model struct {
	Size   image.Point // of its pictures, in pixels
	DPI    int
	System uint16 // its system identifier
	Ring   bool   // has a ring of light and tells what it is, as an R503 does
	Lamp   bool   // lets its lamp be switched
	Mute   bool   // refuses to hand pictures out
	Shy    bool   // does not even say so
}

// The models.
var (
	ZFM20  = Model{Size: image.Pt(256, 288), DPI: 500, System: 9}
	R307   = Model{Size: image.Pt(256, 288), DPI: 500, System: 9, Lamp: true}
	R503   = Model{Size: image.Pt(192, 192), DPI: 508, Ring: true}
	Clone  = Model{Size: image.Pt(256, 288), DPI: 500, System: 9, Mute: true}
	Closed = Model{Size: image.Pt(256, 288), DPI: 500, System: 9, Shy: true}
	Tiny   = Model{Size: image.Pt(80, 208), DPI: 508, System: 9}
)

// Options are what somebody has done to a module. The zero Options are a new one.
type Options struct {
	Baud     int    // 0: 57600
	Packet   int    // bytes of a data packet: 32, 64, 128 or 256; 0: 128
	Address  uint32 // used if Readdressed
	Password uint32
	// Readdressed says that Address is the module's; otherwise it is FFFFFFFF.
	Readdressed bool
	// StaysSlow makes the module acknowledge a change of speed and take no notice.
	StaysSlow bool
	// Frozen makes the module refuse to write its flash.
	Frozen bool
	// Greets makes the module say 55 when it is plugged in.
	Greets bool
	// Pace keeps the module to its speed.
	Pace bool
}

// Module is one emulated module. Its methods may be called by several goroutines.
type Module struct {
	model   Model
	options Options
	address uint32
	line    *ptyline.Line
	wire    wire

	arrived []byte // used by the line's reader only

	mu         sync.Mutex
	finger     *image.Gray
	lifted     bool // the glass was empty and no look has seen it yet
	verified   bool
	buffer     *image.Gray
	parameters map[byte]byte
	writes     int
	forbidden  int
	uploads    int
	lit        bool
	faults     map[Fault]int
}

// New plugs a module in at a link, as ptyline.New does.
func New(link string, model Model, o Options) (*Module, error) {
	if o.Baud == 0 {
		o.Baud = 57600
	}
	if o.Packet == 0 {
		o.Packet = 128
	}
	if !o.Readdressed {
		o.Address = 0xffffffff
	}
	size := byte(0)
	for 32<<size < o.Packet {
		size++
	}
	m := &Module{
		model: model, options: o, address: o.Address, faults: make(map[Fault]int),
		parameters: map[byte]byte{registerBaud: byte(o.Baud / 9600), registerSecurity: 3, registerPacket: size},
	}
	line, err := ptyline.New(link, m.receive)
	if err != nil {
		return nil, err
	}
	m.line = line
	m.wire.mu.Lock()
	m.wire.line, m.wire.baud, m.wire.pace, m.wire.cut = line, o.Baud, o.Pace, make(chan struct{})
	m.wire.mu.Unlock()
	return m, m.greet()
}

func (m *Module) greet() error {
	if !m.options.Greets {
		return nil
	}
	return m.line.Send([]byte{0x55})
}

// Path returns the link, to be configured as the serial line's path.
func (m *Module) Path() string { return m.line.Path() }

// Lay lays a finger on the glass.
func (m *Module) Lay(finger *image.Gray) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.finger = finger
}

// Lift takes the finger away.
func (m *Module) Lift() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lifted = m.lifted || m.finger != nil
	m.finger = nil
}

// Seen returns what the module makes of a finger: the part that its sensor covers, in 16 levels
// of grey from 0 to 255.
func (m *Module) Seen(finger *image.Gray) *image.Gray {
	img := image.NewGray(image.Rectangle{Max: m.model.Size})
	for y := range m.model.Size.Y {
		for x := range m.model.Size.X {
			level := byte(15)
			if image.Pt(x, y).In(finger.Rect) {
				level = finger.GrayAt(x, y).Y >> 4
			}
			img.Pix[img.PixOffset(x, y)] = level * 17
		}
	}
	return img
}

// Writes returns how often the module's flash was written.
func (m *Module) Writes() int { return m.count(&m.writes) }

// Forbidden returns how often the module was asked for what would change or use the templates
// enrolled in it.
func (m *Module) Forbidden() int { return m.count(&m.forbidden) }

// Uploads returns how often a picture was sent.
func (m *Module) Uploads() int { return m.count(&m.uploads) }

func (m *Module) count(n *int) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return *n
}

// Lit reports whether the module's lamp or ring was told to burn.
func (m *Module) Lit() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.lit
}

// Baud returns the module's speed.
func (m *Module) Baud() int {
	m.wire.mu.Lock()
	defer m.wire.mu.Unlock()
	return m.wire.baud
}

// Send sends bytes as they are.
func (m *Module) Send(data []byte) error { return m.line.Send(data) }

// Unplug hangs the line up. The module loses its power and what is in it but its settings.
func (m *Module) Unplug() error {
	m.wire.mu.Lock()
	select {
	case <-m.wire.cut:
	default:
		close(m.wire.cut)
	}
	m.wire.mu.Unlock()
	return m.line.Unplug()
}

// Replug plugs the module in again.
func (m *Module) Replug() error {
	m.mu.Lock()
	m.buffer, m.verified, m.arrived = nil, false, nil
	m.mu.Unlock()
	m.wire.mu.Lock()
	m.wire.cut = make(chan struct{})
	m.wire.mu.Unlock()
	return errors.Join(m.line.Replug(), m.greet())
}

// Close unplugs the module for good.
func (m *Module) Close() error { return m.Unplug() }

// receive takes what the host sends. What comes at another speed than the module's is nothing.
func (m *Module) receive(data []byte) {
	if !m.wire.matches() {
		m.arrived = nil
		return
	}
	m.arrived = append(m.arrived, data...)
	for {
		address, content, rest, ok := takeCommand(m.arrived)
		m.arrived = rest
		switch {
		case !ok:
			return
		case address != m.address:
		case content == nil:
			m.answer(0x01)
		default:
			m.obey(content[0], content[1:])
		}
	}
}

func (m *Module) parameter(register byte) byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.parameters[register]
}

// describe returns the answer to ReadSysPara.
func (m *Module) describe() []byte {
	b := binary.BigEndian.AppendUint16(nil, 0)
	for _, v := range []uint16{m.model.System, 1000, 3, uint16(m.address >> 16), uint16(m.address),
		uint16(m.parameter(registerPacket)), uint16(m.parameter(registerBaud))} {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return b
}
