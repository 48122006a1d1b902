package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"boothd/capture"
	"boothd/capture/check"
	"boothd/capture/mrz"
	"boothd/cmd/boothd/config"
	"boothd/internal/keys"
	"boothd/sync/grant"
	"boothd/sync/profile"
)

// profiles are those in force: central's signed ones, and those of the configuration whose
// names central does not use.
type profiles struct {
	local  []capture.Profile
	signed *profile.Set // nil without keys
	now    func() time.Time
}

func newProfiles(c *config.Config, log *slog.Logger) (*profiles, error) {
	p := &profiles{local: c.Profiles, now: time.Now}
	if len(c.Portal.ProfileKeys) == 0 {
		return p, nil
	}
	trusted, err := keys.ReadVerifyingAll(c.Portal.ProfileKeys)
	if err != nil {
		return nil, err
	}
	p.signed = profile.NewSet(trusted...)
	faults, err := p.signed.ReadFolder(c.ProfilesDir())
	for _, f := range faults {
		log.Warn("profile that was kept is not in force", "file", f.File, "error", f.Err)
	}
	return p, err
}

// named returns the profile of that name as it is now. One that is past its review, and one
// that nobody has defined, allows nothing.
func (p *profiles) named(name string) capture.Profile {
	if p.signed != nil {
		signed, err := p.signed.Get(name, p.now())
		switch {
		case err == nil:
			return signed.Booth()
		case !errors.Is(err, profile.ErrUnknown):
			return capture.Profile{Name: name}
		}
	}
	for _, l := range p.local {
		if l.Name == name {
			return l
		}
	}
	return capture.Profile{Name: name}
}

// inForce returns the officer with the profile as it is now.
func (p *profiles) inForce(o capture.Officer) capture.Officer {
	o.Profile = p.named(o.Profile.Name)
	return o
}

// all returns every profile that allows something.
func (p *profiles) all(now time.Time) []capture.Profile {
	var all []capture.Profile
	for _, l := range p.local {
		all = append(all, p.named(l.Name))
	}
	if p.signed == nil {
		return all
	}
	for _, s := range p.signed.All() {
		if now.Before(s.Review) {
			all = append(all, s.Booth())
		}
	}
	return all
}

// overdue names the signed profiles that are past their review.
func (p *profiles) overdue(now time.Time) []string {
	var names []string
	if p.signed == nil {
		return nil
	}
	for _, s := range p.signed.All() {
		if !now.Before(s.Review) {
			names = append(names, s.Name)
		}
	}
	return names
}

// grant tells which kind of grant a signed profile needs for a system.
func (p *profiles) grant(name, system string) string {
	if p.signed == nil {
		return ""
	}
	signed, err := p.signed.Get(name, p.now())
	if err != nil {
		return ""
	}
	for _, s := range signed.Systems {
		if s.Name == system {
			return s.Grant
		}
	}
	return ""
}

// minimise leaves in an answer what the officer's profile lets through, if central has signed
// it. One that is past its review lets through nothing but the state.
func (p *profiles) minimise(name string, a capture.Answer) capture.Answer {
	if p.signed == nil {
		return a
	}
	signed, err := p.signed.Get(name, p.now())
	switch {
	case errors.Is(err, profile.ErrUnknown):
		return a
	case err != nil:
		signed = &profile.Profile{}
	}
	return signed.Minimise(a)
}

// source returns a source that hands on of each answer what the officer's profile lets
// through, as central does with its own.
func (p *profiles) source(s check.Source) check.Source { return minimising{s, p} }

type minimising struct {
	check.Source
	profiles *profiles
}

func (m minimising) Look(ctx context.Context, q capture.Query, answer func(capture.Answer)) error {
	return m.Source.Look(ctx, q, func(a capture.Answer) { answer(m.profiles.minimise(q.Officer.Profile.Name, a)) })
}

// grants verifies grants without a line.
type grants struct{ verifier *grant.Verifier }

var _ check.GrantVerifier = (*grants)(nil)

// newGrants returns nil if the booth is given no keys of authorities.
func newGrants(c *config.Config, log *slog.Logger) (*grants, error) {
	if c.Portal.GrantKeys.Empty() {
		return nil, nil
	}
	trusted, err := c.Portal.GrantKeys.Read()
	if err != nil {
		return nil, err
	}
	central, err := keys.ReadVerifyingAll(c.Portal.ProfileKeys)
	if err != nil {
		return nil, err
	}
	revoked := grant.NewRevoked(append(central, trusted.All()...)...)
	if err := revoked.ReadFile(c.RevokedPath()); err != nil {
		log.Warn("list of revoked grants that was kept does not count", "error", err)
	}
	return &grants{&grant.Verifier{Keys: trusted, Revocations: revoked}}, nil
}

// VerifyGrant reports by nil that the grant is genuine, in force and about the holder of the
// document. For which system it is, and whether it was used, central looks at.
func (g *grants) VerifyGrant(_ context.Context, text string, zone *mrz.Zone) error {
	found, err := g.verifier.Look(text)
	if err != nil {
		return err
	}
	if zone == nil {
		return grant.ErrSubject
	}
	subject := grant.SubjectOf(zone.DocumentNumber, zone.Issuer)
	if found.Subject != subject {
		subject = grant.SubjectOfPerson(zone.Surname, zone.GivenNames, zone.BirthDate.ISO())
	}
	want := grant.Want{Authority: found.Authority, Deed: grant.DeedQuery, Subject: subject}
	if len(found.Systems) > 0 {
		want.System = found.Systems[0]
	}
	return found.Covers(want, time.Now())
}

// How often signed documents are fetched from central.
const (
	fetchEvery = time.Hour
	fetchAgain = time.Minute // after it failed
)

// fetchDocuments fetches what central has signed, at once and then hourly, until ctx ends.
func (b *booth) fetchDocuments(ctx context.Context) error {
	for {
		wait := fetchEvery
		if err := errors.Join(b.fetchProfiles(ctx), b.fetchRevoked(ctx)); err != nil && ctx.Err() == nil {
			b.log.Warn("signed documents not fetched", "error", err)
			wait = fetchAgain
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

// fetchProfiles puts central's profiles in force and keeps them for when it cannot be asked.
func (b *booth) fetchProfiles(ctx context.Context) error {
	if b.profiles.signed == nil {
		return nil
	}
	texts, err := b.portal.Profiles(ctx)
	if err != nil {
		return err
	}
	for _, text := range texts {
		if _, err := b.profiles.signed.Add(text); err != nil {
			b.log.Warn("profile of central refused", "error", err)
		}
	}
	return b.profiles.signed.WriteFolder(b.config.ProfilesDir())
}

func (b *booth) fetchRevoked(ctx context.Context) error {
	if b.grants == nil {
		return nil
	}
	texts, err := b.portal.Revoked(ctx)
	if err != nil {
		return err
	}
	revoked := b.grants.verifier.Revocations
	for _, text := range texts {
		if _, err := revoked.Add(text); err != nil {
			b.log.Warn("list of revoked grants refused", "error", err)
		}
	}
	return revoked.WriteFile(b.config.RevokedPath())
}
