package pkitest

import (
	"crypto"

	"boothd/capture/chip/pki/signature"
)

// Algorithms is every kind of signature that is understood: all hash functions with RSA
// (PKCS #1 and PSS), a NIST curve and a brainpool curve; all curves; salts of many lengths;
// masks of another hash function; curves written out; plain signatures.
func Algorithms() []Algorithm {
	var all []Algorithm
	for _, h := range signature.Hashes() {
		all = append(all,
			Algorithm{Bits: 2048, Hash: h},
			Algorithm{Bits: 2048, Hash: h, PSS: true, Salt: h.Size()},
			Algorithm{Curve: "P-256", Hash: h},
			Algorithm{Curve: "brainpoolP256r1", Hash: h},
			Algorithm{Curve: "brainpoolP384r1", Hash: h, Plain: true},
		)
	}
	for _, salt := range []int{0, 1, 20, 64, 222} { // 222 fills a modulus of 2048 bits
		all = append(all, Algorithm{Bits: 2048, Hash: crypto.SHA256, PSS: true, Salt: salt})
	}
	all = append(all,
		Algorithm{Bits: 2048, Hash: crypto.SHA256, PSS: true, Salt: 32, Mask: crypto.SHA1},
		Algorithm{Bits: 2048, Hash: crypto.SHA1, PSS: true, Salt: 20, Mask: crypto.SHA512},
		Algorithm{Bits: 1024, Hash: crypto.SHA1},
	)
	for _, c := range signature.Curves() {
		all = append(all,
			Algorithm{Curve: c.Name, Hash: crypto.SHA256},
			Algorithm{Curve: c.Name, Hash: crypto.SHA512, Explicit: true},
		)
	}
	return all
}

// Keys makes keys and keeps one for each kind, since those of RSA take long to make. It is not
// for several goroutines.
type Keys struct {
	made map[kind]*Key
}

type kind struct {
	curve string
	bits  int
}

// Get returns a key that signs with a; keys of one kind are the same key.
func (k *Keys) Get(a Algorithm) (*Key, error) {
	id := kind{a.Curve, a.Bits}
	if key := k.made[id]; key != nil {
		return key.With(a), nil
	}
	key, err := NewKey(a)
	if err != nil {
		return nil, err
	}
	if k.made == nil {
		k.made = map[kind]*Key{}
	}
	k.made[id] = key
	return key, nil
}
