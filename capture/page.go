package capture

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"boothd/capture/mrz"
	"boothd/capture/mrz/ocr"
	"boothd/devices"
)

const (
	pageTries    = 5                      // pictures of a page with a zone, to get one without doubts
	pageInterval = 150 * time.Millisecond // between two readings, so that the machine has time for others
	pageClear    = 2                      // pictures in a row without a zone, after which no page lies there
)

const layPage = "Lay the document's page under the page camera."

// anyDocument waits for a document at the reader or under the page camera, whichever gets it
// first.
func (s *Session) anyDocument(ctx context.Context, guide func(string)) (Evidence, error) {
	page := slices.Contains(s.Reads, devices.KindPageCamera)
	reader := !page || slices.Contains(s.Reads, devices.KindDocumentReader)
	atReader := func(ctx context.Context, guide func(string)) (Evidence, error) {
		return collect(ctx, s.Devices, devices.KindDocumentReader, "Present the document to the reader.", guide, s.document)
	}
	atPage := func(ctx context.Context, guide func(string)) (Evidence, error) {
		take := func(ctx context.Context, d devices.PageCamera) (Evidence, error) { return s.page(ctx, d, guide) }
		return collect(ctx, s.Devices, devices.KindPageCamera, layPage, guide, take)
	}
	switch {
	case !page:
		return atReader(ctx, guide)
	case !reader:
		return atPage(ctx, guide)
	}
	return first(ctx, guide, atReader, atPage)
}

// collecting is a way of getting a piece of evidence.
type collecting func(ctx context.Context, guide func(string)) (Evidence, error)

// first goes both ways at once and returns what the first of them gets. The traveller is
// guided by what both say.
func first(ctx context.Context, guide func(string), ways ...collecting) (Evidence, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type result struct {
		ev  Evidence
		err error
	}
	results := make(chan result, len(ways))
	say := newChorus(len(ways), guide)
	for i, way := range ways {
		go func() {
			ev, err := way(ctx, func(text string) { say(i, text) })
			results <- result{ev, err}
		}()
	}
	var got result
	for i := range ways {
		r := <-results
		if i == 0 || got.err != nil && r.err == nil {
			got = r
		}
		cancel()
	}
	return got.ev, got.err
}

// page reads a document's zone from the pictures of a page camera. A page that lay there before
// the call is not read: it may be another traveller's. Where doubts remain, the zone has
// them as faults.
func (s *Session) page(ctx context.Context, d devices.PageCamera, guide func(string)) (Evidence, error) {
	if err := s.awaitBare(ctx, d, guide); err != nil {
		return Evidence{}, err
	}
	guide("The page camera is ready. Lay the document's page under it.")
	var all readings
	for all.count < pageTries {
		reading, err := s.look(ctx, d)
		switch {
		case err == nil:
			guide("The page is being read. Leave the document where it is.")
			all.add(&reading)
			if all.settled() {
				return s.paged(d, &all), nil
			}
			continue
		case !errors.Is(err, errNoPage):
			return Evidence{}, err
		case all.count > 0:
			return Evidence{}, &devices.RetryError{Hint: devices.HintPresentAgain, Err: errors.New("the page was taken away while it was read")}
		}
		if err := pause(ctx, pageInterval); err != nil {
			return Evidence{}, err
		}
	}
	return s.paged(d, &all), nil
}

func (s *Session) paged(d devices.PageCamera, all *readings) Evidence {
	return Evidence{At: s.Now(), Device: d.Info(), Document: &Document{Zone: all.zone()}}
}

// awaitBare waits until no page lies under the camera.
func (s *Session) awaitBare(ctx context.Context, d devices.PageCamera, guide func(string)) error {
	for bare := 0; bare < pageClear; {
		_, err := s.look(ctx, d)
		switch {
		case err == nil:
			bare = 0
			guide("Take the document away from the page camera, then lay it there.")
		case errors.Is(err, errNoPage):
			bare++
		default:
			return err
		}
		if err := pause(ctx, pageInterval); err != nil {
			return err
		}
	}
	return nil
}

var errNoPage = errors.New("no zone is seen")

// look takes a picture and reads it. The error matches errNoPage if it shows no zone. Pictures
// that are damaged behind their heads are taken again.
func (s *Session) look(ctx context.Context, d devices.PageCamera) (ocr.Reading, error) {
	for damaged := 0; ; damaged++ {
		frame, err := d.Page(ctx, devices.LightVisible)
		if err != nil {
			return ocr.Reading{}, err
		}
		reading, err := ocr.ReadEncoded(ctx, frame.JPEG, s.Now())
		switch {
		case err == nil:
			return reading, nil
		case ctx.Err() != nil:
			return ocr.Reading{}, ctx.Err()
		case errors.Is(err, ocr.ErrNotFound):
			return ocr.Reading{}, errNoPage
		case damaged == pageTries:
			return ocr.Reading{}, err
		}
	}
}

// readings are those of several pictures of one page.
type readings struct {
	count    int
	versions []version
}

// version is what readings that agree say, and where all of them are doubtful: noise makes another
// place doubtful in each picture.
type version struct {
	zone   mrz.Zone
	count  int
	doubts [][2]int // line and column, from 1
}

func (r *readings) add(reading *ocr.Reading) {
	r.count++
	var doubts [][2]int
	for _, p := range reading.Doubtful {
		doubts = append(doubts, [2]int{p.Line, p.Column})
	}
	for i := range r.versions {
		v := &r.versions[i]
		if slices.Equal(v.zone.Lines, reading.Lines) {
			v.count++
			v.doubts = slices.DeleteFunc(v.doubts, func(at [2]int) bool { return !slices.Contains(doubts, at) })
			return
		}
	}
	r.versions = append(r.versions, version{reading.Zone, 1, doubts})
}

// settled reports whether nothing is left to wish for.
func (r *readings) settled() bool {
	return len(r.versions) == 1 && len(r.versions[0].doubts) == 0 && r.versions[0].zone.Valid()
}

// zone is the version to be preferred, with its doubts as faults: also of the places where
// others say something else.
func (r *readings) zone() mrz.Zone {
	best := slices.MinFunc(r.versions, func(a, b version) int {
		if a.zone.Contradictory() != b.zone.Contradictory() {
			if a.zone.Contradictory() {
				return 1
			}
			return -1
		}
		return cmp.Or(-cmp.Compare(a.count, b.count), cmp.Compare(len(a.doubts), len(b.doubts)))
	})
	z := best.zone
	for _, at := range best.doubts {
		z.Doubt(at[0], at[1])
	}
	for _, other := range r.versions {
		for i := range z.Lines {
			for k := range z.Lines[i] {
				if i >= len(other.zone.Lines) || k >= len(other.zone.Lines[i]) || other.zone.Lines[i][k] != z.Lines[i][k] {
					z.Doubt(i+1, k+1)
				}
			}
		}
	}
	return z
}

// pause waits, or returns why it could not.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// newChorus returns a function by which several voices guide: what the last ones of all said
// is put together in the voices' order.
func newChorus(voices int, guide func(string)) func(voice int, text string) {
	lines := make([]string, voices)
	turn := make(chan struct{}, 1)
	return func(voice int, text string) {
		turn <- struct{}{}
		defer func() { <-turn }()
		lines[voice] = text
		var all string
		for i, line := range lines {
			if line == "" || slices.Contains(lines[:i], line) {
				continue
			}
			if all != "" {
				all += " "
			}
			all += line
		}
		guide(all)
	}
}
