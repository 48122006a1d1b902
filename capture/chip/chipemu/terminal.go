package chipemu

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"boothd/capture/chip/apdu"
	"boothd/capture/chip/authenticity/cvc"
	"boothd/capture/chip/tlv"
)

// terminalKey is the key that a terminal is about to prove.
type terminalKey struct {
	cvc.Trusted
	announced []byte // version 2: the compressed key for Chip Authentication
	auxiliary []byte // version 2: the object 67, whole
}

// trust takes the roots of Terminal Authentication.
func (c *Chip) trust(t *Terminal) error {
	for _, root := range t.Roots {
		certificate, err := cvc.Parse(root)
		if err != nil {
			return fmt.Errorf("root of terminal authentication: %w", err)
		}
		anchor, err := cvc.Anchor(certificate)
		if err != nil {
			return err
		}
		c.roots = append(c.roots, anchor)
	}
	today := t.Today
	if today == "" {
		today = c.issued.Document.Issued
	}
	var err error
	c.today, err = date("today", today)
	return err
}

// appendAuthorities appends the references of the roots, the newest first.
func (c *Chip) appendAuthorities(objects []byte) []byte {
	for n, root := range c.roots {
		objects = tlv.Append(objects, tlv.Tag(0x87+n), []byte(root.Holder))
	}
	return objects
}

// mayAuthenticate reports whether Terminal Authentication has its turn: version 1 behind Chip
// Authentication, version 2 behind PACE.
func (c *Chip) mayAuthenticate() bool {
	t := c.issued.Document.Terminal
	if t == nil || c.session.sm == nil {
		return false
	}
	if t.version() == 2 {
		return c.session.pace
	}
	return c.session.agreed != nil
}

// setIssuer is MSE:Set DST: whose signature the next certificate has.
func (c *Chip) setIssuer(data []byte) apdu.Status {
	if !c.mayAuthenticate() {
		return apdu.ConditionsNotSatisfied
	}
	name, err := tlv.Only(data, 0x83)
	if err != nil {
		return apdu.WrongData
	}
	known := slices.Clone(c.roots)
	if c.session.shown != nil {
		known = append(known, *c.session.shown)
	}
	for _, k := range known {
		if string(k.Holder) == string(name) {
			c.pending.issuer = &k
			return apdu.OK
		}
	}
	return apdu.ReferenceNotFound
}

// operation is PERFORM SECURITY OPERATION: Verify Certificate (BSI TR-03110-3 §B.3).
func (c *Chip) operation(command apdu.Command, before pending) apdu.Response {
	switch {
	case command.P1 != 0x00 || command.P2 != 0xBE:
		return fail(apdu.WrongParameters)
	case before.issuer == nil:
		return fail(apdu.ConditionsNotSatisfied)
	}
	certificate, err := cvc.ParseContent(command.Data)
	if err != nil {
		return fail(apdu.WrongData)
	}
	accepted, err := before.issuer.Accept(certificate, c.today)
	if err != nil {
		return fail(apdu.AuthenticationFailed)
	}
	c.session.shown = &accepted
	c.remember(accepted)
	return fail(apdu.OK)
}

// remember moves the chip's date on, which it takes from authorities and official verifiers
// of its own state only, and follows its CVCA to the next key (§2.5).
func (c *Chip) remember(t cvc.Trusted) {
	role := t.Authorization.Role()
	if (role == cvc.CVCA || role == cvc.DomesticDV) && t.From.After(c.today) {
		c.today = t.From
	}
	if role != cvc.CVCA {
		return
	}
	known := slices.ContainsFunc(c.roots, func(r cvc.Trusted) bool { return r.Holder == t.Holder })
	if !known {
		c.roots = append([]cvc.Trusted{t}, c.roots...)
		c.roots = c.roots[:min(len(c.roots), 2)]
	}
	c.roots = slices.DeleteFunc(c.roots, func(r cvc.Trusted) bool { return r.Expired(c.today) })
}

// setTerminal is MSE:Set AT: which key the terminal proves.
func (c *Chip) setTerminal(data []byte) apdu.Status {
	const most = 8
	objects, err := tlv.All(data, most)
	if err != nil {
		return apdu.WrongData
	}
	if !c.mayAuthenticate() {
		return apdu.ConditionsNotSatisfied
	}
	k := &terminalKey{}
	var name, scheme []byte
	for _, o := range objects {
		switch o.Tag {
		case 0x80:
			scheme = o.Value
		case 0x83:
			name = o.Value
		case 0x91:
			k.announced = o.Value
		case 0x67:
			k.auxiliary = o.Raw
		default:
			return apdu.WrongData
		}
	}
	shown := c.session.shown
	if shown == nil || string(shown.Holder) != string(name) || shown.Authorization.Role() != cvc.Terminal {
		return apdu.ReferenceNotFound
	}
	two := c.issued.Document.Terminal.version() == 2
	if two && (!bytes.Equal(scheme, shown.Key.Scheme.OID()) || k.announced == nil) || !two && (k.announced != nil || k.auxiliary != nil) {
		return apdu.WrongData
	}
	k.Trusted = *shown
	c.pending.terminal = k
	return apdu.OK
}

// authenticateTerminal verifies the terminal's signature and grants its rights.
func (c *Chip) authenticateTerminal(command apdu.Command, before pending) apdu.Response {
	k := before.terminal
	key := c.session.agreed
	if k.announced != nil {
		key = k.announced
	}
	message := slices.Concat(c.session.id, before.challenge, key, k.auxiliary)
	if err := k.Verify(message, command.Data); err != nil {
		return fail(apdu.AuthenticationFailed)
	}
	c.session.rights, c.session.bound = &k.Effective, k.announced
	return fail(apdu.OK)
}

// Today returns the chip's notion of the date, which the certificates that it is shown move
// on; the zero time without Terminal Authentication.
func (c *Chip) Today() time.Time { return c.today }
