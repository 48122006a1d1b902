package trust_test

import (
	"crypto"
	"fmt"
	"testing"

	"boothd/capture/chip/pki"
	"boothd/capture/chip/pki/pkitest"
	"boothd/localmatch/gallery"
	"boothd/localmatch/trust"
)

// BenchmarkVersion makes a version of 1,000 authorities ready, twice what there are in the world.
func BenchmarkVersion(b *testing.B) {
	key, err := pkitest.NewKey(pkitest.Algorithm{Curve: "P-256", Hash: crypto.SHA256})
	if err != nil {
		b.Fatal(err)
	}
	var entries []gallery.Entry
	for i := range 1000 {
		a, err := pkitest.NewAuthority(pkitest.Authority{
			Country: string([]byte{'A' + byte(i%10), 'A' + byte(i/10%10)}), Name: fmt.Sprint("CSCA ", i), Key: key, NotBefore: day.AddDate(-1, 0, 0), NotAfter: day.AddDate(10, 0, 0),
		})
		if err != nil {
			b.Fatal(err)
		}
		entries = append(entries, trust.Entry(pki.Entry{Kind: pki.KindAuthority, DER: a.Certificate.Raw}))
	}
	booth := newBooth(b)
	booth.receive(b, 1, entries...)
	for b.Loop() {
		k := trust.New(booth.gallery, "csca", trust.Options{})
		k.Refresh(b.Context())
		if s := k.Status(); s.Authorities != 1000 || s.States != 100 {
			b.Fatalf("%+v", s)
		}
	}
}
