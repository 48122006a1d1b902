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

// lacking says what of the document was not read that the system may be searched with;
// empty if nothing is lacking. The system itself cannot tell that from what it may not be
// told.
func lacking(q *system.Question, fields []system.Field) string {
	switch {
	case slices.Contains(fields, system.FieldName) && q.Surname == "" && q.GivenNames == "":
		return "no name was read"
	case slices.Contains(fields, system.FieldDocumentNumber) && q.DocumentNumber == "" && q.VisaSticker == "":
		return "no document number was read"
	}
	return ""
}

// limited makes a reply that found nothing unavailable if the search lacked something.
func limited(r system.Reply, lack string) system.Reply {
	switch {
	case lack == "" || r.State == capture.StateUnavailable:
	case len(r.Findings) == 0 && (r.State == capture.StateNoHit || r.State == capture.StateStale):
		r.State, r.Reason = capture.StateUnavailable, lack
	case r.Rest == nil || r.Rest.State != capture.StateUnavailable:
		r.Rest = &capture.Rest{State: capture.StateUnavailable, Reason: lack}
	}
	return r
}
