package access

import (
	"bytes"
	"context"
	"crypto/cipher"
	"crypto/rand"
	"crypto/subtle"
	"encoding/asn1"
	"fmt"
	"io"
	"math/big"

	"boothd/capture/chip/apdu"
	"boothd/capture/chip/secure"
	"boothd/capture/chip/security"
	"boothd/capture/chip/tlv"
	"boothd/devices"
)

// Options are what a caller may choose in PACE. The zero value is good.
type Options struct {
	// Random is where secrets are drawn from; nil is the system's source.
	Random io.Reader
	// Authorities asks the chip for the certification authorities that it trusts in
	// Terminal Authentication version 2. A chip without it may refuse the question.
	Authorities bool
}

// Opened is what PACE yields.
type Opened struct {
	Session *secure.Session
	Suite   security.PACE
	// Authorities are the chip's Certification Authority References, the newest first: at
	// most two, and only where Options asked for them and the chip knows any.
	Authorities []string
	// EphemeralKey is the chip's ephemeral public key, as Terminal Authentication version 2
	// identifies the chip by (ID_IC is its Compress).
	EphemeralKey security.Element

	group   *security.Group
	mapping security.Element // the chip's public key of the mapping
	proof   *big.Int         // chip authentication data; nil without
}

// Group returns the group in which keys were agreed on.
func (o *Opened) Group() *security.Group { return o.group }

// VerifyChip checks chip authentication mapping: that the chip has the private key to one of
// the static keys, which the caller took from EF.CardSecurity after it proved authentic. The
// error matches ErrNotSupported if PACE ran without this mapping, ErrProtocol if the chip
// has none of the keys.
func (o *Opened) VerifyChip(keys []security.ChipKey) error {
	if o.proof == nil {
		return fmt.Errorf("chip authentication mapping: %w: done with %v", ErrNotSupported, o.Suite.Mapping)
	}
	for _, k := range keys {
		if k.Group != o.group {
			continue
		}
		static, err := o.group.Decode(k.Key)
		if err == nil && o.group.Equal(o.group.Multiply(static, o.proof), o.mapping) {
			return nil
		}
	}
	return fmt.Errorf("chip authentication mapping: %w: proof fits none of %d keys", ErrProtocol, len(keys))
}

// Choose returns the way to do PACE that is best among those that the chip offers and that
// are known here: chip authentication mapping before generic before integrated mapping,
// ECDH before DH, longer keys before shorter ones, AES before 3DES; the first of equals. The
// error matches ErrNotSupported, and security.ErrUnknownGroup if a suite's domain parameters are
// the reason.
func Choose(in security.Infos) (security.PACE, error) {
	best, rank, fault := security.PACE{}, 0, ErrNotSupported
	for _, p := range in.PACE {
		if _, err := in.Group(p); err != nil {
			fault = fmt.Errorf("%w: %w", ErrNotSupported, err)
			continue
		}
		if p.Version != 2 {
			continue
		}
		r := 10 * int(p.Cipher)
		if p.Elliptic {
			r += 100
		}
		switch p.Mapping {
		case security.Generic:
			r += 1
		case security.ChipAuthentication:
			r += 1000
		}
		if r > rank {
			best, rank = p, r
		}
	}
	if rank == 0 {
		return security.PACE{}, fmt.Errorf("PACE: %w: none of the chip's %d suites is known", fault, len(in.PACE))
	}
	return best, nil
}

// PACE opens the chip with one of the ways that it offers in EF.CardAccess. It takes five
// commands. The error matches ErrRefused, ErrProtocol, ErrNotSupported or is the
// transport's; where the chip answered another status that is matched, such as
// apdu.ReferenceNotFound for a password that the chip does not have.
func PACE(ctx context.Context, card devices.Card, p Password, in security.Infos, suite security.PACE, o Options) (*Opened, error) {
	group, err := in.Group(suite)
	if err == nil && p.reference == 0 {
		err = fmt.Errorf("%w: no password", ErrNotSupported)
	}
	if err != nil {
		return nil, fmt.Errorf("%v: %w", suite, err)
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	run := pace{card: card, suite: suite, group: group, random: o.Random}
	if run.oid, err = asn1.Marshal(suite.OID); err != nil {
		return nil, fmt.Errorf("%v: %w", suite, err)
	}
	opened, err := run.do(ctx, p, ambiguous(in), o.Authorities)
	if err != nil {
		return nil, fmt.Errorf("%v: %w", suite, err)
	}
	return opened, nil
}

// ambiguous reports whether the chip must be told which domain parameters are meant.
func ambiguous(in security.Infos) bool {
	for _, p := range in.PACE {
		if p.Parameter != in.PACE[0].Parameter {
			return true
		}
	}
	return false
}

// pace is one run of the protocol.
type pace struct {
	card   devices.Card
	suite  security.PACE
	oid    []byte // DER
	group  *security.Group
	random io.Reader
}

// Data objects of GENERAL AUTHENTICATE (ICAO 9303-11 §4.4.5).
const (
	tagDynamic     tlv.Tag = 0x7C
	tagNonce       tlv.Tag = 0x80
	tagMap         tlv.Tag = 0x81
	tagMapAnswer   tlv.Tag = 0x82
	tagKey         tlv.Tag = 0x83
	tagKeyAnswer   tlv.Tag = 0x84
	tagToken       tlv.Tag = 0x85
	tagTokenAnswer tlv.Tag = 0x86
	tagAuthority   tlv.Tag = 0x87
	tagAuthority2  tlv.Tag = 0x88
	tagChipProof   tlv.Tag = 0x8A
)

func (r *pace) do(ctx context.Context, p Password, ambiguous, authorities bool) (*Opened, error) {
	mapping, err := r.drawMapping()
	if err != nil {
		return nil, err
	}
	defer mapping.public() // whatever happens before it is needed
	if err := r.start(ctx, p, ambiguous, authorities); err != nil {
		return nil, err
	}
	nonce, err := r.nonce(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("nonce: %w", err)
	}
	o := &Opened{Suite: r.suite, group: r.group}
	generator, err := r.mapNonce(ctx, nonce, mapping, o)
	if err != nil {
		return nil, fmt.Errorf("mapping: %w", err)
	}
	secret, err := r.group.NewSecret(r.random)
	if err != nil {
		return nil, err
	}
	public := r.group.Multiply(generator, secret)
	own := r.group.Encode(public)
	their, err := r.answer(ctx, tagKey, own, tagKeyAnswer)
	if err != nil {
		return nil, fmt.Errorf("key agreement: %w", err)
	}
	if o.EphemeralKey, err = r.decode(their); err != nil {
		return nil, fmt.Errorf("key agreement: %w", err)
	}
	if r.group.Equal(o.EphemeralKey, public) {
		return nil, fmt.Errorf("key agreement: %w: the chip sent our own key", ErrProtocol)
	}
	shared := r.group.Shared(r.group.Multiply(o.EphemeralKey, secret))
	encryption := r.suite.Cipher.DeriveKey(shared, secure.ForEncryption)
	authentication := r.suite.Cipher.DeriveKey(shared, secure.ForAuthentication)
	if err := r.authenticate(ctx, o, encryption, authentication, own, their); err != nil {
		return nil, fmt.Errorf("mutual authentication: %w", err)
	}
	o.Session, err = secure.New(r.suite.Cipher, encryption, authentication, nil)
	return o, err
}

// start tells the chip the suite and the password.
func (r *pace) start(ctx context.Context, p Password, ambiguous, authorities bool) error {
	oid, err := tlv.Only(r.oid, 0x06)
	if err != nil {
		return err
	}
	data := tlv.Append(nil, 0x80, oid)
	data = tlv.Append(data, 0x83, []byte{p.reference})
	if ambiguous && r.suite.Parameter >= 0 {
		data = tlv.Append(data, 0x84, big.NewInt(int64(r.suite.Parameter)).Bytes())
	}
	if authorities {
		data = tlv.Append(data, 0x7F4C, inspectionSystem)
	}
	answer, err := apdu.Send(ctx, r.card, apdu.Command{INS: 0x22, P1: 0xC1, P2: 0xA4, Data: data})
	if err != nil {
		return err
	}
	// A chip that counts wrong attempts says so and goes on.
	if tries, counted := answer.Status.Tries(); counted && tries > 0 {
		return nil
	}
	if err := answer.Status.Err(); err != nil {
		return fmt.Errorf("set the suite with %v: %w", p, err)
	}
	return nil
}

// inspectionSystem is the content of a Certificate Holder Authorization Template: id-IS and
// all access bits (ICAO 9303-11 §4.4.4.1).
var inspectionSystem = []byte{0x06, 0x09, 0x04, 0x00, 0x7F, 0x00, 0x07, 0x03, 0x01, 0x02, 0x01, 0x53, 0x01, 0x03}

// nonce asks for the chip's encrypted nonce and decrypts it with the password.
func (r *pace) nonce(ctx context.Context, p Password) ([]byte, error) {
	sealed, err := r.answer(ctx, 0, nil, tagNonce)
	if err != nil {
		return nil, err
	}
	c := r.suite.Cipher
	size := len(sealed)
	if want, _ := security.NonceSizes(c); size == 0 || size > 64 || size%c.BlockSize() != 0 || r.suite.Mapping == security.Integrated && size != want {
		return nil, fmt.Errorf("%w: %d bytes", ErrProtocol, size)
	}
	block, err := c.Block(c.DeriveKey(p.secret, secure.ForPassword))
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, size)
	cipher.NewCBCDecrypter(block, make([]byte, block.BlockSize())).CryptBlocks(nonce, sealed)
	return nonce, nil
}

// mappingKey is the terminal's key pair of the mapping.
type mappingKey struct {
	secret *big.Int
	public func() security.Element // waits until it is calculated
}

// drawMapping draws the key pair that generic mapping needs, and calculates it while the chip gives
// its nonce.
func (r *pace) drawMapping() (mappingKey, error) {
	if r.suite.Mapping == security.Integrated {
		return mappingKey{public: func() security.Element { return security.Element{} }}, nil
	}
	secret, err := r.group.NewSecret(r.random)
	if err != nil {
		return mappingKey{}, err
	}
	return mappingKey{secret, r.group.Begin(r.group.Generator(), secret)}, nil
}

// mapNonce exchanges the mapping's data and returns the generator to agree on keys with.
func (r *pace) mapNonce(ctx context.Context, nonce []byte, key mappingKey, o *Opened) (security.Element, error) {
	if r.suite.Mapping == security.Integrated {
		return r.mapIntegrated(ctx, nonce)
	}
	product := r.group.Begin(r.group.Generator(), new(big.Int).SetBytes(nonce))
	defer product()
	their, err := r.answer(ctx, tagMap, r.group.Encode(key.public()), tagMapAnswer)
	if err != nil {
		return security.Element{}, err
	}
	if o.mapping, err = r.decode(their); err != nil {
		return security.Element{}, err
	}
	generator, err := r.group.MapGeneric(product(), r.group.Multiply(o.mapping, key.secret))
	if err != nil {
		return security.Element{}, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	return generator, nil
}

// mapIntegrated sends the terminal's nonce. The chip has nothing to say to it: an empty
// object, an empty template, or nothing.
func (r *pace) mapIntegrated(ctx context.Context, nonce []byte) (security.Element, error) {
	_, size := security.NonceSizes(r.suite.Cipher)
	own := make([]byte, size)
	if _, err := io.ReadFull(r.random, own); err != nil {
		return security.Element{}, fmt.Errorf("draw a nonce: %w", err)
	}
	answer, err := r.general(ctx, tagMap, own)
	if err == nil {
		err = answer.Status.Err()
	}
	if err != nil {
		return security.Element{}, err
	}
	generator, err := r.group.MapIntegrated(r.suite.Cipher, nonce, own)
	if err != nil {
		return security.Element{}, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	return generator, nil
}

// authenticate exchanges the tokens, and takes what the chip sends with its own.
func (r *pace) authenticate(ctx context.Context, o *Opened, encryption, authentication, own, their []byte) error {
	token, err := r.token(authentication, their)
	if err != nil {
		return err
	}
	want, err := r.token(authentication, own)
	if err != nil {
		return err
	}
	answer, err := r.general(ctx, tagToken, token)
	if err != nil {
		return err
	}
	if err := answer.Status.Err(); err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	template, err := tlv.Only(answer.Data, tagDynamic)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	got, err := tlv.Find(template, tagTokenAnswer)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	if subtle.ConstantTimeCompare(got, want) != 1 {
		return fmt.Errorf("%w: wrong token", ErrProtocol)
	}
	for _, tag := range []tlv.Tag{tagAuthority, tagAuthority2} {
		if name, err := tlv.Find(template, tag); err == nil && len(name) > 0 && len(name) <= 16 {
			o.Authorities = append(o.Authorities, string(name))
		}
	}
	if r.suite.Mapping != security.ChipAuthentication {
		return nil
	}
	sealed, err := tlv.Find(template, tagChipProof)
	if err != nil {
		return fmt.Errorf("chip authentication data: %w: %w", ErrProtocol, err)
	}
	o.proof, err = r.openProof(encryption, sealed)
	return err
}

// token authenticates a public key (ICAO 9303-11 §4.4.3.4).
func (r *pace) token(key, public []byte) ([]byte, error) {
	tag := tlv.Tag(0x84)
	if r.group.Elliptic() {
		tag = 0x86
	}
	return r.suite.Cipher.MAC(key, tlv.Append(nil, 0x7F49, r.oid, tlv.Append(nil, tag, public)))
}

// openProof decrypts the chip authentication data (ICAO 9303-11 §4.4.3.5).
func (r *pace) openProof(key, sealed []byte) (*big.Int, error) {
	block, err := r.suite.Cipher.Block(key)
	if err != nil {
		return nil, err
	}
	size := block.BlockSize()
	if len(sealed) == 0 || len(sealed)%size != 0 || len(sealed) > r.group.Size()+2*size {
		return nil, fmt.Errorf("chip authentication data: %w: %d bytes", ErrProtocol, len(sealed))
	}
	iv := bytes.Repeat([]byte{0xFF}, size)
	block.Encrypt(iv, iv)
	plain := make([]byte, len(sealed))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, sealed)
	plain, ok := secure.Unpad(plain, size)
	proof := new(big.Int).SetBytes(plain)
	if !ok || proof.Sign() == 0 || proof.Cmp(r.group.Order()) >= 0 {
		return nil, fmt.Errorf("chip authentication data: %w: out of range", ErrProtocol)
	}
	return proof, nil
}

// decode reads a public key that the chip sent.
func (r *pace) decode(public []byte) (security.Element, error) {
	e, err := r.group.Decode(public)
	if err != nil {
		return security.Element{}, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	return e, nil
}

// answer sends one object, or none for tag 0, and returns the one that must come back.
func (r *pace) answer(ctx context.Context, tag tlv.Tag, value []byte, want tlv.Tag) ([]byte, error) {
	a, err := r.general(ctx, tag, value)
	if err != nil {
		return nil, err
	}
	if err := a.Status.Err(); err != nil {
		return nil, err
	}
	template, err := tlv.Only(a.Data, tagDynamic)
	if err == nil {
		template, err = tlv.Find(template, want)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	return template, nil
}

// general is one GENERAL AUTHENTICATE; the last one of the chain is that of the token.
func (r *pace) general(ctx context.Context, tag tlv.Tag, value []byte) (apdu.Response, error) {
	var object []byte
	if tag != 0 {
		object = tlv.Append(nil, tag, value)
	}
	c := apdu.Command{CLA: 0x10, INS: 0x86, Data: tlv.Append(nil, tagDynamic, object), Ne: 256}
	if tag == tagToken {
		c.CLA = 0
	}
	if len(value) > 240 { // its like does not come back in the short form: DH with 2048 bits
		c.Ne = apdu.MaxNe
	}
	return apdu.Send(ctx, r.card, c)
}
