package system

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"boothd/capture"
)

// Limits of the contract. A body, picture or text of a question beyond them is refused; what a
// reply has beyond them is cut off.
const (
	MaxQuestion = 4 << 20    // bytes of a question's body
	MaxReply    = 1 << 20    // bytes of a reply's body
	MaxPicture  = 2560 << 10 // bytes of a finger or portrait, before base64
	MaxName     = 64         // bytes of an id or of a system's name
	MaxText     = 512        // bytes of any other text
	MaxFindings = 64         // open ones, and as many discreet ones
	MaxParts    = 16         // of a finding's explanation
	MaxFacts    = 64
	MaxLinks    = 64 // open ones, and as many discreet ones
)

// Errors of questions and replies. Their texts name fields and never quote what they hold.
var (
	// ErrRefused is matched when a question or a reply does not keep the contract.
	ErrRefused = errors.New("refused")
	// ErrTooLarge is matched when a body is beyond its limit.
	ErrTooLarge = errors.New("too large")
)

// Check reports what a question has that no system is asked with: a text too long or with
// control characters, a date that is none, a picture that is too large. Errors match
// ErrRefused.
func (q *Question) Check() error {
	if q.ID == "" || q.System == "" {
		return fmt.Errorf("%w: question without id or system", ErrRefused)
	}
	for _, t := range q.texts() {
		if len(t.value) > t.limit || !printable(t.value) {
			return fmt.Errorf("%w: %s is too long or does not print", ErrRefused, t.name)
		}
	}
	for name, date := range map[string]string{"birth date": q.BirthDate, "expiry date": q.ExpiryDate} {
		if date != "" && !ValidDate(date) {
			return fmt.Errorf("%w: %s is no date", ErrRefused, name)
		}
	}
	if q.Sex != "" && q.Sex != "M" && q.Sex != "F" {
		return fmt.Errorf("%w: sex is not M or F", ErrRefused)
	}
	if f := q.Finger; f != nil && (f.Position < 0 || f.Position > 10 || len(f.PNG) > MaxPicture) {
		return fmt.Errorf("%w: no such finger, or a picture of more than %d bytes", ErrRefused, MaxPicture)
	}
	if q.Face != nil && len(q.Face.JPEG) > MaxPicture {
		return fmt.Errorf("%w: portrait of more than %d bytes", ErrRefused, MaxPicture)
	}
	return nil
}

type text struct {
	name, value string
	limit       int
}

func (q *Question) texts() []text {
	all := []text{
		{"id", q.ID, MaxName},
		{"system", q.System, MaxName},
		{"officer", q.Officer, MaxText},
		{"category", q.Category, MaxText},
		{"booth", q.Booth, MaxText},
		{"purpose", q.Purpose, MaxText},
		{"legal basis", q.LegalBasis, MaxText},
		{"grant", q.Grant, MaxText},
		{"document number", q.DocumentNumber, MaxText},
		{"document type", q.DocumentType, MaxText},
		{"issuer", q.Issuer, MaxText},
		{"expiry date", q.ExpiryDate, MaxText},
		{"visa sticker", q.VisaSticker, MaxText},
		{"surname", q.Surname, MaxText},
		{"given names", q.GivenNames, MaxText},
		{"birth date", q.BirthDate, MaxText},
		{"sex", q.Sex, MaxText},
		{"nationality", q.Nationality, MaxText},
	}
	if q.Finger != nil {
		all = append(all, text{"missing finger", string(q.Finger.Missing), MaxText})
	}
	if i := q.Identify; i != nil {
		all = append(all, text{"ground", string(i.Ground), MaxText}, text{"best interests", i.BestInterests, MaxText})
	}
	return all
}

// ValidDate reports whether s is "2006-01-02", "2006-01" or "2006".
func ValidDate(s string) bool {
	return slices.ContainsFunc([]string{time.DateOnly, "2006-01", "2006"}, func(layout string) bool {
		_, err := time.Parse(layout, s)
		return err == nil
	})
}

// Checked returns the reply as it may be handed on: within the limits, without characters
// that do not print, its data no newer than now. How many open findings were cut off is said
// in the reason; of discreet ones nothing is said. A reply that contradicts itself, has a state
// or a link's colour that is not known, or a score outside 0 to 1 is an error that matches
// ErrRefused. r is left as it is.
func (r Reply) Checked(now time.Time) (Reply, error) {
	if err := r.check(); err != nil {
		return Reply{}, fmt.Errorf("%w: reply %w", ErrRefused, err)
	}
	if r.AsOf.After(now) {
		r.AsOf = now
	}
	r.Reason = clip(r.Reason)
	r.Rest = checkedRest(r.Rest)
	switch r.State {
	case capture.StateHit, capture.StatePossible:
		r = limitFindings(r)
	default:
		r.Rest, r.Findings = nil, nil
	}
	r.Facts = limitFacts(r.Facts)
	r.Links = limitLinks(r.Links)
	return r, nil
}

func (r *Reply) check() error {
	switch r.State {
	case capture.StateHit, capture.StatePossible:
	case capture.StateNoHit, capture.StateUnavailable, capture.StateStale:
		if len(r.Findings) > 0 {
			return fmt.Errorf("says %s and has findings", r.State)
		}
	default:
		return errors.New("has a state that is not known")
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		if !(f.Score >= 0 && f.Score <= 1) {
			return errors.New("has a score outside 0 to 1")
		}
		if f.State != capture.StateHit && f.State != capture.StatePossible {
			return errors.New("has a finding that is neither hit nor possible")
		}
		if slices.ContainsFunc(f.Explanation, func(p capture.Part) bool { return math.IsNaN(p.Weight) || math.IsInf(p.Weight, 0) }) {
			return errors.New("has an explanation whose weight is no number")
		}
	}
	for _, l := range r.Links {
		if !l.Colour.Valid() {
			return errors.New("has a link of a colour that is not known")
		}
		if len(l.Systems) == 0 || len(l.Systems) > MaxLinks {
			return errors.New("has a link that names no or too many systems")
		}
	}
	if r.Rest != nil && r.Rest.State != capture.StateNoHit && r.Rest.State != capture.StateStale && r.Rest.State != capture.StateUnavailable {
		return errors.New("has a rest whose state cannot be")
	}
	return nil
}

func checkedRest(r *capture.Rest) *capture.Rest {
	if r == nil || r.State == capture.StateNoHit {
		return nil
	}
	return &capture.Rest{State: r.State, Reason: clip(r.Reason)}
}

// limitFindings keeps the findings within the limits, hits rather than what is possible. Discreet
// ones take no open one's place, and the system's own reason, which could speak of them, is
// not taken.
func limitFindings(r Reply) Reply {
	r.Reason = ""
	type group struct{ hit, discreet bool }
	of := func(f capture.Finding) group { return group{f.State == capture.StateHit, f.Discreet} }
	there, kept := map[group]int{}, map[group]int{}
	for _, f := range r.Findings {
		there[of(f)]++
	}
	all := r.Findings
	r.Findings = nil
	for _, f := range all {
		room := MaxFindings
		if g := of(f); g.hit {
			r.State = capture.StateHit
		} else {
			room -= min(there[group{true, g.discreet}], room)
		}
		if kept[of(f)]++; kept[of(f)] <= room {
			r.Findings = append(r.Findings, limitFinding(f))
		}
	}
	if more := there[group{true, false}] + there[group{false, false}] - MaxFindings; more > 0 {
		r.Reason = fmt.Sprintf("%d more findings", more)
	}
	return r
}

func limitFinding(f capture.Finding) capture.Finding {
	f.By = capture.By(clip(string(f.By)))
	for _, s := range []*string{&f.Entry, &f.Category, &f.Action, &f.Name, &f.Needs} {
		*s = clip(*s)
	}
	f.Explanation = slices.Clone(f.Explanation[:min(len(f.Explanation), MaxParts)])
	for i := range f.Explanation {
		p := &f.Explanation[i]
		for _, s := range []*string{&p.What, &p.Asked, &p.Found, &p.Note} {
			*s = clip(*s)
		}
	}
	return f
}

func limitFacts(facts []capture.Fact) []capture.Fact {
	facts = slices.Clone(facts[:min(len(facts), MaxFacts)])
	for i := range facts {
		facts[i] = capture.Fact{Code: capture.FactCode(clip(string(facts[i].Code))), Value: clip(facts[i].Value)}
	}
	return facts
}

func limitLinks(all []capture.Link) []capture.Link {
	var links []capture.Link
	seen := map[bool]int{}
	for _, l := range all {
		if seen[l.Discreet]++; seen[l.Discreet] > MaxLinks {
			continue
		}
		l.ID, l.Work, l.Systems = clip(l.ID), clip(l.Work), slices.Clone(l.Systems)
		for i := range l.Systems {
			l.Systems[i] = clip(l.Systems[i])
		}
		links = append(links, l)
	}
	return links
}

// printable reports whether every character of s prints where and as it stands: control
// characters do not, nor do those that turn the direction of writing and could make one name
// look like another.
func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, hidden)
}

func hidden(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }

// Clip cuts s to at most n bytes at a character's border, and takes out what does not print:
// control characters, and those that turn the direction of writing and could make one name
// look like another.
func Clip(s string, n int) string {
	if len(s) <= n && printable(s) {
		return s
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) > n {
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n]
	}
	return strings.Map(func(r rune) rune {
		if hidden(r) {
			return -1
		}
		return r
	}, s)
}

// clip is Clip to the longest that a reply's texts may be.
func clip(s string) string { return Clip(s, MaxText) }
