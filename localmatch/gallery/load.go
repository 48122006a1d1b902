package gallery

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"boothd/localmatch/gallery/segment"
)

// openLists reads which lists there are and makes them ready in the background.
func (g *Gallery) openLists(ctx context.Context) error {
	if err := g.readSeen(ctx); err != nil {
		return err
	}
	all, err := readStates(ctx, g.database().read, g.states)
	if err != nil {
		return err
	}
	for _, s := range all {
		l := newList(s.Name, ErrNotReady)
		g.mu.Lock()
		g.lists[s.Name] = l
		g.mu.Unlock()
		g.sweep(l, s)
		g.work.Go(func() { g.prepare(g.ctx, l, s) })
	}
	return g.sweepUnknown()
}

// sweepUnknown removes the files of lists of which there is no state: a first update that was
// lost, or a database that was set aside, has left them.
func (g *Gallery) sweepUnknown() error {
	for _, dir := range []string{g.keysDir, g.segmentsDir} {
		files, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		for _, f := range files {
			name, serial, _ := strings.Cut(f.Name(), ".")
			if !ValidListName(name) || serial == "" || serial[0] < '0' || serial[0] > '9' || g.list(name) != nil {
				continue
			}
			g.sweep(newList(name, ErrAbsent), nil)
		}
	}
	return nil
}

// sweep removes what updates that were lost, and segments that were replaced, have left. s is
// the state that counts; nil if there is none.
func (g *Gallery) sweep(l *list, s *state) {
	live := map[uint32]bool{l.reserved: true}
	if s != nil {
		if s.Damaged { // what it is made of is not known
			return
		}
		for _, x := range s.Segments {
			live[x.Serial] = true
		}
	}
	if err := g.keep(l.name, live); err != nil {
		g.log.Warn("files of a list that are not needed could not be removed", "list", l.name, "err", err)
	}
}

// prepare makes a list ready after a start. An update may wait for that and keep others from
// writing, so what is written comes afterwards.
func (g *Gallery) prepare(ctx context.Context, l *list, s *state) {
	err := g.load(ctx, l, s)
	close(l.loaded)
	switch {
	case errors.Is(err, errNoKey):
		g.eraseRest(ctx, l, s)
	case errors.Is(err, errOvertaken): // indexes may have been cached that do not count any more
		l.writing.Lock()
		g.tidy(l)
		l.writing.Unlock()
	}
	g.settle(l, nil)
}

// load makes a list ready to be asked, unless it was received or erased meanwhile. The error is
// errOvertaken then, else why the list cannot be asked.
func (g *Gallery) load(ctx context.Context, l *list, s *state) error {
	began := time.Now()
	v, err := g.loadView(ctx, s)
	why := err
	switch {
	case err != nil && ctx.Err() != nil:
		return ctx.Err()
	case err != nil && !errors.Is(err, ErrErased):
		why = ErrDamaged
	}
	if !l.start(v, why) {
		v.close()
		return errOvertaken
	}
	switch why {
	case nil:
		g.expect(l)
		g.buildPrints(l)
		g.log.Info("list is ready", "list", s.Name, "version", s.Version, "entries", s.Entries, "took", time.Since(began).Round(time.Millisecond))
	case ErrDamaged:
		g.log.Error("list cannot be asked: it must be received again", "list", s.Name, "err", err)
	}
	return err
}

// errNoKey says that a list has lost a key: its erasure was cut off.
var errNoKey = errors.New("a key is gone")

// eraseRest removes what the erasure of a list has left, unless the list was received since.
func (g *Gallery) eraseRest(ctx context.Context, l *list, s *state) {
	l.writing.Lock()
	defer l.writing.Unlock()
	now, err := readState(ctx, g.database().read, g.states, l.name)
	if err == nil && sameSegments(now, s) {
		err = g.keep(l.name, nil)
	}
	if err != nil {
		g.log.Warn("files of a list that was being erased could not be removed", "list", l.name, "err", err)
	}
}

func (g *Gallery) loadView(ctx context.Context, s *state) (*view, error) {
	switch {
	case s.Erased:
		return nil, ErrErased
	case s.Damaged, s.Format != stateFormat:
		return nil, ErrDamaged
	}
	v := &view{state: s}
	for _, x := range s.Segments {
		h, err := g.openSegment(ctx, s.Name, x)
		if err != nil {
			v.close()
			return nil, fmt.Errorf("segment %d: %w", x.Serial, err)
		}
		v.parts = append(v.parts, part{held: h})
	}
	for i := range v.parts {
		if _, err := v.shadow(ctx, i); err != nil {
			v.close()
			return nil, err
		}
	}
	return v, nil
}

// close closes the files of a view that is not shown; nil has none.
func (v *view) close() {
	if v == nil {
		return
	}
	for _, p := range v.parts {
		p.file.Close()
	}
}

// segmentFiles are the files of a segment: the records, and the cached indexes.
func (g *Gallery) segmentFiles(list string, serial uint32) []string {
	base := filepath.Join(g.segmentsDir, fmt.Sprintf("%s.%d", list, serial))
	return []string{base + ".records", base + ".index"}
}

// openSegment opens a segment with its cached indexes or, if they are not good, with new ones.
func (g *Gallery) openSegment(ctx context.Context, list string, x segmentState) (*held, error) {
	s, err := g.readSecrets(list, x.Serial)
	if errors.Is(err, fs.ErrNotExist) {
		err = errNoKey
	}
	if err != nil {
		return nil, errors.Join(ErrDamaged, err)
	}
	files := g.segmentFiles(list, x.Serial)
	info, err := os.Stat(files[0])
	if err != nil {
		return nil, errors.Join(ErrDamaged, err)
	}
	h := &held{segmentState: x, secrets: s}
	err = segment.ReadStream(files[1], s.key, func(r io.Reader) (err error) {
		h.catalogue, err = readCatalogue(r, s, info.Size())
		return err
	})
	if err == nil && h.catalogue.places.Len() == x.Records {
		h.file, err = segment.Open(files[0], s.key, h.catalogue.places)
		return h, err
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	g.log.Info("indexes of a list are made anew", "list", list, "segment", x.Serial, "why", err)
	if err := g.reindex(ctx, h, files[0]); err != nil {
		return nil, err
	}
	g.cache(list, h)
	return h, nil
}

// cache stores the indexes of a segment for the next start. Without it they are made anew.
func (g *Gallery) cache(list string, h *held) {
	if g.database().write == nil { // only inspected
		return
	}
	err := segment.WriteStream(g.segmentFiles(list, h.Serial)[1], h.secrets.key, h.catalogue.write)
	if l := g.list(list); err != nil && (l == nil || l.holds(h)) {
		g.log.Warn("indexes of a list not cached", "list", list, "err", err)
	}
}

// cacheHeld is cache for a segment of the version that counts. If the list is replaced or erased
// meanwhile, nothing stays.
func (g *Gallery) cacheHeld(l *list, h *held) {
	if !l.holds(h) {
		return
	}
	g.cache(l.name, h)
	if !l.holds(h) {
		l.writing.Lock()
		defer l.writing.Unlock()
		g.tidy(l)
	}
}

// reindex makes the indexes of a segment from its records. If one of them is damaged, so is the
// list: by what it was to be found is not known.
func (g *Gallery) reindex(ctx context.Context, h *held, path string) error {
	f, err := segment.Open(path, h.secrets.key, nil)
	if err != nil {
		return errors.Join(ErrDamaged, err)
	}
	c := newCataloguer(h.secrets)
	err = inOrder(ctx, func(give func(segment.Box) bool) error {
		return f.Scan(ctx, func(b segment.Box) error {
			if !give(b) {
				return ctx.Err()
			}
			return nil
		})
	}, func() func(segment.Box) (finds, error) {
		finder := c.finder()
		return func(b segment.Box) (finds, error) {
			_, record, err := f.Unseal(b)
			if err != nil {
				return finds{}, err
			}
			change, err := readRecord(record)
			if err != nil {
				return finds{}, err
			}
			return finder.of(&change)
		}
	}, func(x finds) error { return c.add(&x) })
	if err == nil && f.Len() != h.Records {
		err = fmt.Errorf("%d records, want %d: %w", f.Len(), h.Records, ErrDamaged)
	}
	if err == nil {
		h.file = f
		h.catalogue, err = c.build(ctx, f.Places())
	}
	if err != nil {
		f.Close()
		if errors.Is(err, segment.ErrDamaged) {
			err = errors.Join(ErrDamaged, err)
		}
	}
	return err
}
