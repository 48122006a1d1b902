package access

import (
	"bytes"
	"context"
	"crypto/cipher"
	"crypto/rand"
	"encoding/asn1"
	"math/big"
	"testing"

	"boothd/capture/chip/apdu"
	"boothd/capture/chip/secure"
	"boothd/capture/chip/security"
	"boothd/capture/chip/tlv"
)

// member is an element of a group as schools calculate with it: a point (x, y), both nil at
// infinity, or a number x.
type member struct{ x, y *big.Int }

// school is a group whose arithmetic owes nothing to the code under test: chord and tangent
// in affine coordinates, or numbers modulo a prime.
type school struct {
	p, a, order *big.Int // a is nil for numbers
	g           member
	size        int
}

func newSchool(t testing.TB, g *security.Group) *school {
	t.Helper()
	s := &school{order: g.Order(), size: g.Size()}
	generator := g.Encode(g.Generator())
	if c := g.Curve(); c != nil {
		s.p = c.Field()
		s.a, _ = c.Coefficients()
		s.g = s.read(generator)
		return s
	}
	s.g = s.read(generator)
	for _, p := range primes {
		if n, _ := new(big.Int).SetString(p, 16); (n.BitLen()+7)/8 == s.size && new(big.Int).Exp(s.g.x, s.order, n).Cmp(big.NewInt(1)) == 0 {
			s.p = n
		}
	}
	if s.p == nil {
		t.Fatalf("%s: no prime", g.Name())
	}
	return s
}

func (s *school) read(b []byte) member {
	if s.a == nil {
		return member{x: new(big.Int).SetBytes(b)}
	}
	return member{new(big.Int).SetBytes(b[1 : 1+s.size]), new(big.Int).SetBytes(b[1+s.size:])}
}

func (s *school) write(m member) []byte {
	x := m.x.FillBytes(make([]byte, s.size))
	if s.a == nil {
		return x
	}
	return append(append([]byte{4}, x...), m.y.FillBytes(make([]byte, s.size))...)
}

func (s *school) add(m, n member) member {
	if s.a == nil {
		z := new(big.Int).Mul(m.x, n.x)
		return member{x: z.Mod(z, s.p)}
	}
	top, bottom := new(big.Int), new(big.Int)
	switch {
	case m.x == nil:
		return n
	case n.x == nil:
		return m
	case m.x.Cmp(n.x) != 0:
		top.Sub(n.y, m.y)
		bottom.Sub(n.x, m.x)
	case m.y.Cmp(n.y) != 0:
		return member{}
	default:
		top.Mul(m.x, m.x)
		top.Mul(top, big.NewInt(3)).Add(top, s.a)
		bottom.Lsh(m.y, 1)
	}
	slope := bottom.ModInverse(bottom.Mod(bottom, s.p), s.p)
	slope.Mul(slope, top).Mod(slope, s.p)
	x := new(big.Int).Mul(slope, slope)
	x.Sub(x, m.x).Sub(x, n.x).Mod(x, s.p)
	y := new(big.Int).Sub(m.x, x)
	y.Mul(y, slope).Sub(y, m.y).Mod(y, s.p)
	return member{x, y}
}

func (s *school) times(m member, k *big.Int) member {
	if s.a == nil {
		return member{x: new(big.Int).Exp(m.x, k, s.p)}
	}
	var r member
	for i := k.BitLen() - 1; i >= 0; i-- {
		r = s.add(r, r)
		if k.Bit(i) == 1 {
			r = s.add(r, m)
		}
	}
	return r
}

// Steps of PACE, by which a chip's answers are altered.
const (
	stepSet = iota
	stepNonce
	stepMap
	stepKey
	stepToken
)

// chip is the smallest chip that does PACE.
type chip struct {
	t         testing.TB
	cardFile  []byte // EF.CardAccess
	suite     security.PACE
	group     *security.Group
	school    *school
	oid       []byte
	secret    []byte // password
	reference byte
	ambiguous bool
	static    *big.Int
	alter     map[int]func(apdu.Response) apdu.Response

	count          int // commands so far
	nonce          []byte
	mapping        *big.Int
	generator      member
	enc, mac       []byte
	theirs, public []byte
}

func newChip(t testing.TB, file []byte, suite security.PACE, p Password) *chip {
	t.Helper()
	in, err := security.Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	g, err := in.Group(suite)
	if err != nil {
		t.Fatal(err)
	}
	oid, err := asn1.Marshal(suite.OID)
	if err != nil {
		t.Fatal(err)
	}
	return &chip{
		t: t, cardFile: file, suite: suite, group: g, school: newSchool(t, g), oid: oid,
		secret: p.secret, reference: p.reference, static: big.NewInt(424242), alter: map[int]func(apdu.Response) apdu.Response{},
	}
}

func (c *chip) Reset(context.Context) error { return nil }
func (c *chip) Close() error                { return nil }

func (c *chip) Transmit(_ context.Context, b []byte) ([]byte, error) {
	c.count++
	command, err := apdu.Parse(b)
	if err != nil {
		c.t.Errorf("command: %v", err)
		return []byte{0x67, 0}, nil
	}
	step, r := c.handle(command)
	if alter := c.alter[step]; alter != nil {
		r = alter(r)
	}
	if len(r.Data) > command.Ne {
		c.t.Errorf("step %d: answer of %d bytes to Ne %d", step, len(r.Data), command.Ne)
	}
	return r.Encode(), nil
}

func (c *chip) handle(command apdu.Command) (step int, r apdu.Response) {
	switch command.INS {
	case 0xB0:
		return -1, c.read(command)
	case 0x22:
		return stepSet, apdu.Response{Status: c.set(command)}
	case 0x86:
		body, err := tlv.Only(command.Data, 0x7C)
		if err != nil {
			return -1, apdu.Response{Status: apdu.WrongData}
		}
		return c.general(body, command.CLA)
	}
	return -1, apdu.Response{Status: apdu.InstructionNotSupported}
}

func (c *chip) read(command apdu.Command) apdu.Response {
	at := int(command.P1)<<8 | int(command.P2)
	if command.P1 == 0x9C {
		at = int(command.P2)
	}
	if at > len(c.cardFile) {
		return apdu.Response{Status: apdu.OffsetOutside}
	}
	part := c.cardFile[at:min(len(c.cardFile), at+command.Ne)]
	if len(part) < command.Ne {
		return apdu.Response{Data: part, Status: apdu.EndOfFile}
	}
	return apdu.Response{Data: part, Status: apdu.OK}
}

func (c *chip) set(command apdu.Command) apdu.Status {
	oid, err := tlv.Find(command.Data, 0x80)
	if err != nil || !bytes.Equal(oid, c.oid[2:]) || command.P1 != 0xC1 || command.P2 != 0xA4 {
		return apdu.WrongData
	}
	if id, err := tlv.Find(command.Data, 0x84); c.ambiguous != (err == nil) || err == nil && int(id[0]) != c.suite.Parameter {
		return apdu.WrongData
	}
	if reference, err := tlv.Find(command.Data, 0x83); err != nil || reference[0] != c.reference {
		return apdu.ReferenceNotFound
	}
	return apdu.OK
}

func dynamic(objects ...[]byte) apdu.Response {
	return apdu.Response{Data: tlv.Append(nil, 0x7C, objects...), Status: apdu.OK}
}

func (c *chip) draw() *big.Int {
	k, _ := rand.Int(rand.Reader, new(big.Int).Sub(c.school.order, big.NewInt(1)))
	return k.Add(k, big.NewInt(1))
}

func (c *chip) general(body []byte, cla byte) (int, apdu.Response) {
	if len(body) == 0 {
		return stepNonce, c.sealNonce()
	}
	o, _, err := tlv.Read(body)
	if last := o.Tag == tagToken; err != nil || last != (cla == 0) {
		return -1, apdu.Response{Status: apdu.WrongData}
	}
	s := c.school
	switch o.Tag {
	case tagMap:
		if c.suite.Mapping == security.Integrated {
			e, err := c.group.MapIntegrated(c.suite.Cipher, c.nonce, o.Value)
			if err != nil {
				c.t.Error(err)
				return stepMap, apdu.Response{Status: apdu.WrongData}
			}
			c.generator = s.read(c.group.Encode(e))
			return stepMap, dynamic([]byte{0x82, 0})
		}
		c.mapping = c.draw()
		shared := s.times(s.read(o.Value), c.mapping)
		c.generator = s.add(s.times(s.g, new(big.Int).SetBytes(c.nonce)), shared)
		return stepMap, dynamic(tlv.Append(nil, 0x82, s.write(s.times(s.g, c.mapping))))
	case tagKey:
		k := c.draw()
		c.theirs, c.public = o.Value, s.write(s.times(c.generator, k))
		shared := s.times(s.read(o.Value), k).x.FillBytes(make([]byte, s.size))
		c.enc = c.suite.Cipher.DeriveKey(shared, secure.ForEncryption)
		c.mac = c.suite.Cipher.DeriveKey(shared, secure.ForAuthentication)
		return stepKey, dynamic(tlv.Append(nil, 0x84, c.public))
	case tagToken:
		return stepToken, c.finish(o.Value)
	}
	return -1, apdu.Response{Status: apdu.WrongData}
}

func (c *chip) sealNonce() apdu.Response {
	size, _ := security.NonceSizes(c.suite.Cipher)
	c.nonce = make([]byte, size)
	rand.Read(c.nonce)
	block, err := c.suite.Cipher.Block(c.suite.Cipher.DeriveKey(c.secret, secure.ForPassword))
	if err != nil {
		c.t.Fatal(err)
	}
	sealed := make([]byte, size)
	cipher.NewCBCEncrypter(block, make([]byte, block.BlockSize())).CryptBlocks(sealed, c.nonce)
	return dynamic(tlv.Append(nil, 0x80, sealed))
}

func (c *chip) finish(token []byte) apdu.Response {
	tag := tlv.Tag(0x84)
	if c.school.a != nil {
		tag = 0x86
	}
	want, _ := c.suite.Cipher.MAC(c.mac, tlv.Append(nil, 0x7F49, c.oid, tlv.Append(nil, tag, c.public)))
	if !bytes.Equal(token, want) {
		return apdu.Response{Status: apdu.AuthenticationFailed}
	}
	own, _ := c.suite.Cipher.MAC(c.mac, tlv.Append(nil, 0x7F49, c.oid, tlv.Append(nil, tag, c.theirs)))
	objects := [][]byte{tlv.Append(nil, 0x86, own)}
	if c.suite.Mapping == security.ChipAuthentication {
		objects = append(objects, tlv.Append(nil, 0x8A, c.prove(nil)))
	}
	return dynamic(objects...)
}

// prove encrypts the chip authentication data, or what is given in its place.
func (c *chip) prove(plain []byte) []byte {
	if plain == nil {
		proof := new(big.Int).ModInverse(c.static, c.school.order)
		proof.Mul(proof, c.mapping).Mod(proof, c.school.order)
		plain = proof.FillBytes(make([]byte, (c.school.order.BitLen()+7)/8))
	}
	block, err := c.suite.Cipher.Block(c.enc)
	if err != nil {
		c.t.Fatal(err)
	}
	iv := bytes.Repeat([]byte{0xFF}, block.BlockSize())
	block.Encrypt(iv, iv)
	out := secure.Pad(bytes.Clone(plain), block.BlockSize())
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(out, out)
	return out
}

// staticKeys are the keys of EF.CardSecurity.
func (c *chip) staticKeys() []security.ChipKey {
	return []security.ChipKey{{Group: c.group, Elliptic: true, Key: c.school.write(c.school.times(c.school.g, c.static))}}
}

// primes are those of RFC 5114.
var primes = []string{
	"B10B8F96A080E01DDE92DE5EAE5D54EC52C99FBCFB06A3C69A6A9DCA52D23B616073E28675A23D189838EF1E2EE652C0" +
		"13ECB4AEA906112324975C3CD49B83BFACCBDD7D90C4BD7098488E9C219A73724EFFD6FAE5644738FAA31A4FF55BCCC0" +
		"A151AF5F0DC8B4BD45BF37DF365C1A65E68CFDA76D4DA708DF1FB2BC2E4A4371",
	"AD107E1E9123A9D0D660FAA79559C51FA20D64E5683B9FD1B54B1597B61D0A75E6FA141DF95A56DBAF9A3C407BA1DF15" +
		"EB3D688A309C180E1DE6B85A1274A0A66D3F8152AD6AC2129037C9EDEFDA4DF8D91E8FEF55B7394B7AD5B7D0B6C12207" +
		"C9F98D11ED34DBF6C6BA0B2C8BBC27BE6A00E0A0B9C49708B3BF8A317091883681286130BC8985DB1602E714415D9330" +
		"278273C7DE31EFDC7310F7121FD5A07415987D9ADC0A486DCDF93ACC44328387315D75E198C641A480CD86A1B9E587E8" +
		"BE60E69CC928B2B9C52172E413042E9B23F10B0E16E79763C9B53DCF4BA80A29E3FB73C16B8E75B97EF363E2FFA31F71" +
		"CF9DE5384E71B81C0AC4DFFE0C10E64F",
	"87A8E61DB4B6663CFFBBD19C651959998CEEF608660DD0F25D2CEED4435E3B00E00DF8F1D61957D4FAF7DF4561B2AA30" +
		"16C3D91134096FAA3BF4296D830E9A7C209E0C6497517ABD5A8A9D306BCF67ED91F9E6725B4758C022E0B1EF4275BF7B" +
		"6C5BFC11D45F9088B941F54EB1E59BB8BC39A0BF12307F5C4FDB70C581B23F76B63ACAE1CAA6B7902D52526735488A0E" +
		"F13C6D9A51BFA4AB3AD8347796524D8EF6A167B5A41825D967E144E5140564251CCACB83E6B486F6B3CA3F7971506026" +
		"C0B857F689962856DED4010ABD0BE621C3A3960A54E710C375F26375D7014103A4B54330C198AF126116D2276E11715F" +
		"693877FAD7EF09CADB094AE91E1A1597",
}
