package profile

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"boothd/capture"
	"boothd/sync/grant"
	"boothd/sync/system"
)

// MaxReview is the longest time from a profile's issue to its review.
const MaxReview = 366 * 24 * time.Hour

const (
	maxText    = 256 // bytes of category, purpose and legal basis
	maxSystems = 64
)

// namePattern is how profiles and systems may be called.
var namePattern = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// Error names every fault of a profile.
type Error struct {
	Profile string // its name, if that is one
	Faults  []string
}

func (e *Error) Error() string {
	return "profile " + e.Profile + ": " + strings.Join(e.Faults, "; ")
}

// faults collects what is wrong.
type faults []string

func (f *faults) unless(ok bool, format string, args ...any) {
	if !ok {
		*f = append(*f, fmt.Sprintf(format, args...))
	}
}

// Validate names every fault of the profile in an *[Error].
func (p *Profile) Validate() error {
	var f faults
	named := namePattern.MatchString(p.Name)
	f.unless(named, "name: 1 to 64 letters, digits, dots, hyphens and underscores")
	f.unless(p.Version > 0, "version: must be 1 or more")
	for _, t := range []struct{ key, text string }{
		{"category", p.Category}, {"purpose", p.Purpose}, {"legal_basis", p.LegalBasis},
	} {
		f.unless(plainText(t.text), "%s: 1 to %d bytes of plain text", t.key, maxText)
	}
	f.unless(!p.Issued.IsZero(), "issued: is missing")
	f.unless(p.Review.After(p.Issued), "review: must be after the issue")
	f.unless(p.Review.Sub(p.Issued) <= MaxReview, "review: must be within 366 days of the issue")
	f.unless(len(p.Systems) <= maxSystems, "system: at most %d", maxSystems)
	seen := map[string]bool{}
	for i := range p.Systems {
		s := &p.Systems[i]
		if !namePattern.MatchString(s.Name) {
			f.unless(false, "system[%d].name: is no name of a system", i)
			continue
		}
		f.unless(!seen[s.Name], "%s: is there twice", s.Name)
		seen[s.Name] = true
		s.validate(&f)
	}
	if len(f) == 0 {
		return nil
	}
	if !named {
		return &Error{"without a name", f}
	}
	return &Error{p.Name, f}
}

// plainText reports whether the text is there, not too long and printable.
func plainText(s string) bool {
	return strings.TrimSpace(s) != "" && len(s) <= maxText &&
		!strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

func (s *System) validate(f *faults) {
	s.validateQuery(f)
	f.unless(len(s.Modalities) > 0, "%s: modalities: is missing", s.Name)
	for i, m := range s.Modalities {
		f.unless(!slices.Contains(s.Modalities[:i], m), "%s: modalities: %q is there twice", s.Name, m)
		switch with, known := askedWith[m]; {
		case !known:
			f.unless(false, "%s: modalities: there is no %q", s.Name, m)
		case !slices.ContainsFunc(with, s.asks):
			f.unless(false, "%s: query: has no field to ask with a %s", s.Name, m)
		}
	}
	for i, part := range s.Reply {
		f.unless(part.valid(), "%s: reply: there is no %q", s.Name, part)
		f.unless(!slices.Contains(s.Reply[:i], part), "%s: reply: %q is there twice", s.Name, part)
	}
	f.unless(s.Name != system.CIR || s.asks(system.FieldIdentify),
		"%s: query: must have %q: it is asked for a stated reason only", s.Name, system.FieldIdentify)
	switch grant.Authority(s.Grant) {
	case "":
	case grant.Judicial, grant.HighRank:
		f.unless(s.asks(system.FieldGrant), "%s: query: must have %q, since it needs one", s.Name, system.FieldGrant)
	default:
		f.unless(false, "%s: grant: must be %q or %q", s.Name, grant.Judicial, grant.HighRank)
	}
}

func (s *System) validateQuery(f *faults) {
	allowed := system.Allowed(s.Name)
	for i, field := range s.Query {
		f.unless(slices.Contains(allowed, field), "%s: query: may not be asked with %q", s.Name, field)
		f.unless(!slices.Contains(s.Query[:i], field), "%s: query: %q is there twice", s.Name, field)
	}
}

func (s *System) asks(field system.Field) bool { return slices.Contains(s.Query, field) }

// askedWith has, for each modality, the fields of which one at least must be asked with.
var askedWith = map[capture.Modality][]system.Field{
	capture.ModalityDocument: {system.FieldDocumentNumber, system.FieldVisaSticker, system.FieldName},
	capture.ModalityFinger:   {system.FieldFinger},
	capture.ModalityFace:     {system.FieldFace},
}

func (p Part) valid() bool {
	switch p {
	case PartFindings, PartAction, PartName, PartExplanation, PartFacts, PartLinks:
		return true
	}
	return false
}
