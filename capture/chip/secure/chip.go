package secure

import (
	"encoding/binary"
	"fmt"

	"boothd/capture/chip/apdu"
)

// Chip is the chip's side of secure messaging. It is used by one goroutine at a time.
type Chip struct {
	channel
	answering bool // the command opened last
	ins       byte
}

// NewChip is what [New] is, for the chip's side.
func NewChip(c Cipher, encryption, authentication, counter []byte) (*Chip, error) {
	ch, err := newChannel(c, encryption, authentication, counter)
	if err != nil {
		return nil, fmt.Errorf("start secure messaging: %w", err)
	}
	return &Chip{channel: ch}, nil
}

// Open checks and decrypts a protected command. The error matches ErrForged, after which a
// chip answers SecureMessagingMissing or SecureMessagingWrong in the clear; or ErrEnded.
func (s *Chip) Open(p apdu.Command) (apdu.Command, error) {
	if s.dead || s.answering {
		s.dead = true
		return apdu.Command{}, fmt.Errorf("open %v: %w", p, ErrEnded)
	}
	s.count()
	c, err := s.openCommand(p)
	if err != nil {
		s.dead = true
		return apdu.Command{}, fmt.Errorf("open %v: %w", p, err)
	}
	s.answering, s.ins = true, p.INS
	return c, nil
}

func (s *Chip) openCommand(p apdu.Command) (apdu.Command, error) {
	if p.CLA&classSM != classSM {
		return apdu.Command{}, fmt.Errorf("%w: unprotected command", ErrForged)
	}
	m, err := s.open([]byte{p.CLA, p.INS, p.P1, p.P2}, p.Data, p.INS)
	if err != nil {
		return apdu.Command{}, err
	}
	c := apdu.Command{CLA: p.CLA &^ classSM, INS: p.INS, P1: p.P1, P2: p.P2}
	switch {
	case m.status != nil:
		return apdu.Command{}, fmt.Errorf("%w: command with a status", ErrForged)
	case m.ne == nil:
	case len(m.ne) == 1:
		c.Ne = int(m.ne[0]-1) + 1 // 00 is 256
	case len(m.ne) == 2:
		c.Ne = int(binary.BigEndian.Uint16(m.ne)-1) + 1 // 0000 is 65536
	default:
		return apdu.Command{}, fmt.Errorf("%w: expected length in %d bytes", ErrForged, len(m.ne))
	}
	if m.data.Tag != 0 {
		if c.Data, err = s.decrypt(m.data); err != nil {
			return apdu.Command{}, err
		}
	}
	return c, nil
}

// Protect returns the response to the command opened last, encrypted and authenticated.
// The error matches ErrEnded.
func (s *Chip) Protect(r apdu.Response) (apdu.Response, error) {
	if s.dead || !s.answering {
		return apdu.Response{}, fmt.Errorf("protect answer: %w", ErrEnded)
	}
	s.answering = false
	s.count()
	body := s.data(make([]byte, 0, len(r.Data)+64), s.ins, r.Data)
	body = append(body, byte(tagStatus), 2, byte(r.Status>>8), byte(r.Status))
	body = append(body, byte(tagMAC), MACSize)
	return apdu.Response{Data: append(body, s.authenticate(nil, body[:len(body)-2])...), Status: r.Status}, nil
}
