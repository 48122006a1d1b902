package main

import (
	"crypto/ed25519"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"boothd/capture"
	"boothd/capture/mrz"
	"boothd/cmd/boothd/config"
	"boothd/internal/keys"
	"boothd/sync/grant"
	"boothd/sync/profile"
	"boothd/sync/system"
)

// signedProfile is a profile that asks the systems about documents.
func signedProfile(name string, version uint64, review time.Time, grant string, systems ...string) *profile.Profile {
	p := &profile.Profile{
		Name: name, Version: version, Category: "border guard", Purpose: "border check", LegalBasis: "Regulation (EU) 2016/399 Art 8",
		Issued: review.AddDate(0, -6, 0), Review: review,
	}
	fields := []system.Field{system.FieldDocumentNumber, system.FieldDocumentType, system.FieldIssuer}
	if grant != "" {
		fields = append(fields, system.FieldGrant)
	}
	for _, s := range systems {
		p.Systems = append(p.Systems, profile.System{
			Name: s, Modalities: []capture.Modality{capture.ModalityDocument}, Query: fields,
			Reply: []profile.Part{profile.PartFindings}, Grant: grant,
		})
	}
	return p
}

func signing(t *testing.T, dir, name string) (ed25519.PrivateKey, string) {
	t.Helper()
	path := filepath.Join(dir, name)
	key, err := keys.GenerateSigning(path)
	if err != nil {
		t.Fatal(err)
	}
	return key, path + ".pub"
}

func TestProfilesInForce(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	key, public := signing(t, dir, "central")
	c := &config.Config{}
	c.Booth.State = dir
	c.Portal.ProfileKeys = []string{public}
	of := func(name string, systems ...string) capture.Profile {
		return capture.Profile{Name: name, Systems: map[capture.Modality][]string{capture.ModalityDocument: systems}}
	}
	c.Profiles = []capture.Profile{of("first-line", "SIS"), of("patrol", "SLTD")}
	p, err := newProfiles(c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*profile.Profile{
		signedProfile("first-line", 2, now.AddDate(0, 3, 0), "", "SIS", "VIS"),
		signedProfile("second-line", 1, now.AddDate(0, 3, 0), "judicial", "Europol"),
		signedProfile("old", 1, now.AddDate(0, 0, -1), "", "SIS"),
	} {
		text, err := profile.Sign(s, key)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.signed.Add(text); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.signed.WriteFolder(c.ProfilesDir()); err != nil {
		t.Fatal(err)
	}
	if p, err = newProfiles(c, slog.New(slog.DiscardHandler)); err != nil { // as after a restart without a line
		t.Fatal(err)
	}
	for name, want := range map[string][]string{
		"first-line":  {"SIS", "VIS"}, // central's overrides the table
		"second-line": {"Europol"},    // central's extends the tables
		"patrol":      {"SLTD"},       // the table's, which central does not know
		"old":         nil,            // past its review
		"nobody's":    nil,
	} {
		got := p.inForce(capture.Officer{ID: "officer-1", Token: "t", Profile: of(name, "ETIAS")})
		if systems := got.Profile.Systems[capture.ModalityDocument]; !slices.Equal(systems, want) || got.Profile.Name != name || got.ID != "officer-1" || got.Token != "t" {
			t.Errorf("%s may ask %v, want %v", name, systems, want)
		}
	}
	if got := p.overdue(now); !slices.Equal(got, []string{"old"}) {
		t.Errorf("past their review: %v", got)
	}
	if p.grant("second-line", "Europol") != "judicial" || p.grant("first-line", "SIS") != "" || p.grant("patrol", "SLTD") != "" {
		t.Error("grants that are needed are not told")
	}
	b := &booth{profiles: p}
	if got, want := b.systems(), []string{"Europol", "SIS", "SLTD", "VIS"}; !slices.Equal(got, want) {
		t.Errorf("systems of all profiles %v, want %v", got, want)
	}
}

func TestGrantsAreVerifiedWithoutALine(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	court, public := signing(t, dir, "court")
	other, _ := signing(t, dir, "other")
	c := &config.Config{}
	c.Booth.State = dir
	if none, err := newGrants(c, slog.New(slog.DiscardHandler)); none != nil || err != nil {
		t.Errorf("without keys: %v, %v", none, err)
	}
	c.Portal.GrantKeys.Judicial = []string{public}
	g, err := newGrants(c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	list, err := grant.SignRevocations(&grant.Revocations{Version: 1, Issued: now, IDs: []string{"g-2"}}, court)
	if err != nil {
		t.Fatal(err)
	}
	zone := &mrz.Zone{DocumentNumber: "L898902C3", Issuer: "UTO", Surname: "ERIKSSON", GivenNames: "ANNA", BirthDate: mrz.Date{Year: 1974, Month: 8, Day: 12}}
	subject := grant.SubjectOf("L898902C3", "UTO")
	signed := func(id, subject string, expires time.Duration, key ed25519.PrivateKey) string {
		text, err := grant.Sign(&grant.Grant{
			ID: id, Authority: grant.Judicial, By: "Judge A, district court", Reference: "12 Js 345/26", Deeds: []grant.Deed{grant.DeedQuery},
			Systems: []string{"Europol"}, Subject: subject, Issued: now.Add(-48 * time.Hour), Expires: now.Add(expires),
		}, key)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	if err := g.VerifyGrant(t.Context(), signed("g-1", subject, time.Hour, court), zone); !errors.Is(err, grant.ErrOldList) {
		t.Errorf("without a list of revoked grants: %v", err)
	}
	if _, err := g.verifier.Revocations.Add(list); err != nil {
		t.Fatal(err)
	}
	person := grant.SubjectOfPerson("ERIKSSON", "ANNA", "1974-08-12")
	for name, test := range map[string]struct {
		text string
		zone *mrz.Zone
		want error
	}{
		"about the document":       {signed("g-1", subject, time.Hour, court), zone, nil},
		"about the person":         {signed("g-1", person, time.Hour, court), zone, nil},
		"about somebody else":      {signed("g-1", grant.SubjectOf("X1", "UTO"), time.Hour, court), zone, grant.ErrSubject},
		"with no document read":    {signed("g-1", subject, time.Hour, court), nil, grant.ErrSubject},
		"expired":                  {signed("g-1", subject, -time.Hour, court), zone, grant.ErrExpired},
		"revoked":                  {signed("g-2", subject, time.Hour, court), zone, grant.ErrRevoked},
		"of a key that is unknown": {signed("g-1", subject, time.Hour, other), zone, errAny},
		"no grant at all":          {"a.b.c", zone, errAny},
	} {
		err := g.VerifyGrant(t.Context(), test.text, test.zone)
		if test.want == errAny && err == nil || test.want != errAny && !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}

var errAny = errors.New("any error")
