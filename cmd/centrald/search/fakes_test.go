package search

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"boothd/capture"
	"boothd/capture/mrz"
	"boothd/sync/profile"
	"boothd/sync/system"
)

// adapter is a function that is an Adapter.
type adapter func(ctx context.Context, q system.Question) (system.Reply, error)

func (f adapter) Ask(ctx context.Context, q system.Question) (system.Reply, error) { return f(ctx, q) }

var noHit = system.Reply{State: capture.StateNoHit}

func replying(r system.Reply) adapter {
	return func(context.Context, system.Question) (system.Reply, error) { return r, nil }
}

// after replies when the time has passed, and obeys its context.
func after(d time.Duration, r system.Reply) adapter {
	return func(ctx context.Context, _ system.Question) (system.Reply, error) {
		select {
		case <-time.After(d):
			return r, nil
		case <-ctx.Done():
			return system.Reply{}, ctx.Err()
		}
	}
}

// silent never replies.
func silent(ctx context.Context, _ system.Question) (system.Reply, error) {
	<-ctx.Done()
	return system.Reply{}, ctx.Err()
}

// questions keeps the questions that an adapter is asked.
type questions struct {
	mu  sync.Mutex
	all []system.Question
}

func (l *questions) ask(_ context.Context, q system.Question) (system.Reply, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, q)
	return noHit, nil
}

// allFields are the fields that a profile can name.
var allFields = []system.Field{
	system.FieldOfficer, system.FieldBooth, system.FieldPurpose, system.FieldGrant, system.FieldDocumentNumber,
	system.FieldDocumentType, system.FieldIssuer, system.FieldExpiryDate, system.FieldVisaSticker, system.FieldName,
	system.FieldBirthDate, system.FieldSex, system.FieldNationality, system.FieldFinger, system.FieldFace, system.FieldIdentify,
}

var allParts = []profile.Part{
	profile.PartFindings, profile.PartAction, profile.PartName, profile.PartExplanation, profile.PartFacts, profile.PartLinks,
}

var allModalities = []capture.Modality{capture.ModalityDocument, capture.ModalityFinger, capture.ModalityFace}

// everything is a profile that allows all there is with the systems named.
func everything(names ...string) *profile.Profile {
	p := &profile.Profile{
		Name: "first-line", Version: 1, Category: "border guard", Purpose: "border check", LegalBasis: "2016/399 Art 8",
		Issued: time.Now().Add(-time.Hour), Review: time.Now().Add(300 * 24 * time.Hour),
	}
	for _, n := range names {
		p.Systems = append(p.Systems, profile.System{
			Name: n, Modalities: slices.Clone(allModalities), Query: slices.Clone(allFields), Reply: slices.Clone(allParts),
		})
	}
	return p
}

func zone() mrz.Zone {
	return mrz.Zone{
		Format: mrz.TD3, Lines: []string{"RAW"}, DocumentCode: "P", Issuer: "UTO", DocumentNumber: "L898902C3",
		Surname: "ERIKSSON", GivenNames: "ANNA MARIA", NameTruncated: true, Nationality: "UTO", Sex: "F", Optional: "PERSONAL",
		BirthDate:  mrz.Date{Text: "740812", Year: 1974, Month: 8, Day: 12},
		ExpiryDate: mrz.Date{Text: "300102", Year: 2030, Month: 1, Day: 2},
	}
}

// documentRequest asks the systems about a passport.
func documentRequest(p *profile.Profile, systems ...string) Request {
	return Request{
		Query: capture.Query{
			Check: "check-1", Booth: "booth-1", At: time.Now(),
			Officer:  capture.Officer{ID: "officer-1", Profile: capture.Profile{Category: "claimed", Purpose: "claimed", LegalBasis: "claimed"}},
			Evidence: capture.Evidence{ID: "document-1", Document: &capture.Document{Zone: zone()}},
		},
		Profile:  p,
		Systems:  systems,
		Subjects: []string{"subject"},
	}
}

// fingerRequest asks about a finger of the holder of the same passport.
func fingerRequest(p *profile.Profile, systems ...string) Request {
	req := documentRequest(p, systems...)
	z := zone()
	req.Query.Zone = &z
	req.Query.Evidence = capture.Evidence{ID: "finger-1", Finger: &capture.Finger{Position: 2, PNG: []byte("png"), DPI: 500}}
	return req
}

func searcher(t testing.TB, opt Options) *Searcher {
	t.Helper()
	s, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

// search returns the answers in the order in which they came.
func search(t testing.TB, s *Searcher, req Request) []capture.Answer {
	t.Helper()
	var answers []capture.Answer
	if err := s.Search(t.Context(), req, func(a capture.Answer) { answers = append(answers, a) }); err != nil {
		t.Fatal(err)
	}
	return answers
}

// one returns the only answer.
func one(t testing.TB, s *Searcher, req Request) capture.Answer {
	t.Helper()
	answers := search(t, s, req)
	if len(answers) != 1 {
		t.Fatalf("%d answers, want 1", len(answers))
	}
	return answers[0]
}
