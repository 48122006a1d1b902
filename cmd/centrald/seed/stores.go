package seed

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"boothd/capture"
	"boothd/cmd/centrald/border"
	"boothd/cmd/centrald/identity"
	"boothd/cmd/centrald/register"
	"boothd/cmd/centrald/store"
	"boothd/cmd/centrald/visa"
	"boothd/localmatch/gallery"
	"boothd/sync/system"
)

// National is the name of the national system, as the demo's portal calls it.
const National = "national"

// Stores are central's, all on one database. What is nil or missing is a system that this
// central does not hold itself; it is left out.
type Stores struct {
	DB        *store.DB
	Registers map[string]*register.Register // by system; also those of EES, VIS and CIR
	EES       *border.EES
	VIS       *visa.VIS
	ETIAS     *visa.ETIAS
	CIR       *identity.CIR // opened with Links
	Links     *identity.Links
	Now       func() time.Time // time.Now if nil
	// NoPrints leaves out the fingers of whoever is known otherwise too, of which each takes long
	// to make. Nobody is verified by them then.
	NoPrints bool

	prints *printShelf // keeps prints from one seeding to the next; nil for none
}

// printShelf keeps the prints of travellers, which take long to make.
type printShelf struct{ made sync.Map }

func (s *Stores) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

// batch is what is about to be put into the stores.
type batch struct {
	entries        map[string][]gallery.Entry // by system
	files          []border.File
	visas          []visa.Visa
	authorisations []visa.Authorisation
	repository     []identity.File
	watched        []identity.Record // entries of systems beside the repository, to be linked
	verified       []verified
	err            error // of what could not be made
}

// verified is what the second line found out about the links of an entry.
type verified struct {
	identity.Member
	colour capture.LinkColour
}

func newBatch() *batch { return &batch{entries: map[string][]gallery.Entry{}} }

// put writes the batch. The repository is s.CIR, or one that detects no links.
func (b *batch) put(ctx context.Context, s *Stores, repository *identity.CIR) error {
	err := b.err
	for _, step := range []func() error{
		func() error { return b.putEntries(ctx, s) },
		func() error { return b.putPermissions(ctx, s) },
		func() error {
			if repository == nil {
				return nil
			}
			return repository.Put(ctx, b.repository...)
		},
		func() error { return b.link(ctx, s) },
	} {
		if err == nil {
			err = step()
		}
	}
	if err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	return nil
}

// putEntries puts what is in registers, and the files of the entry/exit system.
func (b *batch) putEntries(ctx context.Context, s *Stores) error {
	for name, entries := range b.entries {
		if r := s.Registers[name]; r != nil {
			if err := r.Put(ctx, entries...); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	if s.EES == nil {
		return nil
	}
	return s.EES.Put(ctx, b.files...)
}

func (b *batch) putPermissions(ctx context.Context, s *Stores) error {
	if s.VIS != nil {
		if err := s.VIS.Put(ctx, b.visas...); err != nil {
			return err
		}
	}
	if s.ETIAS == nil {
		return nil
	}
	return s.ETIAS.Put(ctx, b.authorisations...)
}

// link looks for links of the watched entries and records what the second line found out.
func (b *batch) link(ctx context.Context, s *Stores) error {
	if s.CIR == nil || s.Links == nil {
		return nil
	}
	for _, r := range b.watched {
		others, err := s.CIR.Similar(ctx, r)
		if err == nil {
			err = s.Links.Detect(ctx, []identity.Record{r}, others...)
		}
		if err != nil {
			return err
		}
	}
	for _, v := range b.verified {
		links, err := s.Links.Of(ctx, v.System, v.Entry, everySystem())
		if err != nil {
			return err
		}
		for _, k := range links {
			err := s.Links.Verify(ctx, identity.Verification{
				Link: k.ID, Colour: v.colour, Officer: "officer-2", Why: whyVerified[v.colour],
				Sight: identity.Sight{Systems: everySystem(), Cleared: true},
			})
			if err != nil && !errors.Is(err, identity.ErrVerified) { // by somebody since the last run
				return err
			}
		}
	}
	return nil
}

var whyVerified = map[capture.LinkColour]string{
	capture.LinkGreen: "two persons: the fingers and the faces differ",
	capture.LinkRed:   "one person: the fingers are the same, the second passport was forged",
}

// everySystem lists the systems that links may be between.
func everySystem() []string {
	return []string{system.SIS, system.VIS, system.EES, system.ETIAS, system.Eurodac, system.ECRISTCN, system.Europol, National}
}
