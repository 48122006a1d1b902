package uareuemu

import (
	"crypto/aes"
	"crypto/rand"
	"encoding/binary"
	"time"
)

const requestRegister = 0x04

// Registers.
const (
	regPower     = 0x0007
	regSeed      = 0x0033
	regKey       = 0x0034
	regMode      = 0x004e
	regVersion   = 0x00f0
	regResponse  = 0x2000
	regChallenge = 0x2010
)

// Bits of the power register.
const (
	powerDown = 0x80
	powerBad  = 0x04
	powerSane = 0x01
)

// read answers a read of registers and says whether they can be read.
func (s *Scanner) read(register uint16, data []byte) bool {
	var value []byte
	switch register {
	case regPower:
		value = []byte{s.readPower()}
	case regKey:
		value = binary.LittleEndian.AppendUint32(nil, s.key)
	case regVersion:
		value = s.sheet.version[:]
	case regChallenge:
		if s.sheet.challenge {
			value = s.challenge[:]
		}
	}
	return len(value) > 0 && copy(data, value) == len(data)
}

func (s *Scanner) readPower() byte {
	switch {
	case s.stuck > 0:
		s.stuck--
		return powerDown | powerBad
	case s.asleep:
		return s.power | powerDown
	}
	return s.power
}

// write takes a write of registers and says whether they can be written.
func (s *Scanner) write(register uint16, data []byte) bool {
	switch {
	case register == regPower && len(data) == 1:
		s.writePower(data[0])
	case register == regMode && len(data) == 1 && (s.awake || Mode(data[0]) == ModeOff):
		s.writeMode(Mode(data[0]))
	case register == regSeed && len(data) == 5 && s.awake:
		s.key = keyOf(s.model, data[0]) ^ binary.LittleEndian.Uint32(data[1:])
	case register == regResponse && len(data) == len(s.response) && s.sheet.challenge:
		copy(s.response[:], data)
		s.answered = s.response == respond(s.challenge)
	default:
		return false
	}
	return true
}

// writePower puts the scanner to sleep, or wakes it up.
func (s *Scanner) writePower(v byte) {
	switch {
	case s.stuck > 0:
	case v&powerDown != 0:
		s.asleep, s.awake = true, false
		s.power, s.mode = v&0x0f, ModeInitial
		s.events, s.sending, s.busy = nil, nil, false
		s.answered = false
		rand.Read(s.challenge[:])
	case s.asleep && s.sheet.challenge && !s.answered:
	case s.asleep:
		s.asleep, s.power = false, v|powerSane
		if !s.fails(NoPower) {
			s.awake = true
			s.report(eventPower)
			s.report(eventPower)
		}
	}
}

// writeMode enters a mode. What the mode waits for is reported at once if it is so already.
func (s *Scanner) writeMode(m Mode) {
	s.mode = m
	s.sending, s.busy = nil, false
	switch {
	case m == ModeAwaitFinger && s.finger != nil:
		s.report(eventFinger)
	case m == ModeAwaitRemoval && s.finger == nil:
		s.report(eventRemoval)
	case m == ModeCapture:
		s.due = time.Now().Add(PictureTime)
	}
}

// challengeKey is the AES-128 key of the Microsoft v2.
var challengeKey = [16]byte{
	0x79, 0xac, 0x91, 0x79, 0x5c, 0xa1, 0x47, 0x8e, 0x98, 0xe0, 0x0f, 0x3c, 0x59, 0x8f, 0x5f, 0x4b,
}

// respond returns the right answer to a challenge.
func respond(challenge [16]byte) (response [16]byte) {
	c, err := aes.NewCipher(challengeKey[:])
	if err != nil {
		panic(err) // the key has 16 bytes
	}
	c.Encrypt(response[:], challenge[:])
	return response
}
