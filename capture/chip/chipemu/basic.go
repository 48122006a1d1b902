package chipemu

import (
	"crypto/cipher"
	"crypto/sha1"
	"crypto/subtle"

	"boothd/capture/chip/apdu"
	"boothd/capture/chip/secure"
)

// authenticateBasic is the chip's half of Basic Access Control (ICAO 9303-11 §4.3.1).
func (c *Chip) authenticateBasic(command apdu.Command, challenge []byte) apdu.Response {
	const (
		cryptogram = 32
		size       = cryptogram + secure.MACSize
		suite      = secure.TripleDES
	)
	if len(command.Data) != size || command.Ne < size {
		return fail(apdu.WrongLength)
	}
	seed := sha1.Sum(c.zone.information())
	encryption := suite.DeriveKey(seed[:16], secure.ForEncryption)
	authentication := suite.DeriveKey(seed[:16], secure.ForAuthentication)
	sealed := command.Data[:cryptogram]
	code, err := suite.MAC(authentication, sealed)
	if err != nil || subtle.ConstantTimeCompare(code, command.Data[cryptogram:]) != 1 {
		return fail(apdu.AuthenticationFailed)
	}
	block, err := suite.Block(encryption)
	if err != nil {
		return fail(apdu.NoDiagnosis)
	}
	plain := make([]byte, cryptogram) // RND.IFD, RND.IC, K.IFD
	cipher.NewCBCDecrypter(block, make([]byte, 8)).CryptBlocks(plain, sealed)
	if subtle.ConstantTimeCompare(plain[8:16], challenge) != 1 {
		return fail(apdu.AuthenticationFailed)
	}
	own, err := c.draw(16) // K.IC
	if err != nil {
		return fail(apdu.NoDiagnosis)
	}
	answer := append(append(append([]byte(nil), challenge...), plain[:8]...), own...)
	cipher.NewCBCEncrypter(block, make([]byte, 8)).CryptBlocks(answer, answer)
	if code, err = suite.MAC(authentication, answer); err != nil {
		return fail(apdu.NoDiagnosis)
	}
	subtle.XORBytes(own, own, plain[16:])
	counter := append(append([]byte(nil), challenge[4:]...), plain[4:8]...)
	if err := c.start(suite, own, counter); err != nil {
		return fail(apdu.NoDiagnosis)
	}
	c.session.id = []byte(c.zone.number)
	return apdu.Response{Data: append(answer, code...), Status: apdu.OK}
}
