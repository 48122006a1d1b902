package gallery

import (
	"context"

	"boothd/localmatch/gallery/segment"
)

// sealedChange is a change made ready.
type sealedChange struct {
	box []byte
	finds
}

// sealer makes the changes of a segment ready. It is for one goroutine.
type sealer struct {
	segment *segment.Writer
	prints  *printChange
	finder  *finder
	entry   Entry // of the line under way
	boxes   room[byte]
}

// seal makes change n ready. Its box is appended to dst, which may be the record's own beginning.
func (s *sealer) seal(dst []byte, n uint32, c *Change, record []byte) (sealedChange, error) {
	f, err := s.finder.of(c)
	if err != nil {
		return sealedChange{}, err
	}
	if err := s.prints.add(n, c.fingers()); err != nil {
		return sealedChange{}, err
	}
	return sealedChange{s.segment.Seal(dst, n, record), f}, nil
}

// writeRecords writes a segment, durably, and makes its indexes ready, and its fingers in an index
// of them if there is one. read gives what seal makes each change of. What is left behind after an
// error does not count, and is swept.
func writeRecords[A any](
	ctx context.Context, g *Gallery, list string, x segmentState, fingers *prints,
	read func(give func(A) bool) error, seal func(*sealer, A) (sealedChange, error),
) (*held, *printChange, error) {
	s, err := g.makeSecrets(list, x.Serial)
	if err != nil {
		return nil, nil, err
	}
	w, err := segment.Create(g.segmentFiles(list, x.Serial)[0], s.key)
	if err != nil {
		return nil, nil, err
	}
	h := &held{segmentState: x, secrets: s}
	p := &printChange{prints: fingers, held: h}
	c := newCataloguer(s)
	err = inOrder(ctx, read, func() func(A) (sealedChange, error) {
		s := &sealer{segment: w, prints: p, finder: c.finder()}
		return func(a A) (sealedChange, error) { return seal(s, a) }
	}, func(sc sealedChange) error {
		if err := c.add(&sc.finds); err != nil {
			return err
		}
		return w.Append(sc.box)
	})
	if err != nil {
		w.Abandon()
	} else {
		err = g.finish(ctx, h, w, c)
	}
	if err != nil {
		p.abandon()
		return nil, nil, err
	}
	return h, p, nil
}

// finish makes the records of a segment durable and its indexes ready.
func (g *Gallery) finish(ctx context.Context, h *held, w *segment.Writer, c *cataloguer) (err error) {
	if h.file, err = w.Finish(); err != nil {
		return err
	}
	h.Records = h.file.Len()
	if err = segment.SyncFolder(g.segmentsDir); err == nil {
		h.catalogue, err = c.build(ctx, h.file.Places())
	}
	if err != nil {
		h.file.Close()
	}
	return err
}
