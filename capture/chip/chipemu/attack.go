package chipemu

import (
	"bytes"
	"math/big"
	"slices"

	"boothd/capture/chip/lds"
	"boothd/capture/chip/tlv"
)

func signedBy(name string) func(*issuing, Fault) error {
	return func(i *issuing, _ Fault) error {
		i.signer = i.issuer.signers[name]
		return nil
	}
}

// otherZone changes the first letter of the name, which no check digit covers.
func otherZone(i *issuing, _ Fault) error {
	i.dg1 = slices.Clone(i.doc.MRZ)
	line, at := 0, 5
	if len(i.dg1) == 3 {
		line, at = 2, 0
	}
	b := []byte(i.dg1[line])
	b[at] = otherLetter(b[at])
	i.dg1[line] = string(b)
	return nil
}

func otherLetter(c byte) byte {
	if c == 'Z' {
		return 'A'
	}
	return 'Z'
}

func huge(i *issuing, _ Fault) error {
	i.doc.Portrait.Size = max(i.doc.Portrait.Size, 500_000)
	return nil
}

func explode(i *issuing, _ Fault) (err error) {
	i.doc.Portrait.Data, err = bomb(i.doc.Portrait.Data)
	return err
}

// clone leaves the chip with keys of its own in place of those that the files were made for.
func clone(i *issuing, _ Fault) error {
	from := stream(i.issuer.seed, append([]string{"clone"}, i.doc.MRZ...)...)
	for n, k := range i.issued.Keys {
		a, err := keyGroup(k)
		if err != nil {
			return err
		}
		i.issued.Keys[n].Secret = secret(a, from)
	}
	k := i.issued.Active
	if k == nil {
		return nil
	}
	other := ActiveKey{Modulus: k.Modulus}
	if k.Secret != nil {
		g, err := group(i.doc.Active.Curve, true)
		if err != nil {
			return err
		}
		other.Secret = secret(g, from)
	} else {
		other.Exponent = new(big.Int).Add(new(big.Int).SetBytes(k.Exponent), big.NewInt(2)).Bytes()
	}
	i.issued.Active = &other
	return nil
}

// alter changes one byte: of DG1 a letter of the name, of DG2 the middle of the portrait, of
// other files the last byte.
func alter(i *issuing, f Fault) error {
	file, err := i.file(f)
	if err != nil {
		return err
	}
	altered := bytes.Clone(file)
	switch f.File {
	case lds.DG1:
		at := 5 + 5 // head of the file and of the zone; document code and state
		if len(i.doc.MRZ) == 3 {
			at = 5 + 60
		}
		altered[at] = otherLetter(altered[at])
	case lds.DG2:
		altered[len(altered)/2] ^= 1
	default:
		altered[len(altered)-1] ^= 1
	}
	i.issued.Files[f.File] = altered
	return nil
}

func strip(i *issuing, f Fault) error {
	f.File = lds.CardAccess
	return remove(i, f)
}

func remove(i *issuing, f Fault) error {
	_, err := i.file(f)
	delete(i.issued.Files, f.File)
	return err
}

// unlist leaves the last data group out of EF.COM and lists one that is not there.
func unlist(i *issuing, _ Fault) error {
	common, err := lds.ParseCommon(i.issued.Files[lds.COM])
	if err != nil {
		return err
	}
	common.Files = append(common.Files[:len(common.Files)-1:len(common.Files)-1], lds.DG8)
	i.issued.Files[lds.COM], err = common.Marshal()
	return err
}

// lengthen announces 100 bytes that are not there.
func lengthen(i *issuing, f Fault) error {
	file, err := i.file(f)
	if err != nil {
		return err
	}
	longer, err := withLength(file, len(file)+100)
	i.issued.Files[f.File] = longer
	return err
}

// withLength returns the file with another length announced, in four bytes.
func withLength(file []byte, length int) ([]byte, error) {
	o, _, err := tlv.Read(file)
	if err != nil {
		return nil, err
	}
	head := tlv.Append(nil, o.Tag)
	out := append(head[:len(head)-1], 0x84, byte(length>>24), byte(length>>16), byte(length>>8), byte(length))
	return append(out, o.Value...), nil
}

func (i *issuing) file(f Fault) ([]byte, error) {
	file := i.issued.Files[f.File]
	if len(file) == 0 {
		return nil, wrong("fault %v: the document has no such file", f)
	}
	return file, nil
}
