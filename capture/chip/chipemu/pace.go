package chipemu

import (
	"bytes"
	"crypto/cipher"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/asn1"
	"math/big"

	"boothd/capture/chip/apdu"
	"boothd/capture/chip/secure"
	"boothd/capture/chip/security"
	"boothd/capture/chip/tlv"
)

// paceRun is a run of PACE (ICAO 9303-11 §4.4), between two of its commands.
type paceRun struct {
	suite
	secret      []byte // of the password
	byCAN       bool
	authorities bool // the terminal wants to know whom the chip trusts

	step           paceStep
	nonce          []byte
	mapping        *big.Int // private key of the mapping
	generator      security.Element
	public, their  []byte
	encryption     []byte
	authentication []byte
	shared         []byte
	id             []byte
}

type paceStep uint8

const (
	stepNonce paceStep = iota
	stepMap
	stepAgree
	stepProve
)

// The passwords' references in MSE:Set AT.
const (
	byMRZ = 1
	byCAN = 2
)

// setPACE is MSE:Set AT of PACE (§4.4.4.1).
func (c *Chip) setPACE(data []byte) apdu.Status {
	const most = 8
	objects, err := tlv.All(data, most)
	if err != nil {
		return apdu.WrongData
	}
	run := &paceRun{}
	var oid, reference, parameters []byte
	for _, o := range objects {
		switch o.Tag {
		case 0x80:
			oid = o.Value
		case 0x83:
			reference = o.Value
		case 0x84:
			parameters = o.Value
		case 0x7F4C:
			run.authorities = true
		default:
			return apdu.WrongData
		}
	}
	s, status := c.suiteNamed(oid, parameters)
	if status != apdu.OK {
		return status
	}
	run.suite = s
	switch {
	case len(reference) != 1:
		return apdu.WrongData
	case reference[0] == byMRZ:
		sum := sha1.Sum(c.zone.information())
		run.secret = sum[:]
	case reference[0] == byCAN && c.issued.Document.CAN != "":
		run.secret, run.byCAN = []byte(c.issued.Document.CAN), true
	default:
		return apdu.ReferenceNotFound
	}
	if limit := c.issued.Document.Access.Tries; run.byCAN && limit > 0 {
		if c.tries == 0 {
			return apdu.AuthenticationBlocked
		}
		status = triesLeft(c.tries, limit)
	}
	c.pending.pace = run
	return status
}

// triesLeft is the warning of a chip that counts: none before the first wrong attempt.
func triesLeft(left, limit int) apdu.Status {
	if left >= limit {
		return apdu.OK
	}
	return 0x63C0 | apdu.Status(min(left, 15))
}

// suiteNamed finds the suite with the identifier, and with the parameters where the chip has
// it with several.
func (c *Chip) suiteNamed(oid, parameters []byte) (suite, apdu.Status) {
	var found []suite
	for _, s := range c.suites {
		if !bytes.Equal(identifier(s.oid), oid) {
			continue
		}
		if parameters == nil || bigOf(parameters).Cmp(big.NewInt(int64(s.parameters))) == 0 {
			found = append(found, s)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], apdu.OK
	case parameters != nil || len(found) > 1:
		return suite{}, apdu.ReferenceNotFound
	}
	return suite{}, apdu.WrongData
}

// identifier is the value of an object identifier, DER.
func identifier(oid asn1.ObjectIdentifier) []byte {
	b, err := asn1.Marshal(oid)
	if err != nil {
		panic("chipemu: " + err.Error()) // those of this package can be
	}
	return b[2:] // shorter than 128 bytes
}

// pace takes the next step. After one that fails the terminal begins anew.
func (c *Chip) pace(run *paceRun, content []byte, chained bool) apdu.Response {
	if !chained && run.step != stepProve {
		return fail(apdu.WrongData)
	}
	if chained && run.step == stepProve {
		return fail(lastOfChainExpected)
	}
	var object []byte
	var status apdu.Status
	switch run.step {
	case stepNonce:
		object, status = c.giveNonce(run, content)
	case stepMap:
		object, status = c.mapNonce(run, content)
	case stepAgree:
		object, status = c.exchange(run, content)
	case stepProve:
		object, status = c.prove(run, content)
	}
	if status != apdu.OK {
		return fail(status)
	}
	if run.step != stepProve {
		run.step++
		c.pending.pace = run
	}
	return apdu.Response{Data: tlv.Append(nil, 0x7C, object), Status: apdu.OK}
}

// giveNonce encrypts a nonce with the password.
func (c *Chip) giveNonce(run *paceRun, content []byte) ([]byte, apdu.Status) {
	if len(content) > 0 {
		return nil, apdu.WrongData
	}
	size, _ := security.NonceSizes(run.cipher)
	var err error
	if run.nonce, err = c.draw(size); err != nil {
		return nil, apdu.NoDiagnosis
	}
	block, err := run.cipher.Block(run.cipher.DeriveKey(run.secret, secure.ForPassword))
	if err != nil {
		return nil, apdu.NoDiagnosis
	}
	sealed := make([]byte, size)
	cipher.NewCBCEncrypter(block, make([]byte, block.BlockSize())).CryptBlocks(sealed, run.nonce)
	return tlv.Append(nil, 0x80, sealed), apdu.OK
}

// mapNonce finds the generator (§4.4.3.3).
func (c *Chip) mapNonce(run *paceRun, content []byte) ([]byte, apdu.Status) {
	their, err := tlv.Only(content, 0x81)
	if err != nil {
		return nil, apdu.WrongData
	}
	if run.suite.mapping == security.Integrated {
		if run.generator, err = run.group.MapIntegrated(run.cipher, run.nonce, their); err != nil {
			return nil, apdu.WrongData
		}
		return tlv.Append(nil, 0x82), apdu.OK
	}
	public, err := run.group.Decode(their)
	if err != nil {
		return nil, apdu.WrongData
	}
	if run.mapping, err = run.group.NewSecret(c.random); err != nil {
		return nil, apdu.NoDiagnosis
	}
	own := run.group.Multiply(run.group.Generator(), run.mapping)
	if run.generator, err = run.group.MapGeneric(run.group.Multiply(run.group.Generator(), bigOf(run.nonce)), run.group.Multiply(public, run.mapping)); err != nil {
		return nil, apdu.WrongData
	}
	return tlv.Append(nil, 0x82, run.group.Encode(own)), apdu.OK
}

// exchange agrees on the keys with the generator.
func (c *Chip) exchange(run *paceRun, content []byte) ([]byte, apdu.Status) {
	their, err := tlv.Only(content, 0x83)
	if err != nil {
		return nil, apdu.WrongData
	}
	public, err := run.group.Decode(their)
	if err != nil {
		return nil, apdu.WrongData
	}
	own, err := run.group.NewSecret(c.random)
	if err != nil {
		return nil, apdu.NoDiagnosis
	}
	element := run.group.Multiply(run.generator, own)
	run.public, run.their = run.group.Encode(element), bytes.Clone(their)
	if bytes.Equal(run.public, run.their) {
		return nil, apdu.WrongData
	}
	run.id = run.group.Compress(element)
	run.shared = run.group.Shared(run.group.Multiply(public, own))
	run.encryption = run.cipher.DeriveKey(run.shared, secure.ForEncryption)
	run.authentication = run.cipher.DeriveKey(run.shared, secure.ForAuthentication)
	return tlv.Append(nil, 0x84, run.public), apdu.OK
}

// prove compares the terminal's token, gives the chip's, and begins the session.
func (c *Chip) prove(run *paceRun, content []byte) ([]byte, apdu.Status) {
	their, err := tlv.Only(content, 0x85)
	if err != nil {
		return nil, apdu.WrongData
	}
	want, err := token(run.suite.oid, run.group, run.cipher, run.authentication, run.public)
	if err != nil {
		return nil, apdu.NoDiagnosis
	}
	if subtle.ConstantTimeCompare(their, want) != 1 {
		if run.byCAN && c.tries > 0 {
			c.tries--
		}
		return nil, apdu.AuthenticationFailed
	}
	own, err := token(run.suite.oid, run.group, run.cipher, run.authentication, run.their)
	if err != nil {
		return nil, apdu.NoDiagnosis
	}
	objects := tlv.Append(nil, 0x86, own)
	if run.authorities {
		objects = c.appendAuthorities(objects)
	}
	if run.suite.mapping == security.ChipAuthentication {
		proof, err := c.proveMapping(run)
		if err != nil {
			return nil, apdu.NoDiagnosis
		}
		objects = tlv.Append(objects, 0x8A, proof)
	}
	if err := c.start(run.cipher, run.shared, nil); err != nil {
		return nil, apdu.NoDiagnosis
	}
	c.session.pace, c.session.id = true, run.id
	c.session.agreed, c.session.bound, c.session.shown, c.session.rights = nil, nil, nil, nil
	if run.byCAN {
		c.tries = c.issued.Document.Access.Tries
	}
	return objects, apdu.OK
}

// token authenticates a public key (§4.4.3.4; BSI TR-03110-3 §D.3).
func token(oid asn1.ObjectIdentifier, g *security.Group, c secure.Cipher, key, public []byte) ([]byte, error) {
	tag := tlv.Tag(0x84)
	if g.Elliptic() {
		tag = 0x86
	}
	object := tlv.Append(nil, 0x06, identifier(oid))
	return c.MAC(key, tlv.Append(nil, 0x7F49, tlv.Append(object, tag, public)))
}

// proveMapping encrypts the chip authentication data (§4.4.3.5): the key of the mapping over
// the chip's static key.
func (c *Chip) proveMapping(run *paceRun) ([]byte, error) {
	static := c.key(run.parameters, nil)
	if static == nil {
		return nil, wrong("no static key for the mapping")
	}
	order := run.group.Order()
	proof := new(big.Int).ModInverse(bigOf(static), order)
	proof.Mul(proof, run.mapping).Mod(proof, order)
	block, err := run.cipher.Block(run.encryption)
	if err != nil {
		return nil, err
	}
	iv := bytes.Repeat([]byte{0xFF}, block.BlockSize())
	block.Encrypt(iv, iv)
	out := secure.Pad(proof.FillBytes(make([]byte, len(order.Bytes()))), block.BlockSize())
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(out, out)
	return out, nil
}

// key returns the chip's static key of the group with the name, nil if it has none.
func (c *Chip) key(parameters int, id *int) []byte {
	for _, k := range c.issued.Keys {
		if k.Parameters == parameters && keyName(k.KeyID) == keyName(id) {
			return k.Secret
		}
	}
	return nil
}
