package chipemu

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"slices"
	"sync/atomic"
	"time"

	"boothd/capture/chip/apdu"
	"boothd/capture/chip/authenticity/cvc"
	"boothd/capture/chip/lds"
	"boothd/capture/chip/secure"
	"boothd/capture/chip/tlv"
	"boothd/devices"
)

// Chip is a chip in the field. It is a [devices.Card].
type Chip struct {
	issued *Issued
	quirks Quirks
	zone   zone
	suites []suite
	agrees []agreement
	random io.Reader
	wire   wire
	closed atomic.Bool

	master, application map[uint16]*file
	// roots are the keys that the chip trusts in Terminal Authentication, today its notion of
	// the date; both outlast the field.
	roots []cvc.Trusted
	today time.Time
	tries int // wrong card access numbers that are left

	// What the chip forgets without power.
	applied bool // the application is selected
	current *file
	session session
	pending pending
}

var _ devices.Card = (*Chip)(nil)

// Option changes a chip that is made.
type Option func(*Chip)

// WithRandom has the chip draw its random numbers from the source.
func WithRandom(r io.Reader) Option { return func(c *Chip) { c.random = r } }

// WithFaults adds faults of the wire to those that the chip was issued with; others are
// without effect.
func WithFaults(faults ...Fault) Option {
	return func(c *Chip) {
		for _, f := range faults {
			if k, known := kindOf(f.Name); known && k.wire != nil {
				k.wire(c, f)
			}
		}
	}
}

// session is what the chip knows of the terminal.
type session struct {
	sm     *secure.Chip
	cipher secure.Cipher
	next   *renewed // takes over behind the answer
	pace   bool
	id     []byte // ID_IC, by which Terminal Authentication knows the chip
	agreed []byte // compressed key of the terminal's in Chip Authentication
	bound  []byte // the same, announced in Terminal Authentication version 2
	shown  *cvc.Trusted
	rights *cvc.Authorization
}

type renewed struct {
	sm     *secure.Chip
	cipher secure.Cipher
}

// pending is what a command leaves for the one behind it.
type pending struct {
	challenge []byte
	pace      *paceRun
	agree     *agreement
	issuer    *cvc.Trusted
	terminal  *terminalKey
}

// New lays the chip into the field.
func New(issued *Issued, options ...Option) (*Chip, error) {
	c := &Chip{issued: issued, quirks: issued.Document.Quirks, random: rand.Reader, tries: issued.Document.Access.Tries}
	if err := c.prepare(); err != nil {
		return nil, fmt.Errorf("emulated chip: %w", err)
	}
	WithFaults(issued.Faults...)(c)
	for _, option := range options {
		option(c)
	}
	c.lay()
	return c, nil
}

// LogValue keeps the holder and the keys out of logs.
func (*Chip) LogValue() slog.Value { return slog.StringValue("emulated chip") }

func (c *Chip) prepare() error {
	err := c.issued.check()
	if err != nil {
		return err
	}
	if c.zone, err = c.issued.Document.zone(); err != nil {
		return err
	}
	for _, p := range c.issued.Document.Access.PACE {
		s, err := p.suite()
		if err != nil {
			return err
		}
		c.suites = append(c.suites, s)
	}
	for _, way := range c.issued.Document.Chip {
		a, err := way.agreement()
		if err != nil {
			return err
		}
		c.agrees = append(c.agrees, a)
	}
	if t := c.issued.Document.Terminal; t != nil {
		return c.trust(t)
	}
	return nil
}

// lay puts the files in their places.
func (c *Chip) lay() {
	c.master, c.application = map[uint16]*file{}, map[uint16]*file{}
	for name, content := range c.issued.Files {
		f := &file{name: name, content: content}
		if name == c.wire.endless {
			if longer, err := withLength(content, endlessLength); err == nil {
				f.content = longer
			}
			f.endless = true
		}
		if name.InApplication() {
			c.application[name.ID()] = f
		} else {
			c.master[name.ID()] = f
		}
	}
}

// Reset takes the field away and gives it back. The error matches devices.ErrGone.
func (c *Chip) Reset(ctx context.Context) error {
	if c.closed.Load() || c.wire.gone {
		return fmt.Errorf("reset emulated chip: %w", devices.ErrGone)
	}
	c.applied, c.current, c.session, c.pending = false, nil, session{}, pending{}
	c.wire.restart()
	return ctx.Err()
}

// Close takes the chip from the field for good.
func (c *Chip) Close() error {
	c.closed.Store(true)
	return nil
}

// Transmit answers a command APDU. The error matches devices.ErrGone after Close or when the
// chip was torn off, or is the context's.
func (c *Chip) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	if c.closed.Load() {
		return nil, fmt.Errorf("emulated chip: %w", devices.ErrGone)
	}
	if answer, err := c.wire.disturb(ctx); answer != nil || err != nil {
		return answer, err
	}
	return c.answer(command).Encode(), nil
}

func fail(s apdu.Status) apdu.Response { return apdu.Response{Status: s} }

// Status words that package apdu has no use for.
const (
	lastOfChainExpected apdu.Status = 0x6883
	noSession           apdu.Status = 0x6988
)

func (c *Chip) answer(b []byte) apdu.Response {
	command, err := apdu.Parse(b)
	if err != nil {
		return fail(apdu.WrongLength)
	}
	extended := len(b) > 5 && b[4] == 0
	if extended && len(b) > c.quirks.Extended {
		return fail(apdu.WrongLength)
	}
	switch command.CLA {
	case 0x00, 0x10:
		c.forget() // a command in the clear ends the session
		return c.fits(c.process(command, c.room(command, 0)), command.Ne)
	case 0x0C, 0x1C:
		return c.protected(command)
	}
	return fail(apdu.ClassNotSupported)
}

// fits refuses answers that the terminal has no room for.
func (c *Chip) fits(r apdu.Response, room int) apdu.Response {
	if len(r.Data) > room {
		return fail(apdu.WrongLength)
	}
	return r
}

// room is the most bytes of data that an answer holds; a protected one has a cipher.
func (c *Chip) room(command apdu.Command, cipher secure.Cipher) int {
	most := command.Ne
	if command.Ne > 256 {
		most = min(most, c.quirks.Extended-2)
	}
	if cipher == 0 {
		return most
	}
	const objects = 5 + 4 + 2 + secure.MACSize // heads of the cryptogram, status, code
	blocks := (most - objects) / cipher.BlockSize()
	return max(blocks*cipher.BlockSize()-1, 0)
}

// forget ends the session, and what was proven in it.
func (c *Chip) forget() { c.session = session{} }

func (c *Chip) protected(command apdu.Command) apdu.Response {
	sm := c.session.sm
	if sm == nil {
		c.pending = pending{}
		return fail(noSession)
	}
	plain, err := sm.Open(command)
	if err != nil {
		c.forget()
		c.pending = pending{}
		if !hasCode(command.Data) {
			return fail(apdu.SecureMessagingMissing)
		}
		return fail(apdu.SecureMessagingWrong)
	}
	room := c.room(command, c.session.cipher)
	r := c.fits(c.process(plain, room), min(room, plain.Ne))
	protected, err := sm.Protect(r)
	if err != nil {
		c.forget()
		return fail(apdu.NoDiagnosis)
	}
	if next := c.session.next; next != nil {
		c.session.sm, c.session.cipher, c.session.next = next.sm, next.cipher, nil
	}
	if c.quirks.LostAfterError && r.Status != apdu.OK && r.Status != apdu.EndOfFile {
		c.forget()
	}
	return c.wire.spoil(protected)
}

// hasCode reports whether there is an authentication code among the objects.
func hasCode(data []byte) bool {
	const most = 8
	objects, err := tlv.All(data, most)
	return err == nil && slices.ContainsFunc(objects, func(o tlv.Object) bool { return o.Tag == 0x8E })
}

// process carries out a command; room is the most bytes of data that its answer holds.
func (c *Chip) process(command apdu.Command, room int) apdu.Response {
	before := c.pending
	c.pending = pending{}
	if command.CLA == 0x10 && command.INS != 0x86 {
		return fail(apdu.ChainingNotSupported)
	}
	if c.quirks.NoLe && command.Ne > 0 && (command.INS == 0xA4 || command.INS == 0x22) {
		return fail(apdu.WrongLength)
	}
	switch command.INS {
	case 0xA4:
		return c.selects(command)
	case 0xB0:
		return c.read(command, room)
	case 0xB1:
		return c.readLong(command, room)
	case 0x84:
		return c.challenge(command, before)
	case 0x82:
		return c.external(command, before)
	case 0x22:
		return c.environment(command)
	case 0x86:
		return c.general(command, before)
	case 0x88:
		return c.internal(command)
	case 0x2A:
		return c.operation(command, before)
	}
	return fail(apdu.InstructionNotSupported)
}

// challenge draws the number that the command behind it must answer to.
func (c *Chip) challenge(command apdu.Command, before pending) apdu.Response {
	const size = 8
	if command.P1 != 0 || command.P2 != 0 {
		return fail(apdu.WrongParameters)
	}
	if len(command.Data) > 0 || command.Ne < size {
		return fail(apdu.WrongLength)
	}
	basic := c.session.sm == nil && c.applied && c.issued.Document.Access.BAC
	if !basic && before.terminal == nil {
		return fail(apdu.ConditionsNotSatisfied)
	}
	challenge, err := c.draw(size)
	if err != nil {
		return fail(apdu.NoDiagnosis)
	}
	c.pending = pending{challenge: challenge, terminal: before.terminal}
	return apdu.Response{Data: challenge, Status: apdu.OK}
}

// external is EXTERNAL AUTHENTICATE, which ends Basic Access Control or Terminal
// Authentication.
func (c *Chip) external(command apdu.Command, before pending) apdu.Response {
	switch {
	case command.P1 != 0 || command.P2 != 0:
		return fail(apdu.WrongParameters)
	case before.challenge == nil:
		return fail(apdu.ConditionsNotSatisfied)
	case before.terminal != nil:
		return c.authenticateTerminal(command, before)
	}
	return c.authenticateBasic(command, before.challenge)
}

// environment is MANAGE SECURITY ENVIRONMENT.
func (c *Chip) environment(command apdu.Command) apdu.Response {
	switch {
	case command.P1 == 0xC1 && command.P2 == 0xA4:
		return fail(c.setPACE(command.Data))
	case command.P1 == 0x41 && command.P2 == 0xA4:
		return fail(c.setAgreement(command.Data))
	case command.P1 == 0x41 && command.P2 == 0xA6:
		return fail(c.agreeTripleDES(command.Data))
	case command.P1 == 0x81 && command.P2 == 0xB6:
		return fail(c.setIssuer(command.Data))
	case command.P1 == 0x81 && command.P2 == 0xA4:
		return fail(c.setTerminal(command.Data))
	}
	return fail(apdu.WrongParameters)
}

// general is GENERAL AUTHENTICATE, of PACE or Chip Authentication.
func (c *Chip) general(command apdu.Command, before pending) apdu.Response {
	if command.P1 != 0 || command.P2 != 0 {
		return fail(apdu.WrongParameters)
	}
	content, err := tlv.Only(command.Data, 0x7C)
	switch {
	case before.pace == nil && before.agree == nil:
		return fail(apdu.ConditionsNotSatisfied)
	case err != nil:
		return fail(apdu.WrongData)
	case before.pace != nil:
		return c.pace(before.pace, content, command.CLA == 0x10)
	case command.CLA == 0x10:
		return fail(lastOfChainExpected)
	}
	return c.agree(*before.agree, content)
}

// draw returns n random bytes.
func (c *Chip) draw(n int) ([]byte, error) {
	b := make([]byte, n)
	_, err := io.ReadFull(c.random, b)
	return b, err
}

func bigOf(b []byte) *big.Int { return new(big.Int).SetBytes(b) }

// start begins a session; within one, behind the answer.
func (c *Chip) start(cipher secure.Cipher, secret, counter []byte) error {
	sm, err := secure.NewChip(cipher, cipher.DeriveKey(secret, secure.ForEncryption), cipher.DeriveKey(secret, secure.ForAuthentication), counter)
	if err != nil {
		return err
	}
	if c.session.sm == nil {
		c.session.sm, c.session.cipher = sm, cipher
	} else {
		c.session.next = &renewed{sm, cipher}
	}
	return nil
}

// opened reports whether the application's files may be read.
func (c *Chip) opened() bool {
	a := c.issued.Document.Access
	return c.session.sm != nil || !a.BAC && len(a.PACE) == 0
}

// allowed reports whether the file may be read now.
func (c *Chip) allowed(f lds.File) bool {
	switch f {
	case lds.CardAccess, lds.Directory, lds.AtrInfo:
		return true
	case lds.CardSecurity:
		return c.session.sm != nil && c.session.pace
	case lds.DG3:
		return c.session.sm != nil && c.session.rights != nil && c.session.rights.Fingerprints()
	case lds.DG4:
		return c.session.sm != nil && c.session.rights != nil && c.session.rights.Irises()
	}
	return c.opened()
}
