// Package secure is secure messaging of travel documents (ICAO 9303-11 §9.8): commands and
// responses encrypted, and authenticated in their order.
//
// A [Session] is the terminal's side, a [Chip] the chip's; each is made from the two keys
// that BAC, PACE or Chip Authentication agreed on and the send sequence counter they start
// with. Both keep strictly to the order: command, response, command. An answer that is not
// what the chip must have sent ends the session for good, so that a caller cannot go on
// with an altered channel; so does an answer without secure messaging, with which chips say
// that they ended it ([ErrEnded], with the status they gave).
//
// What is checked first is the authentication code, in constant time; nothing is decrypted
// before. The status word is the protected one: what stands unprotected behind a protected
// answer is not looked at.
package secure

import (
	"context"
	"crypto/cipher"
	"crypto/subtle"
	"errors"
	"fmt"

	"boothd/capture/chip/apdu"
	"boothd/capture/chip/tlv"
	"boothd/devices"
)

// Errors that callers branch on.
var (
	// ErrForged is matched if a message is not as its sender must have made it: altered,
	// out of order, or against the form of ICAO 9303-11 §9.8.
	ErrForged = errors.New("secure messaging violated")
	// ErrEnded is matched if the chip answered without secure messaging, or if the session
	// ended before.
	ErrEnded = errors.New("secure messaging ended")
)

// Data objects of secure messaging (ICAO 9303-11 §9.8.3).
const (
	tagData   tlv.Tag = 0x87 // padding indicator 01 and cryptogram
	tagOddINS tlv.Tag = 0x85 // cryptogram, for odd instructions
	tagNe     tlv.Tag = 0x97
	tagStatus tlv.Tag = 0x99
	tagMAC    tlv.Tag = 0x8E

	classSM = 0x0C // secure messaging, header authenticated
)

// channel is what both sides have.
type channel struct {
	cipher  Cipher
	block   cipher.Block
	mac     macFunc
	counter []byte
	dead    bool
}

func newChannel(c Cipher, encryption, authentication, counter []byte) (channel, error) {
	block, err := c.Block(encryption)
	if err != nil {
		return channel{}, fmt.Errorf("encryption: %w", err)
	}
	mac, err := c.newMAC(authentication)
	if err != nil {
		return channel{}, fmt.Errorf("authentication: %w", err)
	}
	if len(counter) > c.BlockSize() {
		return channel{}, fmt.Errorf("counter of %d bytes, want at most %d", len(counter), c.BlockSize())
	}
	whole := make([]byte, c.BlockSize())
	copy(whole[len(whole)-len(counter):], counter)
	return channel{cipher: c, block: block, mac: mac, counter: whole}, nil
}

// count moves on to the next message.
func (ch *channel) count() {
	for i := len(ch.counter) - 1; i >= 0; i-- {
		ch.counter[i]++
		if ch.counter[i] != 0 {
			return
		}
	}
}

// iv is zero for 3DES, the encrypted counter for AES.
func (ch *channel) iv() []byte {
	iv := make([]byte, ch.cipher.BlockSize())
	if ch.cipher != TripleDES {
		ch.block.Encrypt(iv, ch.counter)
	}
	return iv
}

func (ch *channel) encrypt(plain []byte) []byte {
	size := ch.cipher.BlockSize()
	out := Pad(append(make([]byte, 0, len(plain)+size), plain...), size)
	cipher.NewCBCEncrypter(ch.block, ch.iv()).CryptBlocks(out, out)
	return out
}

// decrypt opens the data object of a message whose authentication code is right.
func (ch *channel) decrypt(o tlv.Object) ([]byte, error) {
	cryptogram := o.Value
	if o.Tag == tagData {
		if len(cryptogram) == 0 || cryptogram[0] != 1 {
			return nil, fmt.Errorf("%w: unknown padding", ErrForged)
		}
		cryptogram = cryptogram[1:]
	}
	size := ch.cipher.BlockSize()
	if len(cryptogram) == 0 || len(cryptogram)%size != 0 {
		return nil, fmt.Errorf("%w: cryptogram of %d bytes", ErrForged, len(cryptogram))
	}
	out := make([]byte, len(cryptogram))
	cipher.NewCBCDecrypter(ch.block, ch.iv()).CryptBlocks(out, cryptogram)
	plain, ok := Unpad(out, size)
	if !ok {
		return nil, fmt.Errorf("%w: wrong padding", ErrForged)
	}
	return plain, nil
}

// data appends the object that holds plain data, if there is any.
func (ch *channel) data(dst []byte, ins byte, plain []byte) []byte {
	switch {
	case len(plain) == 0:
		return dst
	case ins&1 == 1:
		return tlv.Append(dst, tagOddINS, ch.encrypt(plain))
	}
	return tlv.Append(dst, tagData, []byte{1}, ch.encrypt(plain))
}

// authenticate returns the code over counter, header (none in a response) and objects, each
// of the last two padded where it is there.
func (ch *channel) authenticate(header, objects []byte) []byte {
	size := ch.cipher.BlockSize()
	m := append(make([]byte, 0, len(objects)+4*size), ch.counter...)
	if len(header) > 0 {
		m = Pad(append(m, header...), size)
	}
	if len(objects) > 0 {
		m = Pad(append(m, objects...), size)
	}
	return ch.mac(m)
}

// message is a protected message, read and authenticated, not yet decrypted.
type message struct {
	data   tlv.Object // without tag: none
	ne     []byte
	status []byte
}

// open reads the objects of a protected message in the order that the standard gives them
// and checks the code at their end.
func (ch *channel) open(header, body []byte, ins byte) (message, error) {
	var m message
	last := 0
	for rest := body; ; {
		o, next, err := tlv.Read(rest)
		if err != nil {
			return message{}, fmt.Errorf("%w: %w", ErrForged, err)
		}
		place := 0
		switch o.Tag {
		case tagData, tagOddINS:
			if o.Tag == tagOddINS && ins&1 == 0 {
				return message{}, fmt.Errorf("%w: object 85 of an even instruction", ErrForged)
			}
			place, m.data = 1, o
		case tagNe:
			place, m.ne = 2, o.Value
		case tagStatus:
			place, m.status = 3, o.Value
		case tagMAC:
			place = 4
		}
		if place <= last {
			return message{}, fmt.Errorf("%w: object %v out of place", ErrForged, o.Tag)
		}
		if last = place; o.Tag != tagMAC {
			rest = next
			continue
		}
		covered := body[:len(body)-len(rest)]
		if len(next) > 0 || subtle.ConstantTimeCompare(o.Value, ch.authenticate(header, covered)) != 1 {
			return message{}, fmt.Errorf("%w: wrong authentication code", ErrForged)
		}
		return m, nil
	}
}

// Session is the terminal's side of secure messaging. It is used by one goroutine at a time.
type Session struct {
	channel
	waiting bool // for the response to the command protected last
	ins     byte
}

// New returns a session with the keys, of the cipher's key size, and the send sequence
// counter before the first command: 8 bytes after BAC, nil (zero) after PACE and Chip
// Authentication. The error says which length is wrong.
func New(c Cipher, encryption, authentication, counter []byte) (*Session, error) {
	ch, err := newChannel(c, encryption, authentication, counter)
	if err != nil {
		return nil, fmt.Errorf("start secure messaging: %w", err)
	}
	return &Session{channel: ch}, nil
}

// Cipher returns the session's cipher.
func (s *Session) Cipher() Cipher { return s.cipher }

// Send protects the command, puts it to the card and opens the answer, whose status is the
// protected one. The error is the transport's, or matches ErrForged or ErrEnded; after any
// of them the session is over.
func (s *Session) Send(ctx context.Context, card devices.Card, c apdu.Command) (apdu.Response, error) {
	protected, err := s.Protect(c)
	if err != nil {
		return apdu.Response{}, err
	}
	r, err := apdu.Send(ctx, card, protected)
	if err != nil {
		s.dead = true
		return apdu.Response{}, err
	}
	if r, err = s.Open(r); err != nil {
		return apdu.Response{}, fmt.Errorf("send %v: %w", c, err)
	}
	return r, nil
}

// Protect returns the command with its data encrypted and all of it authenticated. The
// extended form is used where the protected data or the answer asked for need it; a caller
// whose chip has the short form only asks for at most Cipher.ShortData bytes. The error
// matches ErrEnded, or says that the command is too long.
func (s *Session) Protect(c apdu.Command) (apdu.Command, error) {
	if s.dead {
		return apdu.Command{}, fmt.Errorf("protect %v: %w", c, ErrEnded)
	}
	if s.waiting {
		s.dead = true
		return apdu.Command{}, fmt.Errorf("protect %v: %w: the last command has no answer", c, ErrEnded)
	}
	if c.Ne < 0 || c.Ne > apdu.MaxNe || len(c.Data)+64 > apdu.MaxData {
		return apdu.Command{}, fmt.Errorf("protect %v: %d bytes of data, answer of %d bytes: out of range", c, len(c.Data), c.Ne)
	}
	s.count()
	s.waiting, s.ins = true, c.INS
	header := []byte{c.CLA | classSM, c.INS, c.P1, c.P2}
	body := s.data(make([]byte, 0, len(c.Data)+64), c.INS, c.Data)
	extended := c.Ne > 256 || len(body)+3+2+MACSize > 255
	switch {
	case c.Ne > 256:
		body = tlv.Append(body, tagNe, []byte{byte(c.Ne >> 8), byte(c.Ne)})
	case c.Ne > 0:
		body = tlv.Append(body, tagNe, []byte{byte(c.Ne)})
	}
	body = tlv.Append(body, tagMAC, s.authenticate(header, body))
	p := apdu.Command{CLA: header[0], INS: c.INS, P1: c.P1, P2: c.P2, Data: body, Ne: 256}
	if extended {
		p.Ne = apdu.MaxNe
	}
	return p, nil
}

// Open checks and decrypts the answer to the command protected last. The error matches
// ErrEnded with the chip's status, or ErrForged.
func (s *Session) Open(r apdu.Response) (apdu.Response, error) {
	if s.dead || !s.waiting {
		return apdu.Response{}, fmt.Errorf("open answer: %w", ErrEnded)
	}
	s.waiting = false
	s.count()
	plain, err := s.openResponse(r)
	if err != nil {
		s.dead = true
	}
	return plain, err
}

func (s *Session) openResponse(r apdu.Response) (apdu.Response, error) {
	if len(r.Data) == 0 {
		if r.Status == apdu.OK {
			return apdu.Response{}, fmt.Errorf("%w: unprotected answer", ErrForged)
		}
		return apdu.Response{}, fmt.Errorf("%w by the chip: %w", ErrEnded, r.Status)
	}
	m, err := s.open(nil, r.Data, s.ins)
	if err != nil {
		return apdu.Response{}, err
	}
	if len(m.status) != 2 || m.ne != nil {
		return apdu.Response{}, fmt.Errorf("%w: answer without a status", ErrForged)
	}
	out := apdu.Response{Status: apdu.Status(m.status[0])<<8 | apdu.Status(m.status[1])}
	if m.data.Tag != 0 {
		if out.Data, err = s.decrypt(m.data); err != nil {
			return apdu.Response{}, err
		}
	}
	return out, nil
}
