package chip

import (
	"context"
	"errors"
	"fmt"

	"boothd/capture/chip/access"
	"boothd/capture/chip/apdu"
	"boothd/capture/chip/authenticity"
	"boothd/capture/chip/lds"
	"boothd/capture/chip/secure"
	"boothd/capture/chip/security"
	"boothd/capture/mrz"
	"boothd/devices"
)

const (
	maxCommands = 8192    // APDUs in one inspection: 1 MiB in short answers, and as much again
	maxBytes    = 8 << 20 // of answers in one inspection
	maxReopened = 8       // times that a session which the chip ended is opened again
)

// errTooMuch is matched if the chip makes the booth send or take more than an inspection needs.
var errTooMuch = errors.New("the chip takes more commands or bytes than an inspection has")

// errNoPassword is matched if nothing was read that opens this chip.
var errNoPassword = errors.New("nothing is known that opens the chip")

// Password is what was read from the document. One of them opens the chip.
type Password struct {
	Zone *mrz.Zone // nil if none was read
	CAN  string    // card access number, six digits; empty if it is not known
}

// metered is a card whose use is counted and bounded.
type metered struct {
	devices.Card
	commands, bytes int
}

func (m *metered) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	if m.commands == maxCommands || m.bytes > maxBytes {
		return nil, errTooMuch
	}
	m.commands++
	answer, err := m.Card.Transmit(ctx, command)
	m.bytes += len(answer)
	return answer, err
}

// line is the way to the chip: the card, and the session that is open on it.
type line struct {
	card     *metered
	password Password

	said   []byte // EF.CardAccess; nil if the chip has none
	infos  security.Infos
	info   lds.Info // what EF.ATR/INFO says
	suite  *security.PACE
	opened *access.Opened // nil after BAC

	session  *secure.Session
	renewed  *authenticity.Renewed // nil until Chip Authentication
	send     access.Sender
	extended bool // answers of extended length are asked for
	most     int  // bytes of a short answer that are asked for; 0: as usual
	selects  bool // files are selected before they are read, since the chip knows no short identifiers
	reopened int
}

// look reads what the chip says of itself before it is opened. The error is the transport's, or
// matches access.ErrProtocol if EF.CardAccess cannot be understood.
func (l *line) look(ctx context.Context) error {
	said, err := access.CardAccess(ctx, l.card)
	var status apdu.Status
	if err != nil && !errors.As(err, &status) {
		return err
	}
	if err == nil {
		l.said = said
		if l.infos, err = security.Parse(said); err != nil {
			return fmt.Errorf("EF.CardAccess: %w: %w", access.ErrProtocol, err)
		}
	}
	l.send = access.Plain(l.card)
	file, err := l.readOnce(ctx, lds.AtrInfo)
	if err == nil {
		l.info, _ = lds.ParseInfo(file) // a chip that says nothing is spoken to in short
		l.extended = l.info.Extended
	}
	if errors.As(err, &status) || errors.Is(err, errNoFile) || errors.Is(err, lds.ErrMalformed) {
		return nil
	}
	return err
}

// open opens the chip by PACE if it offers that, else by BAC, and selects the application, but
// for a chip that proves itself by its EF.CardSecurity: see enter.
func (l *line) open(ctx context.Context) error {
	if len(l.infos.PACE) == 0 {
		return l.openBAC(ctx)
	}
	if l.suite == nil {
		suite, err := access.Choose(l.infos)
		if err != nil {
			return err
		}
		l.suite = &suite
	}
	p, err := l.password.forPACE()
	if err != nil {
		return err
	}
	if l.opened, err = access.PACE(ctx, l.card, p, l.infos, *l.suite, access.Options{}); err != nil {
		return err
	}
	l.use(l.opened.Session)
	return nil
}

// enter selects the application, which BAC did before.
func (l *line) enter(ctx context.Context) error {
	if l.opened == nil {
		return nil
	}
	return access.SelectApplication(ctx, l.send)
}

func (l *line) openBAC(ctx context.Context) error {
	p, err := l.password.ofZone()
	if err != nil {
		return err
	}
	if err := access.SelectApplication(ctx, access.Plain(l.card)); err != nil {
		return err
	}
	s, err := access.BAC(ctx, l.card, p, nil)
	if err != nil {
		return err
	}
	l.use(s)
	return nil
}

func (l *line) use(s *secure.Session) {
	l.session, l.renewed, l.send = s, nil, access.Secured(l.card, s)
}

// renew goes on in the session that Chip Authentication led to.
func (l *line) renew(r *authenticity.Renewed) {
	l.session, l.renewed, l.send = r.Session(), r, r.Sender(l.card)
}

// reopen opens the chip anew after it has ended the session. The error matches errTooMuch if it
// does so too often.
func (l *line) reopen(ctx context.Context) error {
	if l.reopened == maxReopened {
		return fmt.Errorf("open the chip again: %w", errTooMuch)
	}
	l.reopened++
	if err := l.card.Reset(ctx); err != nil {
		return fmt.Errorf("open the chip again: %w", err)
	}
	err := l.open(ctx)
	if err == nil {
		err = l.enter(ctx)
	}
	if err != nil {
		return fmt.Errorf("open the chip again: %w", err)
	}
	return nil
}

// how says how the chip was opened.
func (l *line) how() string {
	switch {
	case l.session == nil:
		return ""
	case l.opened != nil:
		return l.opened.Suite.String()
	}
	return "BAC"
}

func (p Password) forPACE() (access.Password, error) {
	if p.CAN != "" {
		return access.CAN(p.CAN)
	}
	return p.ofZone()
}

func (p Password) ofZone() (access.Password, error) {
	if p.Zone == nil {
		return access.Password{}, errNoPassword
	}
	return access.MRZ(p.Zone.DocumentNumber, p.Zone.BirthDate.Text, p.Zone.ExpiryDate.Text)
}
