package search

import (
	"errors"
	"slices"
	"time"

	"boothd/capture"
	"boothd/sync/profile"
	"boothd/sync/system"
)

// asked lists the systems that are requested, allowed and connected, each once.
func (s *Searcher) asked(req Request) ([]target, error) {
	if req.Profile == nil || !s.opt.Now().Before(req.Profile.Review) {
		return nil, ErrProfile
	}
	var asked []target
	for _, name := range req.Systems {
		c := s.systems[name]
		allowed, ok := req.Profile.May(name, req.Query.Evidence.Modality())
		if c == nil || !ok || slices.ContainsFunc(asked, func(t target) bool { return t.Name == name }) {
			continue
		}
		if name == system.CIR && (req.Query.Identify == nil || !req.Query.Identify.Ground.Valid()) {
			continue
		}
		asked = append(asked, target{c, allowed})
	}
	return asked, nil
}

// Fields are those that both the profile and the law let a system be asked with.
func Fields(allowed *profile.System) []system.Field {
	lawful := system.Allowed(allowed.Name)
	return slices.DeleteFunc(lawful, func(f system.Field) bool { return !slices.Contains(allowed.Query, f) })
}

// question is what one system is asked: all that is known of the traveller and of who asks,
// but for the grant, less what is not among the fields.
func question(req *Request, name string, fields []system.Field, now time.Time) system.Question {
	q := system.About(&req.Query, name)
	q.Officer, q.Category = req.Query.Officer.ID, req.Profile.Category
	q.Booth, q.At = req.Query.Booth, now
	q.Purpose, q.LegalBasis = req.Profile.Purpose, req.Profile.LegalBasis
	q.Keep(fields)
	return q
}

// answerable tells why the system cannot answer the question: what it would be searched with
// was not captured or not let through, or is nothing that systems take.
func answerable(q *system.Question, m capture.Modality) error {
	there := q.DocumentNumber != "" || q.VisaSticker != "" || q.Surname != "" || q.GivenNames != ""
	switch m {
	case capture.ModalityFinger:
		there = q.Finger != nil
	case capture.ModalityFace:
		there = q.Face != nil
	}
	if !there {
		return errors.New("the " + string(m) + " is missing in the question")
	}
	return q.Check()
}
