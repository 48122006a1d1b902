package uareu

import (
	"context"
	"crypto/aes"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"boothd/devices/usb"
)

// Registers.
const (
	regPower     = 0x0007
	regSeed      = 0x0033 // key number and seed, written
	regKey       = 0x0034 // key, read; overlaps the seed
	regMode      = 0x004e
	regVersion   = 0x00f0
	regResponse  = 0x2000
	regChallenge = 0x2010
)

// Bits of the power register.
const (
	powerDown   = 0x80
	powerBad    = 0x04
	powerSane   = 0x01
	powerCalled = 0x0f // what is written to wake the scanner up
)

// Modes.
const (
	modeAwaitFinger  = 0x10
	modeAwaitRemoval = 0x12
	modeCapture      = 0x20
	modeOff          = 0x70
)

const (
	requestRegister = 0x04
	requestWrite    = 0x40
	requestRead     = 0xc0
	registerTimeout = 5 * time.Second
)

// challengeKey is the AES-128 key of the Microsoft v2, the same in all of them.
var challengeKey = [16]byte{
	0x79, 0xac, 0x91, 0x79, 0x5c, 0xa1, 0x47, 0x8e, 0x98, 0xe0, 0x0f, 0x3c, 0x59, 0x8f, 0x5f, 0x4b,
}

// registers reaches the scanner's registers.
type registers struct {
	conn usb.Conn
}

func (r registers) write(ctx context.Context, register uint16, data ...byte) error {
	n, err := r.request(ctx, requestWrite, register, data)
	if err == nil && n != len(data) {
		err = fmt.Errorf("%d of %d bytes taken", n, len(data))
	}
	if err != nil {
		return fmt.Errorf("write register %#04x: %w", register, err)
	}
	return nil
}

func (r registers) read(ctx context.Context, register uint16, data []byte) error {
	n, err := r.request(ctx, requestRead, register, data)
	if err == nil && n != len(data) {
		err = fmt.Errorf("%d of %d bytes came", n, len(data))
	}
	if err != nil {
		return fmt.Errorf("read register %#04x: %w", register, err)
	}
	return nil
}

func (r registers) request(ctx context.Context, kind uint8, register uint16, data []byte) (int, error) {
	bounded, cancel := context.WithTimeout(ctx, registerTimeout)
	defer cancel()
	n, err := r.conn.Control(bounded, usb.Setup{RequestType: kind, Request: requestRegister, Value: register}, data)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		// Not the caller's deadline: the scanner is at fault.
		return 0, fmt.Errorf("no answer within %v", registerTimeout)
	}
	return n, err
}

// key asks for the key register's value of a key number. The scanner mixes it with a seed
// of ours.
func (r registers) key(ctx context.Context, number uint8, seed uint32) (uint32, error) {
	b := binary.LittleEndian.AppendUint32([]byte{number}, seed)
	if err := r.write(ctx, regSeed, b...); err != nil {
		return 0, err
	}
	var key [4]byte
	if err := r.read(ctx, regKey, key[:]); err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint32(key[:]) ^ seed, nil
}

// answerChallenge proves to a Microsoft v2 that we may wake it up.
func (r registers) answerChallenge(ctx context.Context) error {
	var challenge [16]byte
	if err := r.read(ctx, regChallenge, challenge[:]); err != nil {
		return err
	}
	response, err := respond(challenge)
	if err != nil {
		return err
	}
	return r.write(ctx, regResponse, response[:]...)
}

// respond encrypts one block as AES-128 in ECB mode does.
func respond(challenge [16]byte) ([16]byte, error) {
	var response [16]byte
	c, err := aes.NewCipher(challengeKey[:])
	if err != nil {
		return response, err
	}
	c.Encrypt(response[:], challenge[:])
	return response, nil
}
