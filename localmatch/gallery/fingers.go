package gallery

import (
	"context"
	"encoding/json"
	"errors"
	"runtime"
	"sync"
	"time"

	"boothd/internal/sqlite"
	fingerindex "boothd/localmatch/finger/index"
)

// FoundFingers is what a list holds for a finger, all of one version.
type FoundFingers struct {
	Info   Info     // Info.Fingers is how many entries were searched
	People []Person // the likest first
	// NotReady is set if the list's fingers cannot be searched yet.
	NotReady bool
	// Damaged is how many rows that could have held an answer could not be read.
	Damaged int
}

// Person is an entry with what its fingers have in common with those asked about.
type Person struct {
	Entry *Entry
	fingerindex.Candidate
}

// HoldsFingers reports whether the list has entries that can be found by a finger. It is true
// also as long as that is not known, because the list was never received or cannot be read.
// It waits for nothing.
func (g *Gallery) HoldsFingers(list string) bool {
	g.fingers.mu.Lock()
	defer g.fingers.mu.Unlock()
	n, known := g.fingers.holds[list]
	return n > 0 || !known
}

// FindFingers searches one version of the list for a person by one or several fingers. Of the
// entries it finds those that score at least what least says for a list in which so many
// entries have fingers. The error is ErrAbsent, ErrErased or ErrDamaged if the list as a whole
// cannot be asked, and fingerindex.ErrSparse if a finger shows too little.
func (g *Gallery) FindFingers(ctx context.Context, list string, probes []fingerindex.Probe, least func(entries int) float64) (FoundFingers, error) {
	found, err := g.findFingers(ctx, list, probes, least)
	if errors.Is(err, errSecretsGone) { // a new version may have come at this very moment
		found, err = g.findFingers(ctx, list, probes, least)
	}
	if errors.Is(err, ErrDamaged) || sqlite.IsCorrupt(err) || found.Damaged > 0 {
		g.noteDamage(list)
		found.Info.Damaged = true
	}
	return found, err
}

func (g *Gallery) findFingers(ctx context.Context, list string, probes []fingerindex.Probe, least func(int) float64) (FoundFingers, error) {
	defer g.fingers.enter()() // before the version is chosen
	conn, err := g.database().read.Conn(ctx)
	if err != nil {
		return FoundFingers{}, err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "BEGIN"); err != nil {
		return FoundFingers{}, err
	}
	defer conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
	s, err := g.state(ctx, conn, list)
	if err != nil {
		return FoundFingers{}, err
	}
	x, err := g.askable(s)
	if err != nil {
		return FoundFingers{}, err
	}
	f := FoundFingers{Info: g.info(s)}
	p := g.fingers.of(generationRef{list, s.Generation})
	if s.Fingers == 0 {
		return f, nil
	}
	if p == nil {
		f.NotReady = true
		g.buildFingers(list)
		return f, nil
	}
	f.Damaged = p.damaged
	candidates, err := p.index.Search(ctx, probes, fingerindex.Options{Limit: MaxFound, MinScore: least(s.Fingers)})
	switch {
	case errors.Is(err, fingerindex.ErrDamaged):
		f.Damaged++
	case err != nil:
		return f, err
	}
	for _, c := range candidates {
		if c.Key >= uint64(s.Next) {
			continue // of a later version
		}
		e, err := readEntry(ctx, conn, x, s.row(uint32(c.Key)))
		switch {
		case errors.Is(err, ErrDamaged) && g.fingers.isDropped(p, c.Key): // of an earlier version
		case errors.Is(err, ErrDamaged):
			f.Damaged++
		case err != nil:
			return f, err
		default:
			f.People = append(f.People, Person{e, c})
		}
	}
	return f, nil
}

// openFingers makes the fingers of all lists ready, in the background.
func (g *Gallery) openFingers(ctx context.Context) error {
	all, err := g.allStates(ctx, g.database().read)
	if err != nil {
		return err
	}
	for _, s := range all {
		if s.Damaged || s.Erased || s.Format != indexFormat {
			continue
		}
		g.fingers.know(s.Name, s.Fingers)
		if s.Fingers > 0 {
			g.buildFingers(s.Name)
		}
	}
	return nil
}

// showFingers shows the change of an index after its update was committed.
func (g *Gallery) showFingers(c *printChange, s *state) {
	if !g.fingers.show(c, s, g.expireFingers, s.Expires.Sub(g.now())) {
		g.buildFingers(s.Name)
	}
}

// abandonFingers undoes the change of an index after its update failed.
func (g *Gallery) abandonFingers(c *printChange) {
	if !g.fingers.abandon(c) {
		g.buildFingers(c.ref.list)
	}
}

func (g *Gallery) expireFingers(ref generationRef) { g.fingers.expire(ref, g.now()) }

// buildFingers builds the index of a list in the background, unless that is under way.
func (g *Gallery) buildFingers(list string) {
	g.fingers.mu.Lock()
	defer g.fingers.mu.Unlock()
	if g.fingers.building[list] || g.ctx.Err() != nil {
		return
	}
	g.fingers.building[list] = true
	g.builds.Go(func() {
		err := g.build(g.ctx, list)
		g.fingers.mu.Lock()
		defer g.fingers.mu.Unlock()
		delete(g.fingers.building, list)
		if err != nil && g.ctx.Err() == nil {
			g.log.Error("fingers of a list cannot be searched", "list", list, "err", err)
		}
	})
}

// build builds until it has built the version that counts.
func (g *Gallery) build(ctx context.Context, list string) error {
	for {
		start := time.Now()
		s, p, err := g.readPrints(ctx, list)
		if err != nil {
			return err
		}
		done, err := g.install(ctx, s, p)
		if err != nil {
			return err
		}
		if done && p == nil {
			return nil
		}
		if done {
			g.log.Info("fingers of a list are ready", "list", list, "version", s.Version,
				"templates", p.index.Len(), "damaged", p.damaged, "took", time.Since(start).Round(time.Millisecond))
			return nil
		}
	}
}

// install puts a built index, if there is one, on the shelf. It reports false if another
// version counts by now.
func (g *Gallery) install(ctx context.Context, built *state, p *prints) (bool, error) {
	g.writing.Lock()
	defer g.writing.Unlock()
	s, err := g.state(ctx, g.database().read, built.Name)
	if err != nil || s.Erased {
		return err == nil, err
	}
	if s.Generation != built.Generation || s.Version != built.Version {
		return false, nil
	}
	g.fingers.mu.Lock()
	defer g.fingers.mu.Unlock()
	g.fingers.holds[s.Name] = s.Fingers
	if p != nil {
		g.fingers.keep(generationRef{s.Name, s.Generation}, p, s.Expires, g.expireFingers, s.Expires.Sub(g.now()))
	}
	return true, nil
}

// sealedEntry is a row of entries.
type sealedEntry struct {
	number int64
	box    []byte
}

// readPrints builds the index of the list as it is now from its sealed entries. There is none
// if the list has no fingers, cannot be asked, is past its lease, or is ready.
func (g *Gallery) readPrints(ctx context.Context, list string) (*state, *prints, error) {
	conn, err := g.database().read.Conn(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "BEGIN"); err != nil {
		return nil, nil, err
	}
	defer conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
	s, err := g.state(ctx, conn, list)
	if err != nil {
		return nil, nil, err
	}
	if s.Erased || s.Fingers == 0 || !g.now().Before(s.Expires) || g.fingers.of(generationRef{list, s.Generation}) != nil {
		return s, nil, nil
	}
	x, err := g.askable(s)
	if err != nil {
		return nil, nil, err
	}
	p := newPrints()
	rows, err := conn.QueryContext(ctx, "SELECT number, sealed FROM entries WHERE number >= ? AND number < ?",
		s.row(0), row(s.Generation+1, 0))
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	var work sync.WaitGroup
	boxes := make(chan sealedEntry, 64)
	counts := make(chan tally, runtime.GOMAXPROCS(0))
	for range cap(counts) {
		work.Go(func() { counts <- p.fill(x, boxes) })
	}
	for rows.Next() && err == nil {
		var e sealedEntry
		if err = rows.Scan(&e.number, &e.box); err == nil {
			boxes <- e
		}
	}
	close(boxes)
	work.Wait()
	close(counts)
	if err = errors.Join(err, rows.Err()); err != nil {
		return nil, nil, err
	}
	var entries, fingers int
	for c := range counts {
		entries, fingers = entries+c.entries, fingers+c.fingers
	}
	p.damaged = max(s.Entries-entries, s.Fingers-fingers, 0)
	return s, p, nil
}

// tally counts the entries read and, of these, those with fingers.
type tally struct{ entries, fingers int }

// fill adds the fingers of entries that can be read.
func (p *prints) fill(x *secrets, boxes <-chan sealedEntry) (n tally) {
	for b := range boxes {
		plaintext, err := open(x.entries, x.list, b.number, b.box)
		if err != nil {
			continue
		}
		var e Entry
		if json.Unmarshal(plaintext, &e) != nil || p.add(uint32(b.number), &e) != nil {
			continue
		}
		n.entries++
		if len(e.Fingers) > 0 {
			n.fingers++
		}
	}
	return n
}
