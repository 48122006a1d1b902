package zfmemu

import (
	"encoding/binary"
	"image"
)

// The codes of acknowledgements.
const (
	done             = 0x00
	packetError      = 0x01
	noFinger         = 0x02
	cannotSendImage  = 0x0f
	wrongPassword    = 0x13
	noPicture        = 0x15
	flashError       = 0x18
	badRegister      = 0x1a
	passwordRequired = 0x21
)

// obey does what a command asks for and answers.
func (m *Module) obey(instruction byte, parameters []byte) {
	if instruction == 0x13 {
		m.verify(parameters)
		return
	}
	m.mu.Lock()
	verified := m.verified
	m.mu.Unlock()
	if !verified {
		m.answer(passwordRequired)
		return
	}
	switch instruction {
	case 0x01, 0x52:
		m.look(instruction)
	case 0x0a:
		m.upload()
	case 0x0e:
		m.set(parameters)
	case 0x0f:
		m.answer(done, m.describe()...)
	case 0x35, 0x3c, 0x50, 0x51:
		m.extra(instruction, parameters)
	case 0x05, 0x06, 0x07, 0x09, 0x0c, 0x0d, 0x12, 0x15, 0x18:
		m.mu.Lock()
		m.forbidden++
		m.mu.Unlock()
		m.answer(done)
	default:
		m.answer(packetError)
	}
}

func (m *Module) verify(password []byte) {
	if len(password) != 4 || binary.BigEndian.Uint32(password) != m.options.Password {
		m.answer(wrongPassword)
		return
	}
	m.mu.Lock()
	m.verified = true
	m.mu.Unlock()
	m.answer(done)
}

// look takes a picture of what lies on the glass.
func (m *Module) look(instruction byte) {
	if instruction == 0x52 && !m.model.Lamp {
		m.answer(packetError)
		return
	}
	if m.strikes(LostPower) {
		m.mu.Lock()
		m.verified = false
		m.mu.Unlock()
		m.answer(passwordRequired)
		return
	}
	m.mu.Lock()
	finger := m.finger
	if m.lifted {
		finger, m.lifted = nil, false
	}
	m.mu.Unlock()
	if finger == nil {
		m.answer(noFinger)
		return
	}
	for fault, code := range map[Fault]byte{PictureFailed: 0x03, Disorderly: 0x06, TooFew: 0x07, Unknown: 0x77} {
		if m.strikes(fault) {
			m.answer(code)
			return
		}
	}
	seen := m.Seen(finger)
	m.mu.Lock()
	m.buffer = seen
	m.mu.Unlock()
	m.answer(done)
}

func (m *Module) upload() {
	m.mu.Lock()
	picture := m.buffer
	m.uploads++
	m.mu.Unlock()
	switch {
	case m.model.Shy:
	case m.model.Mute:
		m.answer(cannotSendImage)
	case picture == nil:
		m.answer(noPicture)
	default:
		m.answer(done)
		m.sendPicture(pack(picture))
	}
}

// pack puts two pixels into a byte, the left one into its high half.
func pack(img *image.Gray) []byte {
	packed := make([]byte, len(img.Pix)/2)
	for i := range packed {
		packed[i] = img.Pix[2*i]&0xf0 | img.Pix[2*i+1]>>4
	}
	return packed
}

// set writes a register. A change of speed is acknowledged at the old one.
func (m *Module) set(parameters []byte) {
	if len(parameters) != 2 || parameters[0] < registerBaud || parameters[0] > registerPacket {
		m.answer(badRegister)
		return
	}
	if m.options.Frozen {
		m.answer(flashError)
		return
	}
	register, value := parameters[0], parameters[1]
	m.mu.Lock()
	m.parameters[register] = value
	m.writes++
	m.mu.Unlock()
	m.answer(done)
	if register == registerBaud && !m.options.StaysSlow {
		m.wire.setBaud(int(value) * 9600)
	}
}

// extra is what only some modules can.
func (m *Module) extra(instruction byte, parameters []byte) {
	switch {
	case instruction == 0x3c && m.model.Ring:
		info := make([]byte, 46)
		copy(info, "R503")
		copy(info[20:], "EMU00001")
		info[28], info[29] = 1, 4
		m.answer(done, info...)
	case instruction == 0x35 && m.model.Ring && len(parameters) == 4:
		m.light(parameters[0] != 4 && parameters[3] == 0)
	case (instruction == 0x50 || instruction == 0x51) && m.model.Lamp:
		m.light(instruction == 0x50)
	default:
		m.answer(packetError)
	}
}

func (m *Module) light(on bool) {
	m.mu.Lock()
	m.lit = on
	m.mu.Unlock()
	m.answer(done)
}
