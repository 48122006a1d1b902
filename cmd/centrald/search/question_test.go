package search

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"boothd/capture"
	"boothd/capture/mrz"
	"boothd/sync/profile"
	"boothd/sync/system"
)

// asks returns the question that the system was asked, or nil.
func asks(t *testing.T, name string, req Request) *system.Question {
	t.Helper()
	var l questions
	search(t, searcher(t, Options{Systems: []System{{Name: name, Adapter: adapter(l.ask)}}}), req)
	if len(l.all) == 0 {
		return nil
	}
	return &l.all[0]
}

func TestInterpolLearnsTheDocumentAndNothingElse(t *testing.T) {
	for _, name := range []string{system.SLTD, system.TDAWN} {
		for _, visa := range []bool{false, true} {
			req := documentRequest(everything(name), name)
			req.Query.Identify = &capture.Identification{Ground: capture.GroundNoDocument}
			if visa {
				req.Query.Evidence.Document.Zone.Format = mrz.MRVA
			}
			q := asks(t, name, req)
			if q == nil {
				t.Fatalf("%s was not asked", name)
			}
			allowed := map[string]any{"ID": q.ID, "System": name, "DocumentNumber": "L898902C3", "DocumentType": "P", "Issuer": "UTO"}
			v := reflect.ValueOf(*q)
			for i := range v.NumField() {
				field, got := v.Type().Field(i).Name, v.Field(i)
				if want, ok := allowed[field]; ok && got.Interface() != want || !ok && !got.IsZero() {
					t.Errorf("%s: %s is %v", name, field, got.Interface())
				}
			}
			sent, _ := json.Marshal(q)
			for _, private := range []string{"check-1", "booth-1", "officer-1", "document-1", "ERIKSSON", "1974", "border"} {
				if bytes.Contains(sent, []byte(private)) {
					t.Errorf("%s is sent %q", name, private)
				}
			}
		}
	}
}

func TestEveryQuestionHasAnIDOfItsOwn(t *testing.T) {
	var l questions
	var systems []System
	names := []string{system.SIS, system.SLTD, system.TDAWN}
	for _, n := range names {
		systems = append(systems, System{Name: n, Adapter: adapter(l.ask)})
	}
	s := searcher(t, Options{Systems: systems})
	seen := map[string]bool{}
	for range 3 {
		search(t, s, documentRequest(everything(names...), names...))
	}
	for _, q := range l.all {
		seen[q.ID] = true
	}
	if len(seen) != 9 {
		t.Errorf("%d ids in 9 questions", len(seen))
	}
}

func TestWhatASystemIsAskedWith(t *testing.T) {
	now := time.Now()
	z := zone()
	visa := func(req *Request) { req.Query.Evidence.Document.Zone.Format = mrz.MRVB }
	base := func(name string) system.Question {
		return system.Question{
			System: name, Officer: "officer-1", Category: "border guard", Booth: "booth-1", Purpose: "border check", LegalBasis: "2016/399 Art 8", At: now,
			DocumentNumber: z.DocumentNumber, DocumentType: "P", Issuer: "UTO", ExpiryDate: "2030-01-02",
			Surname: "ERIKSSON", GivenNames: "ANNA MARIA", NameTruncated: true, BirthDate: "1974-08-12", Sex: "F", Nationality: "UTO",
		}
	}
	picture := &capture.Finger{Position: 2, PNG: []byte("png"), DPI: 500}
	for _, test := range []struct {
		name   string
		system string
		finger bool
		change func(*Request)
		want   func(*system.Question) // from base
	}{
		{"SIS by a document", system.SIS, false, nil, func(q *system.Question) {}},
		{"VIS by a passport", system.VIS, false, nil, func(q *system.Question) { q.ExpiryDate = "" }},
		{"VIS by a visa's sticker", system.VIS, false, visa, func(q *system.Question) {
			q.ExpiryDate, q.DocumentNumber, q.VisaSticker = "", "", z.DocumentNumber
		}},
		{"SIS by a visa's number", system.SIS, false, visa, func(q *system.Question) {}},
		{"EES by a finger, one to one with the document's file", system.EES, true, nil, func(q *system.Question) { q.Finger = picture }},
		{"Eurodac by a finger alone", system.Eurodac, true, nil, func(q *system.Question) {
			*q = system.Question{System: system.Eurodac, Officer: q.Officer, Category: q.Category, Booth: q.Booth, Purpose: q.Purpose, LegalBasis: q.LegalBasis, At: now, Finger: picture}
		}},
		{"a profile that lets only the finger through", system.EES, true, func(req *Request) {
			req.Profile.Systems[0].Query = []system.Field{system.FieldFinger}
		}, func(q *system.Question) { *q = system.Question{System: system.EES, Finger: picture} }},
		{"CIR with a ground", system.CIR, false, func(req *Request) {
			req.Query.Identify = &capture.Identification{Ground: capture.GroundNoDocument}
		}, func(q *system.Question) {
			q.ExpiryDate, q.Identify = "", &capture.Identification{Ground: capture.GroundNoDocument}
		}},
		{"SIS is not told the ground", system.SIS, false, func(req *Request) {
			req.Query.Identify = &capture.Identification{Ground: capture.GroundNoDocument}
		}, func(q *system.Question) {}},
		{"a birth date known in part", system.SIS, false, func(req *Request) { req.Query.Evidence.Document.Zone.BirthDate.Day = 0 },
			func(q *system.Question) { q.BirthDate = "1974-08" }},
		{"a birth date of which the year is known", system.SIS, false, func(req *Request) { req.Query.Evidence.Document.Zone.BirthDate.Month = 0 },
			func(q *system.Question) { q.BirthDate = "1974" }},
		{"a birth date that cannot be", system.SIS, false, func(req *Request) { req.Query.Evidence.Document.Zone.BirthDate.Year = -5 },
			func(q *system.Question) { q.BirthDate = "" }},
	} {
		t.Run(test.name, func(t *testing.T) {
			make := documentRequest
			if test.finger {
				make = fingerRequest
			}
			req := make(everything(test.system), test.system)
			if test.change != nil {
				test.change(&req)
			}
			want := base(test.system)
			test.want(&want)
			got := question(&req, test.system, Fields(&req.Profile.Systems[0]), now)
			if got.ID == "" {
				t.Error("no id")
			}
			got.ID = ""
			if !reflect.DeepEqual(got, want) {
				t.Errorf("asked with\n%+v, want\n%+v", got, want)
			}
		})
	}
}

func TestWhichSystemsAreAsked(t *testing.T) {
	ground := &capture.Identification{Ground: capture.GroundDoubtOnIdentity}
	for _, test := range []struct {
		name      string
		requested []string
		change    func(*Request)
		want      []string
	}{
		{"those requested", []string{"SIS", "VIS"}, nil, []string{"SIS", "VIS"}},
		{"each once", []string{"SIS", "SIS", "VIS", "SIS"}, nil, []string{"SIS", "VIS"}},
		{"none that central is not connected to", []string{"SIS", "ETIAS"}, nil, []string{"SIS"}},
		{"none beyond the profile", []string{"SIS", "Eurodac"}, nil, []string{"SIS"}},
		{"none that the profile does not allow with the modality", []string{"SIS", "VIS"}, func(r *Request) {
			r.Profile.Systems[0].Modalities = []capture.Modality{capture.ModalityFinger}
		}, []string{"VIS"}},
		{"none for no request", nil, nil, nil},
		{"not the CIR without a ground", []string{"SIS", "CIR"}, nil, []string{"SIS"}},
		{"not the CIR with a ground that is none", []string{"CIR"}, func(r *Request) { r.Query.Identify = &capture.Identification{Ground: "because"} }, nil},
		{"the CIR with a ground", []string{"CIR"}, func(r *Request) { r.Query.Identify = ground }, []string{"CIR"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var l questions
			var systems []System
			for _, n := range []string{"SIS", "VIS", "CIR", "Eurodac"} {
				systems = append(systems, System{Name: n, Adapter: adapter(l.ask)})
			}
			s := searcher(t, Options{Systems: systems})
			req := documentRequest(everything("SIS", "VIS", "CIR", "ETIAS"), test.requested...)
			if test.change != nil {
				test.change(&req)
			}
			told, err := s.Systems(req)
			if err != nil || !slices.Equal(told, test.want) && len(told)+len(test.want) > 0 {
				t.Errorf("systems %v, %v, want %v", told, err, test.want)
			}
			var answered, asked []string
			for _, a := range search(t, s, req) {
				answered = append(answered, a.System)
			}
			for _, q := range l.all {
				asked = append(asked, q.System)
			}
			slices.Sort(answered)
			slices.Sort(asked)
			slices.Sort(test.want)
			if !slices.Equal(answered, test.want) || !slices.Equal(asked, test.want) {
				t.Errorf("asked %v, answered for %v, want %v", asked, answered, test.want)
			}
		})
	}
}

func TestAProfilePastItsReviewAllowsNothing(t *testing.T) {
	var l questions
	s := searcher(t, Options{Systems: []System{{Name: "SIS", Adapter: adapter(l.ask)}}})
	past, unset := everything("SIS"), everything("SIS")
	past.Review, unset.Review = time.Now().Add(-time.Second), time.Time{}
	for name, p := range map[string]*profile.Profile{"past": past, "never reviewed": unset, "none": nil} {
		err := s.Search(t.Context(), documentRequest(p, "SIS"), func(capture.Answer) { t.Error(name, "profile: an answer") })
		if !errors.Is(err, ErrProfile) || len(l.all) > 0 {
			t.Errorf("%s profile: error %v, %d questions", name, err, len(l.all))
		}
	}
}

func TestASystemIsNotAskedWithNothing(t *testing.T) {
	for name, req := range map[string]Request{
		"a name that Eurodac may not be told":    documentRequest(everything("Eurodac"), "Eurodac"),
		"a finger that Interpol may not be told": fingerRequest(everything("SLTD"), "SLTD"),
		"a finger that was not taken": func() Request {
			r := fingerRequest(everything("EES"), "EES")
			r.Query.Evidence.Finger = &capture.Finger{Missing: capture.MissingPermanent}
			return r
		}(),
		"a finger that the profile does not let through": func() Request {
			r := fingerRequest(everything("SIS"), "SIS")
			r.Profile.Systems[0].Query = []system.Field{system.FieldName, system.FieldDocumentNumber}
			return r
		}(),
		"a picture that is too large": func() Request {
			r := fingerRequest(everything("SIS"), "SIS")
			r.Query.Evidence.Finger.PNG = make([]byte, system.MaxPicture+1)
			return r
		}(),
		"a name that does not print": func() Request {
			r := documentRequest(everything("SIS"), "SIS")
			r.Query.Evidence.Document.Zone.Surname = "A\x00"
			return r
		}(),
	} {
		t.Run(name, func(t *testing.T) {
			var l questions
			s := searcher(t, Options{Systems: []System{{Name: req.Systems[0], Adapter: adapter(l.ask)}}})
			if a := one(t, s, req); a.State != capture.StateUnavailable || len(l.all) > 0 {
				t.Errorf("%s after %d questions", a.State, len(l.all))
			}
		})
	}
}
