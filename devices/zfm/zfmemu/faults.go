package zfmemu

import (
	"slices"
	"time"
)

// Fault is something that goes wrong once.
type Fault string

// What goes wrong with a picture on the line.
const (
	LostByte      Fault = "a byte of the picture is lost"
	LostPacket    Fault = "a packet of the picture is lost"
	WrongChecksum Fault = "a checksum of the picture is wrong"
	CutPicture    Fault = "the picture ends in the middle"
	Stutter       Fault = "the picture comes in fits and starts"
	OddSize       Fault = "the picture has a size of no model"
	Endless       Fault = "the picture does not end"
)

// What goes wrong with an answer.
const (
	Stuck         Fault = "a command is not answered"
	Noise         Fault = "noise comes before an answer"
	WrongAddress  Fault = "an answer comes from another address"
	SpoiltAnswer  Fault = "an answer has a wrong checksum"
	PictureFailed Fault = "no picture can be made of the finger"
	Disorderly    Fault = "the picture is too disorderly"
	TooFew        Fault = "the picture has too few features"
	Unknown       Fault = "an answer with a code that nobody knows"
	LostPower     Fault = "the module lost its power and wants the password"
)

// PictureFaults are the faults of a picture on the line that sending it again mends.
func PictureFaults() []Fault {
	return []Fault{LostByte, LostPacket, WrongChecksum, CutPicture, OddSize, Endless}
}

// Inject makes the next n occasions of a fault go wrong: uploads, looks for a finger, or
// answers.
func (m *Module) Inject(f Fault, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.faults[f] += n
}

// strikes reports whether a fault goes wrong now.
func (m *Module) strikes(f Fault) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.faults[f] == 0 {
		return false
	}
	m.faults[f]--
	return true
}

// answer sends an acknowledgement, or what a fault makes of it.
func (m *Module) answer(code byte, results ...byte) {
	if m.strikes(Stuck) {
		return
	}
	if m.strikes(Noise) {
		m.wire.send([]byte{0x55, 0xef, 0x01, 0xff, 0xff, 0x00, 0xef, 0xef, 0x01})
	}
	address := m.address
	if m.strikes(WrongAddress) {
		address ^= 0x01020304
	}
	frame := Frame(address, kindAcknowledge, append([]byte{code}, results...))
	if m.strikes(SpoiltAnswer) {
		frame[len(frame)-1]++
	}
	m.wire.send(frame)
}

// sendPicture sends the packets of a picture, or what a fault makes of them.
func (m *Module) sendPicture(packed []byte) {
	if m.strikes(OddSize) {
		packed = packed[:len(packed)-64]
	}
	frames := m.frames(packed)
	middle := len(frames) / 2
	switch {
	case m.strikes(LostByte):
		frames[middle] = slices.Delete(frames[middle], 40, 41)
	case m.strikes(LostPacket):
		frames = slices.Delete(frames, middle, middle+1)
	case m.strikes(WrongChecksum):
		frames[middle][20] ^= 0x10
	case m.strikes(CutPicture):
		frames = frames[:middle]
		frames[middle-1] = frames[middle-1][:15]
	case m.strikes(Endless):
		frames = slices.Concat(frames[:len(frames)-1], frames[:len(frames)-1], frames)
	}
	stutter := m.strikes(Stutter)
	for i, f := range frames {
		if stutter && i%40 == 20 {
			if !m.wire.send(f[:13]) || !m.wire.wait(120*time.Millisecond) {
				return
			}
			f = f[13:]
		}
		if !m.wire.send(f) {
			return
		}
	}
}

// frames returns a picture's packets.
func (m *Module) frames(packed []byte) [][]byte {
	var frames [][]byte
	for chunk := range slices.Chunk(packed, 32<<m.parameter(registerPacket)) {
		frames = append(frames, Frame(m.address, kindData, chunk))
	}
	last := len(frames) - 1
	content := frames[last][9 : len(frames[last])-2]
	frames[last] = Frame(m.address, kindLast, content)
	return frames
}
