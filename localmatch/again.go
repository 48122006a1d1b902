package localmatch

import (
	"context"
	"errors"

	"boothd/capture"
	"boothd/capture/mrz"
	"boothd/localmatch/finger"
)

// Again asks one list about somebody who was checked before, by the document and by the finger
// that were read then; either may be nil. It answers as Look does, of no evidence; by a finger
// only if the list holds fingers. If since is not 0, of the list only those entries are searched
// that came with a later version. Its error says that the list could not be asked, or matches
// ErrNotReady.
func (m *Matcher) Again(ctx context.Context, l List, since uint64, zone *mrz.Zone, position capture.FingerPosition, print *finger.Template) ([]capture.Answer, error) {
	var answers []capture.Answer
	var errs []error
	add := func(a capture.Answer, err error) { answers, errs = append(answers, a), append(errs, err) }
	if zone != nil {
		s := m.newDocument(zone)
		s.since = since
		add(s.look(ctx, l))
	}
	if print != nil && m.gallery.HoldsFingers(l.Name) {
		if position < 0 || position > 10 {
			position = 0
		}
		add((&fingerSearch{Matcher: m, position: position, template: print, since: since}).look(ctx, l))
	}
	return answers, errors.Join(errs...)
}
