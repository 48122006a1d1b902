package lds_test

import (
	"reflect"
	"testing"

	"boothd/capture/chip/lds"
	"boothd/capture/chip/tlv"
)

// again fails unless what was parsed can be written and is the same when read again, or
// cannot be written because the standard has no place for it.
func again[T any](t *testing.T, got T, marshal func() ([]byte, error), parse func([]byte) (T, error)) {
	b, err := marshal()
	if err != nil {
		return
	}
	back, err := parse(b)
	if err != nil || !reflect.DeepEqual(back, got) {
		t.Fatalf("read %+v\nwritten and read again %+v\n%v", got, back, err)
	}
}

func add(f *testing.F, b []byte, err error) {
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
}

func FuzzCommon(f *testing.F) {
	f.Add(unhex(f, exampleCommon))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := lds.ParseCommon(b)
		if err == nil {
			again(t, got, got.Marshal, lds.ParseCommon)
		}
	})
}

func FuzzDirectory(f *testing.F) {
	b, err := lds.MarshalDirectory([]lds.Application{{ID: lds.TravelDocument, Label: "a"}, {ID: lds.VisaRecords}})
	add(f, b, err)
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := lds.ParseDirectory(b)
		if err == nil {
			again(t, got, func() ([]byte, error) { return lds.MarshalDirectory(got) }, lds.ParseDirectory)
		}
	})
}

func FuzzInfo(f *testing.F) {
	f.Add(unhex(f, "43 01 B8 46 04 01020304 47 03 940160 7F66 08 0202 03E8 0202 0400"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := lds.ParseInfo(b)
		if err == nil {
			again(t, got, got.Marshal, lds.ParseInfo)
		}
	})
}

func FuzzZone(f *testing.F) {
	for _, lines := range zones {
		b, err := lds.MarshalZone(lines)
		add(f, b, err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := lds.ParseZone(b)
		if err == nil {
			again(t, got, func() ([]byte, error) { return lds.MarshalZone(got) }, lds.ParseZone)
		}
	})
}

func FuzzFaces(f *testing.F) {
	b, err := faces().Marshal()
	add(f, b, err)
	f.Add(dg2(1, modern(jp2Bytes)))
	f.Add(dg2(2, tlv.Append(nil, 0x7F2E, record(f))))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := lds.ParseFaces(b)
		if err != nil {
			return
		}
		got.Deviations = nil
		for i := range got.Faces {
			if face := &got.Faces[i]; face.Modern && (face.Width == 0 || face.Height == 0) {
				face.Width, face.Height = 0, 0
			}
		}
		again(t, got, got.Marshal, lds.ParseFaces)
	})
}

func FuzzFingers(f *testing.F) {
	b, err := fingers().Marshal()
	add(f, b, err)
	b, err = (&lds.Fingers{Filler: []byte{1}}).Marshal()
	add(f, b, err)
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := lds.ParseFingers(b)
		if err != nil {
			return
		}
		got.Deviations = nil
		if len(got.Fingers) > 0 || len(got.Filler) == 0 {
			got.Filler = nil
		}
		again(t, got, got.Marshal, lds.ParseFingers)
	})
}

func FuzzIrises(f *testing.F) {
	b, err := irises().Marshal()
	add(f, b, err)
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := lds.ParseIrises(b)
		if err != nil {
			return
		}
		got.Deviations = nil
		if len(got.Irises) > 0 || len(got.Filler) == 0 {
			got.Filler = nil
		}
		again(t, got, got.Marshal, lds.ParseIrises)
	})
}

func FuzzDisplayed(f *testing.F) {
	b, err := lds.MarshalDisplayed(lds.DG5, []lds.Picture{{Data: jpegBytes}, {Data: j2kBytes}})
	add(f, b, err)
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := lds.ParseDisplayed(lds.DG5, b)
		if err == nil {
			again(t, got, func() ([]byte, error) { return lds.MarshalDisplayed(lds.DG5, got) },
				func(b []byte) ([]lds.Picture, error) { return lds.ParseDisplayed(lds.DG5, b) })
		}
	})
}

func FuzzPerson(f *testing.F) {
	b, err := (&lds.Person{Name: "A<<Ü", OtherNames: []string{"B", "C"}, BirthDate: "19700131", Address: []string{"a", "b"}, Citizenship: lds.Picture{Data: jpegBytes}}).Marshal()
	add(f, b, err)
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := lds.ParsePerson(b)
		if err != nil {
			return
		}
		normal(got)
		again(t, got, got.Marshal, lds.ParsePerson)
	})
}

func FuzzIssue(f *testing.F) {
	b, err := (&lds.Issue{Authority: "A", Date: "20260101", OtherPersons: []string{"B"}, Front: lds.Picture{Data: jpegBytes}, Personalised: "20260101120000"}).Marshal()
	add(f, b, err)
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := lds.ParseIssue(b)
		if err != nil {
			return
		}
		got.Deviations = nil
		if len(got.Front.Data) == 0 {
			got.Front = lds.Picture{}
		}
		if len(got.Rear.Data) == 0 {
			got.Rear = lds.Picture{}
		}
		again(t, got, got.Marshal, lds.ParseIssue)
	})
}

func FuzzContacts(f *testing.F) {
	b, err := lds.MarshalContacts([]lds.Contact{{Recorded: "20260101", Name: "A", Telephone: "1", Address: []string{"a", "b"}}, {Name: "X"}})
	add(f, b, err)
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := lds.ParseContacts(b)
		if err == nil {
			again(t, got, func() ([]byte, error) { return lds.MarshalContacts(got) }, lds.ParseContacts)
		}
	})
}

// normal takes away what is not written: what was wrong, and a picture of no bytes.
func normal(p *lds.Person) {
	p.Deviations = nil
	if len(p.Citizenship.Data) == 0 {
		p.Citizenship = lds.Picture{}
	}
}
