package identity

import (
	"testing"

	"boothd/capture"
	"boothd/sync/system"
)

func TestJudge(t *testing.T) {
	const none = capture.LinkColour("")
	other := func(r *Record) {
		r.Identity = Identity{Surname: "BEISPIEL", GivenNames: "BERTA", BirthDate: "1985-01-02", Sex: "F", Nationality: "UTO"}
	}
	prints := func(references ...string) func(*Record) {
		return func(r *Record) {
			r.Biometrics = nil
			for _, s := range references {
				r.Biometrics = append(r.Biometrics, Biometric{capture.ModalityFinger, s})
			}
		}
	}
	face := func(s string) func(*Record) {
		return func(r *Record) { r.Biometrics = append(r.Biometrics, Biometric{capture.ModalityFace, s}) }
	}
	born := func(s string) func(*Record) { return func(r *Record) { r.BirthDate = s } }
	passport := func(r *Record) { r.Documents = []Document{{"P", "UTO", "L898902C3"}} }
	type changes = []func(*Record)
	tests := []struct {
		name    string
		a, b    changes // of anna's entries in the EES and in the VIS
		want    capture.LinkColour
		grounds string
	}{
		{"the same identity and biometric data are white", nil, nil, capture.LinkWhite, "same identity, same biometric data"},
		{"the same identity without biometric data on one side is white", changes{prints()}, nil, capture.LinkWhite, "same identity, biometric data not comparable"},
		{"the same identity with a finger here and a face there is white", changes{prints(), face("f")}, nil, capture.LinkWhite, "same identity, biometric data not comparable"},
		{"the same identity with one of two prints in common is white", changes{prints("print-0", "print-1")}, nil, capture.LinkWhite, "same identity, same biometric data"},
		{"names in another order are the same identity", changes{func(r *Record) { r.Surname, r.GivenNames = "MARIA", "Muster Anna" }}, nil, capture.LinkWhite, "same identity, same biometric data"},
		{"the same identity with other biometric data is yellow", changes{prints("print-2")}, nil, capture.LinkYellow, "same identity, different biometric data"},
		{"the same identity and finger with another face is yellow", changes{face("f")}, changes{face("g")}, capture.LinkYellow, "same identity, biometric data the same in part"},
		{"another identity with the same biometric data is yellow", changes{other}, nil, capture.LinkYellow, "different identity, same biometric data"},
		{"another identity with the same passport is yellow", changes{other, prints(), passport}, changes{passport}, capture.LinkYellow, "different identity, biometric data not comparable, same travel document"},
		{"another nationality is a similar identity, yellow", changes{func(r *Record) { r.Nationality = "D" }}, nil, capture.LinkYellow, "similar identity, same biometric data"},
		{"another sex is a similar identity, yellow", changes{func(r *Record) { r.Sex = "M" }, prints()}, nil, capture.LinkYellow, "similar identity, biometric data not comparable"},
		{"a nationality that neither knows is not the same", changes{func(r *Record) { r.Nationality = "" }}, changes{func(r *Record) { r.Nationality = "" }}, capture.LinkYellow, "similar identity, same biometric data"},
		{"a birth date known in part is a similar identity", changes{born("1990")}, nil, capture.LinkYellow, "similar identity, same biometric data"},
		{"the same part of a birth date is not the same identity", changes{born("1990-05")}, changes{born("1990-05")}, capture.LinkYellow, "similar identity, same biometric data"},
		{"day and month in the other order are a similar identity", changes{born("1990-05-07")}, changes{born("1990-07-05"), prints("print-2")}, capture.LinkYellow, "similar identity, different biometric data"},
		{"another name with other biometric data makes no link", changes{other, prints("print-2")}, nil, none, ""},
		{"the name alone, born in another year, makes no link", changes{born("1991-05-17"), prints("print-2")}, nil, none, ""},
		{"the name alone without a birth date makes no link", changes{born(""), prints()}, nil, none, ""},
		{"two that are not named and have no data make no link", changes{func(r *Record) { r.Identity = Identity{} }, prints()}, changes{func(r *Record) { r.Identity = Identity{} }}, none, ""},
		{"documents without an issuer are not the same one", changes{other, prints(), func(r *Record) { r.Documents = []Document{{Number: "L898902C3"}} }}, changes{func(r *Record) { r.Documents = []Document{{Number: "L898902C3"}} }}, none, ""},
		{"entries of one system make no link", changes{func(r *Record) { r.System = system.VIS }}, nil, none, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a, b := record(system.EES, "ees-1", test.a...), record(system.VIS, "vis-1", test.b...)
			if colour, grounds := Judge(a, b); colour != test.want || grounds != test.grounds {
				t.Errorf("%q, %q", colour, grounds)
			}
			if colour, grounds := Judge(b, a); colour != test.want || grounds != test.grounds {
				t.Errorf("the other way round: %q, %q", colour, grounds)
			}
		})
	}
}

// Nothing that systems hold makes a link red or green, and the order does not matter.
func FuzzJudge(f *testing.F) {
	f.Add("MUSTER", "1990-05-17", "UTO", "F", "p", "MUSTER", "1990-05-17", "UTO", "F", "p", "L1")
	f.Add("ÄRGER", "1990-05", "", "", "", "AERGER", "1990", "D", "M", "q", "")
	f.Add("李", "1990-05-06", "CHN", "", "p", "李", "1990-06-05", "CHN", "", "q", "E1")
	f.Fuzz(func(t *testing.T, name, born, nation, sex, print, name2, born2, nation2, sex2, print2, document string) {
		a := Record{Member{System: "EES", Entry: "1"}, Identity{name, "", born, sex, nation}, []Document{{"P", "UTO", document}}, []Biometric{{capture.ModalityFinger, print}}}
		b := Record{Member{System: "VIS", Entry: "2"}, Identity{name2, "", born2, sex2, nation2}, []Document{{"P", "UTO", document}}, []Biometric{{capture.ModalityFinger, print2}}}
		colour, grounds := Judge(a, b)
		if colour != "" && colour != capture.LinkYellow && colour != capture.LinkWhite {
			t.Errorf("colour %q", colour)
		}
		if (colour == "") != (grounds == "") {
			t.Errorf("colour %q with grounds %q", colour, grounds)
		}
		if c, g := Judge(b, a); c != colour || g != grounds {
			t.Errorf("%q %q, the other way round %q %q", colour, grounds, c, g)
		}
	})
}
