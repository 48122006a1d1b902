package chipemu

import (
	"bytes"
	"math/big"

	"boothd/capture/chip/apdu"
	"boothd/capture/chip/secure"
	"boothd/capture/chip/security"
	"boothd/capture/chip/tlv"
)

// agreementNamed finds the way to do Chip Authentication. The key's name may be left out
// where one key only can be meant.
func (c *Chip) agreementNamed(fits func(agreement) bool, id []byte) (agreement, apdu.Status) {
	var found []agreement
	for _, a := range c.agrees {
		if fits(a) && (id == nil || a.KeyID != nil && bigOf(id).Cmp(big.NewInt(int64(*a.KeyID))) == 0) {
			found = append(found, a)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], apdu.OK
	case id != nil || len(found) > 1:
		return agreement{}, apdu.ReferenceNotFound
	}
	return agreement{}, apdu.WrongData
}

// setAgreement is MSE:Set AT of Chip Authentication.
func (c *Chip) setAgreement(data []byte) apdu.Status {
	if c.session.sm == nil {
		return apdu.SecurityNotSatisfied
	}
	oid, id, status := named(data, 0x80)
	if status != apdu.OK {
		return status
	}
	a, status := c.agreementNamed(func(a agreement) bool { return bytes.Equal(identifier(a.oid), oid) }, id)
	if status == apdu.OK {
		c.pending.agree = &a
	}
	return status
}

// named reads one object that must be there and the key's name.
func named(data []byte, tag tlv.Tag) (value, id []byte, s apdu.Status) {
	const most = 4
	objects, err := tlv.All(data, most)
	if err != nil {
		return nil, nil, apdu.WrongData
	}
	for _, o := range objects {
		switch o.Tag {
		case tag:
			value = o.Value
		case 0x84:
			id = o.Value
		default:
			return nil, nil, apdu.WrongData
		}
	}
	if len(value) == 0 {
		return nil, nil, apdu.WrongData
	}
	return value, id, apdu.OK
}

// agreeTripleDES is MSE:Set KAT, which is all of Chip Authentication with 3DES (ICAO 9303-11
// §6.2.4.1).
func (c *Chip) agreeTripleDES(data []byte) apdu.Status {
	if c.session.sm == nil {
		return apdu.SecurityNotSatisfied
	}
	if c.quirks.AgreeByAT {
		return apdu.WrongParameters
	}
	public, id, status := named(data, 0x91)
	if status != apdu.OK {
		return status
	}
	a, status := c.agreementNamed(func(a agreement) bool { return a.cipher == secure.TripleDES && a.Version == 1 }, id)
	if status != apdu.OK {
		return status
	}
	shared, their, status := c.shared(a, public)
	if status == apdu.OK {
		status = c.renew(a, shared, their)
	}
	return status
}

// shared agrees with the chip's static key.
func (c *Chip) shared(a agreement, public []byte) (shared []byte, their security.Element, s apdu.Status) {
	their, err := a.group.Decode(public)
	static := c.key(a.Parameters, a.KeyID)
	if err != nil || static == nil {
		return nil, security.Element{}, apdu.WrongData
	}
	return a.group.Shared(a.group.Multiply(their, bigOf(static))), their, apdu.OK
}

// renew begins the new session. What the terminal proved in the old one is over.
func (c *Chip) renew(a agreement, secret []byte, their security.Element) apdu.Status {
	if err := c.start(a.cipher, secret, nil); err != nil {
		return apdu.NoDiagnosis
	}
	c.session.agreed = a.group.Compress(their)
	if a.Version == 1 {
		c.session.shown, c.session.rights = nil, nil
	}
	return apdu.OK
}

// agree is GENERAL AUTHENTICATE of Chip Authentication (ICAO 9303-11 §6.2.4.2; version 2, BSI
// TR-03110-3 §B.2).
func (c *Chip) agree(a agreement, content []byte) apdu.Response {
	public, err := tlv.Only(content, 0x80)
	if err != nil {
		return fail(apdu.WrongData)
	}
	shared, their, status := c.shared(a, public)
	if status != apdu.OK {
		return fail(status)
	}
	if a.Version == 2 {
		return c.agreeProven(a, shared, public, their)
	}
	if status := c.renew(a, shared, their); status != apdu.OK {
		return fail(status)
	}
	return apdu.Response{Data: tlv.Append(nil, 0x7C), Status: apdu.OK}
}

// agreeProven is version 2: with the key that Terminal Authentication announced, a nonce, and
// a token by which the chip proves its key at once.
func (c *Chip) agreeProven(a agreement, shared, public []byte, their security.Element) apdu.Response {
	if c.session.rights == nil || !bytes.Equal(c.session.bound, a.group.Compress(their)) {
		return fail(apdu.SecurityNotSatisfied)
	}
	nonce, err := c.draw(8)
	if err != nil {
		return fail(apdu.NoDiagnosis)
	}
	secret := append(shared, nonce...)
	proof, err := token(a.oid, a.group, a.cipher, a.cipher.DeriveKey(secret, secure.ForAuthentication), public)
	if err != nil {
		return fail(apdu.NoDiagnosis)
	}
	if status := c.renew(a, secret, their); status != apdu.OK {
		return fail(status)
	}
	objects := tlv.Append(tlv.Append(nil, 0x81, nonce), 0x82, proof)
	return apdu.Response{Data: tlv.Append(nil, 0x7C, objects), Status: apdu.OK}
}
