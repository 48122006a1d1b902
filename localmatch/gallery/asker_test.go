package gallery

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	fingerindex "boothd/localmatch/finger/index"
)

// asker asks a list again and again while it changes.
type asker struct {
	*story
	t     *testing.T
	g     *Gallery
	r     *rand.Rand
	last  uint64          // the latest version that answered
	seen  map[uint64]bool // versions that answered
	other func(error) bool
}

// whileAsked runs do while two goroutines ask. other says which errors may come.
func (s *story) whileAsked(t *testing.T, g *Gallery, other func(error) bool, do func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var asking sync.WaitGroup
	var mu sync.Mutex
	versions := map[uint64]bool{}
	for n := range uint64(2) {
		asking.Go(func() {
			a := asker{story: s, t: t, g: g, r: rand.New(rand.NewPCG(n, 3)), seen: map[uint64]bool{}, other: other}
			for ctx.Err() == nil && !t.Failed() {
				a.ask()
			}
			mu.Lock()
			defer mu.Unlock()
			maps.Copy(versions, a.seen)
		})
	}
	do()
	cancel()
	asking.Wait()
	t.Logf("%d versions answered", len(versions))
}

func (a *asker) ask() {
	switch a.r.IntN(4) {
	case 0:
		a.number()
	case 1:
		a.named(0)
	case 2:
		a.named(max(a.last, 1) - uint64(a.r.IntN(3))%max(a.last, 1))
	case 3:
		a.finger()
	}
}

// answered reports whether an answer is to be looked at: it is not one of an older version than
// was there before.
func (a *asker) answered(i Info, damaged int, err error) bool {
	if err != nil {
		if !a.other(err) {
			a.t.Error(err)
		}
		return false
	}
	if i.Version < a.last || damaged > 0 || i.Damaged || i.Entries != len(a.all(i.Version)) {
		a.t.Errorf("after version %d: %+v, %d damaged", a.last, i, damaged)
		return false
	}
	a.last, a.seen[i.Version] = i.Version, true
	return true
}

func (a *asker) number() {
	i := a.r.IntN(a.people)
	_, since := a.entry(i, max(a.last, 1))
	f, err := a.g.Find(context.Background(), a.list, withNumber(storyNumber(since, i)))
	if !a.answered(f.Info, f.Damaged, err) {
		return
	}
	e, now := a.entry(i, f.Info.Version)
	there := e != nil && now == since
	if there != (len(f.Entries) == 1) || len(f.Entries) > 1 || there && f.Entries[0].ID != e.ID {
		a.t.Errorf("version %d: %s finds %d entries", f.Info.Version, storyNumber(since, i), len(f.Entries))
	}
}

// named asks for the name that all have.
func (a *asker) named(since uint64) {
	q := withName(1970, "NAME", "SAME")
	q.Since = since
	f, err := a.g.Find(context.Background(), a.list, q)
	if !a.answered(f.Info, f.Damaged, err) {
		return
	}
	want := a.all(f.Info.Version)
	for _, e := range f.Entries {
		if want[e.ID] != e.Documents[0].Number {
			a.t.Errorf("version %d holds %s with %s, want %q", f.Info.Version, e.ID, e.Documents[0].Number, want[e.ID])
		}
		delete(want, e.ID)
	}
	for i := range a.people { // those that are left came before
		if e, came := a.entry(i, f.Info.Version); e != nil && came > since && want[e.ID] != "" {
			a.t.Errorf("version %d since %d lacks %s of version %d", f.Info.Version, since, e.ID, came)
		}
	}
}

func (a *asker) finger() {
	if len(a.hands) == 0 {
		return
	}
	i := a.r.IntN(len(a.hands))
	f, err := a.g.FindFingers(context.Background(), a.list, byFingers(fingerindex.Probe{Position: 2, Template: a.hands[i].laid}))
	if !a.answered(f.Info, f.Damaged, err) || f.NotReady {
		return
	}
	want, _ := a.entry(i, f.Info.Version)
	hits := 0
	for _, p := range f.People {
		e, _ := a.entry(slices.IndexFunc(a.hands, func(h hand) bool { return slices.Equal(p.Entry.Fingers[0].Data, a.data(h)) }), f.Info.Version)
		if e == nil || p.Entry.Documents[0].Number != e.Documents[0].Number {
			a.t.Errorf("version %d: found by finger %s with %s", f.Info.Version, p.Entry.ID, p.Entry.Documents[0].Number)
		}
		if want != nil && p.Entry.ID == want.ID {
			hits++
		}
	}
	if hits > 1 || hits == 0 && want != nil {
		a.t.Errorf("version %d: p%d found %d times by its finger", f.Info.Version, i, hits)
	}
}

func (a *asker) data(h hand) []byte {
	b, err := h.listed.AppendBinary(nil)
	if err != nil {
		a.t.Error(err)
	}
	return b
}

func never(error) bool { return false }
