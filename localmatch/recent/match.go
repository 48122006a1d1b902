package recent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"boothd/capture"
	"boothd/capture/mrz"
	"boothd/localmatch"
	"boothd/localmatch/finger"
	"boothd/localmatch/gallery"
)

// Found is a check whose traveller an entry names. Personal data.
type Found struct {
	Check   string // its id
	Booth   string
	Profile string    // the name of the officer's
	At      time.Time // of the check
	// Answer is what the system would have said; it has the finding, and neither evidence
	// nor source.
	Answer capture.Answer
}

// LogValue keeps the finding out of logs.
func (f Found) LogValue() slog.Value { return slog.StringValue("found check " + f.Check) }

// Match compares the entries of a system with the checks that share a digest or resemble a finger,
// and returns what the checks did not find themselves. It finds less than a search of the
// entries would: see the package. What goes wrong with one check does not keep the others from
// being compared; the error tells of it.
func (s *Store) Match(ctx context.Context, system string, entries []gallery.Entry) ([]Found, error) {
	var found []Found
	var errs []error
	for i := range entries {
		ids, err := s.named(ctx, &entries[i])
		if err == nil && len(entries[i].Fingers) > 0 {
			var more []string
			more, err = s.touched(ctx, &entries[i])
			ids = append(ids, more...)
		}
		if err != nil {
			errs = append(errs, err)
		}
		slices.Sort(ids)
		for _, id := range slices.Compact(ids) {
			f, err := s.compare(ctx, id, system, &entries[i], len(entries))
			if err != nil {
				errs = append(errs, err)
			}
			if f != nil {
				found = append(found, *f)
			}
		}
		if ctx.Err() != nil {
			break
		}
	}
	if err := errors.Join(errs...); err != nil {
		return found, fmt.Errorf("match recent checks: %w", err)
	}
	return found, nil
}

// named returns the checks with a digest of the entry.
func (s *Store) named(ctx context.Context, e *gallery.Entry) ([]string, error) {
	var ids []string
	for _, k := range gallery.KeysOf(e) {
		d := k.Digest(s.secret)
		rows, err := s.db.QueryContext(ctx, "SELECT check_id FROM recent_key WHERE digest = $1", d[:])
		if err != nil {
			return ids, err
		}
		for rows.Next() {
			var id string
			if err := rows.Scan(&id); err != nil {
				rows.Close()
				return ids, err
			}
			ids = append(ids, id)
		}
		if err := rows.Err(); err != nil {
			return ids, err
		}
	}
	return ids, nil
}

// compare opens one check and compares it with the entry, one of so many that are new. It
// returns the best of what the check did not find itself.
func (s *Store) compare(ctx context.Context, id, system string, e *gallery.Entry, entries int) (*Found, error) {
	c, err := s.read(ctx, id)
	if err != nil || c == nil || s.now().Sub(c.At) > Keep {
		return nil, err
	}
	a := capture.Answer{System: system, AsOf: s.now(), At: s.now()}
	take := func(m capture.Modality, f capture.Finding) {
		if !c.saw(system, &f) && (len(a.Findings) == 0 || a.State != capture.StateHit && f.State == capture.StateHit) {
			a.Modality, a.State, a.Findings = m, f.State, []capture.Finding{f}
		}
	}
	for _, z := range c.zonesFor(system) {
		if f, ok := localmatch.Compare(&z, e); ok {
			take(capture.ModalityDocument, f)
		}
	}
	if a.State != capture.StateHit {
		var prints []localmatch.Print
		prints, err = c.printsFor(system)
		for _, p := range prints {
			if f, ok, _ := localmatch.CompareFinger(p.Position, p.Template, e, s.prints.len()*entries); ok {
				take(capture.ModalityFinger, f)
			}
		}
	}
	if len(a.Findings) == 0 {
		return nil, err
	}
	return &Found{Check: c.ID, Booth: c.Booth, Profile: c.Profile, At: c.At, Answer: a}, err
}

// zonesFor are the documents by which the system may be asked.
func (c *Check) zonesFor(system string) []mrz.Zone {
	if !c.may(system, capture.ModalityDocument) {
		return nil
	}
	return c.Zones
}

// printsFor are the fingers by which the system may be asked; see prints.
func (c *Check) printsFor(system string) ([]localmatch.Print, error) {
	if !c.may(system, capture.ModalityFinger) {
		return nil, nil
	}
	return c.prints()
}

// prints are the fingers of the check. The error is errSealed if one cannot be read; the others
// are returned.
func (c *Check) prints() (all []localmatch.Print, err error) {
	for _, p := range c.Prints {
		t := new(finger.Template)
		if t.UnmarshalBinary(p.Template) != nil {
			err = errSealed
			continue
		}
		all = append(all, localmatch.Print{Position: p.Position, Template: t})
	}
	return all, err
}
