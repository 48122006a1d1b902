package pki

import (
	"bytes"

	"boothd/capture/chip/pki/cert"
	"boothd/capture/chip/pki/cms"
)

// signerOf finds the certificate of a signer among those that came with the object and
// others. A signer that names itself in another way than its certificate does is still known
// by the serial number, if that leaves one: whether it is the signer, the signature tells.
func signerOf(s *cms.Signer, enclosed, others []*cert.Certificate) *cert.Certificate {
	for _, c := range append(enclosed[:len(enclosed):len(enclosed)], others...) {
		if identifies(s, c) {
			return c
		}
	}
	var sole *cert.Certificate
	for _, c := range enclosed {
		if s.Serial == nil || !bytes.Equal(c.Serial, cert.Serial(s.Serial)) {
			continue
		}
		if sole != nil {
			return nil
		}
		sole = c
	}
	return sole
}

func identifies(s *cms.Signer, c *cert.Certificate) bool {
	if s.KeyID != nil {
		return bytes.Equal(s.KeyID, c.KeyID())
	}
	issuer, err := cert.ParseName(s.Issuer)
	return err == nil && issuer.Equal(c.Issuer) && bytes.Equal(cert.Serial(s.Serial), c.Serial)
}

// enclosed parses the certificates that came with an object, as many as can be read.
func enclosed(sd *cms.SignedData) []*cert.Certificate {
	var all []*cert.Certificate
	for _, der := range sd.Certificates {
		if c, err := cert.Parse(der); err == nil {
			all = append(all, c)
		}
	}
	return all
}
