package itl

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"testing"
)

// FuzzRead: what is read is written, reads back equal, and is then written as before.
func FuzzRead(f *testing.F) {
	for seed := range uint64(40) {
		b, err := randomTransaction(rand.New(rand.NewPCG(seed, 2))).MarshalBinary()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add(transactionOf("2<US>00<RS>9<US>01",
		withLength("2.001:", "<GS>2.002:00<GS>2.003:a<US>b<RS>c<FS>"), withLength("9.001:", "<GS>9.002:1<GS>9.004:U<FS>")))
	f.Fuzz(func(t *testing.T, data []byte) {
		first, err := Read(data)
		if err != nil {
			return
		}
		written, err := first.MarshalBinary()
		if err != nil {
			t.Fatalf("what was read is not written: %v", err)
		}
		second, err := Read(written)
		if err != nil {
			t.Fatalf("what was written is not read: %v", err)
		}
		if !reflect.DeepEqual(first, second) {
			t.Fatalf("read %+v, then %+v", first, second)
		}
		again, err := second.MarshalBinary()
		if err != nil || !bytes.Equal(written, again) {
			t.Fatalf("written otherwise the second time: %v", err)
		}
		for _, check := range []error{first.CheckSIS(), first.CheckVIS()} {
			if check != nil && check.Error() == "" {
				t.Fatal("an error without words")
			}
		}
	})
}
