package register

import (
	"context"
	"errors"
	"time"

	"boothd/capture"
	"boothd/localmatch"
	"boothd/localmatch/finger/index"
	"boothd/localmatch/gallery"
)

// search is one question at work. It makes the register what localmatch looks lists up in, and
// keeps the entries that were read, so that nothing is read twice.
type search struct {
	*Register
	read map[string]*gallery.Entry
}

var _ localmatch.Finder = (*search)(nil)

// ask asks the engine. The error is the database's or the end of ctx.
func (s *search) ask(ctx context.Context, evidence capture.Evidence) (capture.Answer, error) {
	name := s.opt.System
	m := localmatch.New(s, localmatch.Options{
		Lists: []localmatch.List{{Name: name, System: name}}, Partial: true, Log: s.opt.Log, Now: s.opt.Now,
	})
	q := capture.Query{Evidence: evidence}
	q.Officer.Profile.Systems = map[capture.Modality][]string{evidence.Modality(): {name}}
	var a capture.Answer
	err := m.Look(ctx, q, func(got capture.Answer) { a = got })
	return a, err
}

// info says that the system's data is current: it is asked itself.
func (s *search) info() gallery.Info {
	now := s.opt.Now()
	return gallery.Info{Name: s.opt.System, System: s.opt.System, Issued: now, Expires: now.Add(time.Hour)}
}

// Find looks the question's keys up, all in one statement. If there are more than can be told, those of
// the first key, which is the document number's if there is one, come before namesakes.
func (s *search) Find(ctx context.Context, _ string, q gallery.Question) (gallery.Found, error) {
	keys := q.Keys()
	found := gallery.Found{Info: s.info()}
	digests := make([]any, len(keys))
	for i, k := range keys {
		digests[i] = s.digest(k)
	}
	all, err := numberedEntries(ctx, s.db, s.tables.sql(`SELECT e.num, e.entry FROM (
		SELECT num, min(CASE digest WHEN $1 THEN 0 ELSE 1 END) AS far FROM @key
		WHERE digest IN `+list(len(keys))+` GROUP BY num ORDER BY far, num LIMIT 257) k
		JOIN @entry e ON e.num = k.num ORDER BY k.far, k.num`), digests...) // gallery.MaxFound and one
	if err != nil {
		return found, err
	}
	if len(all) > gallery.MaxFound {
		all, found.More = all[:gallery.MaxFound], true
	}
	for _, n := range all {
		e, err := decode(n.entry)
		if err != nil {
			found.Damaged++
			continue
		}
		found.Entries = append(found.Entries, e)
		s.read[e.ID] = e
	}
	return found, nil
}

// HoldsFingers is true of every system that is asked with a finger: it answers that it
// found nothing, even if it has no fingers at all.
func (s *search) HoldsFingers(string) bool { return true }

// maxSearches is how often a search is made whose people are changed meanwhile.
const maxSearches = 4

// FindFingers searches the index and reads the entries that it names. Somebody who was
// replaced meanwhile is looked for again, lest nobody be found who was there all the time.
func (s *search) FindFingers(ctx context.Context, _ string, q gallery.FingerQuestion) (gallery.FoundFingers, error) {
	for try := 1; ; try++ {
		found, missing, err := s.findFingers(ctx, q)
		if err != nil || missing == 0 {
			return found, err
		}
		if try == maxSearches {
			found.Damaged += missing
			return found, nil
		}
	}
}

// findFingers also says how many people were found who are not there any more.
func (s *search) findFingers(ctx context.Context, q gallery.FingerQuestion) (found gallery.FoundFingers, missing int, err error) {
	found.Info = s.info()
	f, err := s.catchUp(ctx)
	if err != nil {
		return found, 0, err
	}
	found.Info.Fingers = max(f.persons, 1) // a system without fingers was searched too
	found.Damaged = f.damaged
	candidates, err := f.index.Search(ctx, q.Probes, index.Options{Limit: gallery.MaxFound, MinScore: q.Least(f.persons)})
	switch {
	case errors.Is(err, index.ErrDamaged):
		found.Damaged++
	case err != nil:
		return found, 0, err
	}
	nums := make([]int64, len(candidates))
	for i, c := range candidates {
		nums[i] = int64(c.Key)
	}
	entries, damaged, err := entriesAt(ctx, s.db.DB, s.tables, nums)
	if err != nil {
		return found, 0, err
	}
	found.Damaged += damaged
	for _, c := range candidates {
		e, there := entries[int64(c.Key)]
		switch {
		case !there:
			missing++
		case e != nil:
			found.People = append(found.People, gallery.Person{Entry: e, Candidate: c})
			s.read[e.ID] = e
		}
	}
	return found, missing, nil
}
