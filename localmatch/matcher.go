// Package localmatch looks a traveller up in the booth's own lists.
//
// A Matcher is a source of answers like the central portal, named "local". It answers for
// each list separately: about a document in two ways, by its number (package numbers) and by
// the person (package names); about a finger by its minutiae.
//
// # What is a hit by the document
//
// A finding is a hit if the number agrees character by character, the issuer is the same
// and the kinds of document do not differ; or if the number is at least alike, and the person
// is probably the same and born on the same day. Every other finding is possible: a person
// must verify. A name alone is never a hit, for many people share one. Numbers of two issuers
// are two numbers; where one side does not know the issuer, the number decides.
//
// The person is found by name, birth date, nationality and sex together. Its score is how
// likely it is the same, and each part says what it contributed. What makes a possible finding
// of one rises with the size of the list (leastOdds). Who has the very name, word for word, is always
// one if there are no birth dates to compare, for nothing else could tell. In a list of a million
// invented people, of whom 3 in 100 have no birth date, a stranger's document meets a possible
// finding in 3.5 searches of a hundred, and in 4.3 others for such a name alone; one in fifty of the
// listed would be missed without.
//
// The 64 entries of a list whose names and birth dates are likest are compared, and the discreet
// ones up to there on top, 64 at most. Nationality and sex are not part of that order. So if others
// were left out, and the last of the 64 would be a finding if nationality and sex agreed, the answer
// says that not all were compared: unavailable if nothing was found, and in its reason if something
// was. So it does if the names of the entries are so many that to compare all takes too long
// (maxWork). By the number 256 entries are found, the very number before those alike.
//
// # What is a hit by a finger
//
// A comparison's score says how rarely fingers of different persons agree so much. Who is
// searched in a list of n persons has n chances to agree by chance, so what counts is the score
// less 10·log10(n): the margin. A margin of 30 is reached by chance in one search of a
// thousand, the rate at which the entry/exit system's searches are judged (Implementing
// Decision (EU) 2019/329): from there on a finding is possible. From 40 on, one search in ten
// thousand, it is a hit. See the margins in fingers.go.
//
// The picture is read once for all lists. A finger whose position is known is compared with
// the entries' prints of that finger and with those of unknown position; one whose position is
// not known with all. A picture that shows too little answers unavailable. A list without
// fingers does not answer.
//
// # What is not known
//
// A list that was never received, is past its lease, erased or damaged, or could not be
// asked by both number and name answers unavailable with the reason; unless something was
// found, which is told even then if the list is within its lease. A list past its soft
// age, or issued in this clock's future, answers stale where it would have said no_hit.
//
// Discreet findings take the same way as all others. Whom they are shown to is decided
// where answers are shown; each answer with findings says in its Rest what it would have
// said without them. How long a search takes depends a little on what is found, some tens of
// microseconds for a document; whoever shows answers hides that (see capture/check.Beat). A
// finger's search explains a finding that is not there, lest it be milliseconds.
package localmatch

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"boothd/capture"
	"boothd/capture/mrz"
	"boothd/localmatch/gallery"
)

// List is a list that this booth is meant to have.
type List struct {
	Name   string
	System string // whose data it is: "SIS"
}

// Options are what a Matcher may be told. Log and Now may be left out.
type Options struct {
	Lists []List
	// Partial is set if whoever asks has left out on purpose what a document lacks: that no
	// number or no name could be searched by does not make an answer unavailable then.
	Partial bool
	Log     *slog.Logger
	Now     func() time.Time
}

// Finder is the lists at rest; *gallery.Gallery is one.
type Finder interface {
	Find(ctx context.Context, list string, q gallery.Question) (gallery.Found, error)
	FindFingers(ctx context.Context, list string, q gallery.FingerQuestion) (gallery.FoundFingers, error)
	HoldsFingers(list string) bool
}

var _ Finder = (*gallery.Gallery)(nil)

// Matcher answers from the local lists. It is a check.Source. Its methods may be called
// from several goroutines.
type Matcher struct {
	gallery Finder
	lists   []List
	partial bool
	log     *slog.Logger
	now     func() time.Time
}

// New returns a Matcher for the lists named in the options.
func New(g Finder, o Options) *Matcher {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Matcher{gallery: g, lists: slices.Clone(o.Lists), partial: o.Partial, log: o.Log, now: o.Now}
}

// Name is "local".
func (m *Matcher) Name() string { return "local" }

// Systems lists the systems whose lists the booth is meant to have and that the officer's
// profile may ask with the evidence, each as often as it has lists; for a finger only the
// lists that hold fingers, or of which that is not known. For a face, or a finger without a
// picture, there are none.
func (m *Matcher) Systems(q capture.Query) []string {
	var systems []string
	for _, l := range m.asked(q) {
		systems = append(systems, l.System)
	}
	return systems
}

func (m *Matcher) asked(q capture.Query) []List {
	f := q.Evidence.Finger
	if q.Evidence.Document == nil && (f == nil || len(f.PNG) == 0) {
		return nil
	}
	var lists []List
	for _, l := range m.lists {
		if q.Wants(l.System) && q.Officer.Profile.May(l.System, q.Evidence.Modality()) && (f == nil || m.gallery.HoldsFingers(l.Name)) {
			lists = append(lists, l)
		}
	}
	return lists
}

// Look answers once for each list. Every list is answered for, if need be as unavailable;
// the error is for the log. If ctx ends, the lists that are left are not answered for.
func (m *Matcher) Look(ctx context.Context, q capture.Query, answer func(capture.Answer)) error {
	lists := m.asked(q)
	if len(lists) == 0 {
		return nil
	}
	var look func(context.Context, List) (capture.Answer, error)
	if f := q.Evidence.Finger; f != nil {
		look = m.newFinger(f).look
	} else {
		look = m.newDocument(&q.Evidence.Document.Zone).look
	}
	var errs []error
	for _, l := range lists {
		a, err := look(ctx, l)
		if ctx.Err() != nil {
			return errors.Join(append(errs, ctx.Err())...)
		}
		if err != nil && reasonOf(err) == "" {
			errs = append(errs, err)
		}
		a.Evidence = q.Evidence.ID
		answer(a)
	}
	return errors.Join(errs...)
}

// documentSearch asks lists about a document.
type documentSearch struct {
	*Matcher
	*traveller
	since uint64
}

func (m *Matcher) newDocument(z *mrz.Zone) documentSearch {
	t := newTraveller(z)
	t.partial = m.partial
	return documentSearch{m, t, 0}
}

func (s documentSearch) look(ctx context.Context, l List) (capture.Answer, error) {
	q := s.question()
	q.Since = s.since
	found, err := s.gallery.Find(ctx, l.Name, q)
	return s.judge(ctx, l, found, err, s.now()), err
}
