package system

import (
	"reflect"
	"testing"

	"boothd/capture"
	"boothd/capture/mrz"
)

func TestAQuestionIsAboutTheEvidenceAndTheDocument(t *testing.T) {
	zone := mrz.Zone{
		Format: mrz.TD3, Lines: []string{"RAW"}, DocumentCode: "P", Issuer: "UTO", DocumentNumber: "L898902C3", Optional: "PERSONAL",
		Surname: "ERIKSSON", GivenNames: "ANNA MARIA", NameTruncated: true, Nationality: "UTO", Sex: "F",
		BirthDate: mrz.Date{Year: 1974, Month: 8, Day: 12}, ExpiryDate: mrz.Date{Year: 2030, Month: 1, Day: 2},
	}
	visa := zone
	visa.Format = mrz.MRVA
	holder := Question{
		DocumentNumber: "L898902C3", DocumentType: "P", Issuer: "UTO", ExpiryDate: "2030-01-02", Surname: "ERIKSSON", GivenNames: "ANNA MARIA",
		NameTruncated: true, BirthDate: "1974-08-12", Sex: "F", Nationality: "UTO",
	}
	finger, face := &capture.Finger{Position: 2, PNG: []byte("x")}, &capture.Face{JPEG: []byte("x")}
	ground := &capture.Identification{Ground: capture.GroundNoDocument}
	for _, test := range []struct {
		name   string
		system string
		query  capture.Query
		want   func(*Question) // from holder
	}{
		{"a document", SIS, capture.Query{Evidence: capture.Evidence{Document: &capture.Document{Zone: zone}}}, func(*Question) {}},
		{"a visa, to the system of visas", VIS, capture.Query{Evidence: capture.Evidence{Document: &capture.Document{Zone: visa}}}, func(q *Question) {
			q.DocumentNumber, q.VisaSticker = "", "L898902C3"
		}},
		{"a visa, to another system", SIS, capture.Query{Evidence: capture.Evidence{Document: &capture.Document{Zone: visa}}}, func(*Question) {}},
		{"a finger with the document read before", EES, capture.Query{Zone: &zone, Evidence: capture.Evidence{Finger: finger}}, func(q *Question) { q.Finger = finger }},
		{"a face before any document", EES, capture.Query{Evidence: capture.Evidence{Face: face}}, func(q *Question) { *q = Question{Face: face} }},
		{"a finger that could not be taken", EES, capture.Query{Evidence: capture.Evidence{Finger: &capture.Finger{Missing: capture.MissingPermanent}}}, func(q *Question) { *q = Question{} }},
		{"an identification", CIR, capture.Query{Zone: &zone, Identify: ground, Evidence: capture.Evidence{Finger: finger}}, func(q *Question) {
			q.Finger, q.Identify = finger, ground
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			want := holder
			test.want(&want)
			want.System = test.system
			got := About(&test.query, test.system)
			if got.ID == "" || got.ID == About(&test.query, test.system).ID {
				t.Error("the id is not random")
			}
			got.ID = ""
			if !reflect.DeepEqual(got, want) {
				t.Errorf("asked with\n%+v, want\n%+v", got, want)
			}
		})
	}
}

func TestDatesAreAskedWithAsFarAsTheyAreKnown(t *testing.T) {
	for _, test := range []struct {
		date mrz.Date
		want string
	}{
		{mrz.Date{Year: 1974, Month: 8, Day: 12}, "1974-08-12"},
		{mrz.Date{Year: 1974, Month: 8}, "1974-08"},
		{mrz.Date{Year: 1974}, "1974"},
		{mrz.Date{}, ""},
		{mrz.Date{Year: -5, Month: 1, Day: 1}, ""},
		{mrz.Date{Year: 1974, Month: 13, Day: 1}, ""},
		{mrz.Date{Year: 1974, Month: 2, Day: 30}, ""},
	} {
		if got := date(test.date); got != test.want {
			t.Errorf("%+v: %q, want %q", test.date, got, test.want)
		}
	}
}
