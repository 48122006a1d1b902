package localmatch

import (
	"context"
	"errors"
	"time"

	"boothd/capture"
	"boothd/capture/mrz"
	"boothd/localmatch/finger"
	"boothd/localmatch/gallery"
)

// Print is a finger that was read.
type Print struct {
	Position capture.FingerPosition
	Template *finger.Template
}

// Again asks one list about somebody who was checked before, by the documents and the fingers
// that were read then. It answers as Look does, of no evidence, for each of them; by fingers only
// if the list holds some. If since is not 0, of the list only those entries are searched that
// came with a later version.
//
// Its error says that the list did not answer for all of them, as Look says by unavailable: it
// is to be asked again. The findings of the answers count all the same. It is no error that a
// document lacks its number or name, that a finger shows too little or that too many entries
// resemble the traveller: asking again would not tell more. The error matches ErrNotReady or
// one of package gallery's if that is why.
func (m *Matcher) Again(ctx context.Context, l List, since uint64, zones []mrz.Zone, prints []Print) ([]capture.Answer, error) {
	w := &witness{Finder: m.gallery}
	asking := *m
	asking.gallery = w
	var answers []capture.Answer
	var errs []error
	add := func(a capture.Answer, err error) {
		switch reason := unusable(l, w.info, nil, m.now()); {
		case err != nil:
		case reason != "":
			err = errors.New(reason)
		case w.damaged > 0:
			err = errors.New(reasonDamaged)
		}
		answers, errs = append(answers, a), append(errs, err)
	}
	for i := range zones {
		s := asking.newDocument(&zones[i])
		s.since, s.traveller.partial = since, true
		add(s.look(ctx, l))
	}
	if !m.gallery.HoldsFingers(l.Name) {
		prints = nil
	}
	for _, p := range prints {
		if p.Position < 0 || p.Position > 10 {
			p.Position = 0
		}
		add((&fingerSearch{Matcher: &asking, position: p.Position, template: p.Template, since: since}).look(ctx, l))
	}
	return answers, errors.Join(append(errs, ctx.Err())...)
}

// witness is the lists at rest, and notes in what state the list was that was asked last.
type witness struct {
	Finder
	info    gallery.Info
	damaged int
}

func (w *witness) Find(ctx context.Context, list string, q gallery.Question) (gallery.Found, error) {
	found, err := w.Finder.Find(ctx, list, q)
	w.info, w.damaged = found.Info, found.Damaged
	return found, err
}

func (w *witness) FindFingers(ctx context.Context, list string, q gallery.FingerQuestion) (gallery.FoundFingers, error) {
	found, err := w.Finder.FindFingers(ctx, list, q)
	w.info, w.damaged = found.Info, found.Damaged
	return found, err
}

// Unusable reports whether a list as a whole answers unavailable at the moment: it is past its
// lease or another system's.
func Unusable(l List, info gallery.Info, now time.Time) bool {
	return unusable(l, info, nil, now) != ""
}
