package authenticity

import (
	"crypto"
	"fmt"
	"testing"

	"boothd/capture/chip/authenticity/cvc"
	"boothd/capture/chip/pki/signature"
	"boothd/capture/chip/secure"
	"boothd/capture/chip/security"
)

// The terminal's calculations in Chip Authentication: its key pair and the shared secret.
func BenchmarkChipAuthenticationKeys(b *testing.B) {
	for _, group := range []int{2, 12, 13, 15, 17} {
		c, _ := newChip(b, group, 1, -1, secure.AES128)
		b.Run(c.pair.Key.Group.Name(), func(b *testing.B) {
			for b.Loop() {
				own, err := NewEphemeral(c.pair.Key, nil)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := own.agree(c.pair.Key); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkActiveAuthenticationVerify(b *testing.B) {
	challenge := []byte("RND.IFD.")
	for _, bits := range []int{1024, 2048} {
		private, key := rsaKey(b, bits)
		sig := recoverable{private, 0x6A, crypto.SHA256, []byte{0x34, 0xCC}}.sign(challenge)
		b.Run(fmt.Sprintf("RSA%d", bits), func(b *testing.B) { verifying(b, key, challenge, sig) })
	}
	for _, curve := range signature.Curves() {
		if curve.Name != "P-256" && curve.Name != "brainpoolP256r1" {
			continue
		}
		private, info := ecKey(b, curve)
		key, err := ParseActiveKey(info, security.Infos{})
		if err != nil {
			b.Fatal(err)
		}
		key.hashes = []crypto.Hash{crypto.SHA256}
		sig := signECDSA(b, private, crypto.SHA256, challenge, false)
		b.Run(curve.Name, func(b *testing.B) { verifying(b, key, challenge, sig) })
	}
}

func verifying(b *testing.B, key *ActiveKey, challenge, sig []byte) {
	for b.Loop() {
		if _, err := key.verify(challenge, sig); err != nil {
			b.Fatal(err)
		}
	}
}

// The signature of Terminal Authentication with a key in memory, and the way to it.
func BenchmarkTerminalSignature(b *testing.B) {
	w := newWorld(b, algorithms[0])
	system := w.system(b)
	for b.Loop() {
		id, _, err := system.choose([]cvc.Reference{"UTCVCA00001"})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := sign(b.Context(), id.Signer, id.Certificate.Key, []byte("challenge")); err != nil {
			b.Fatal(err)
		}
	}
}
