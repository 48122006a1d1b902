package demo

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"path/filepath"
	"time"

	"boothd/capture"
	"boothd/internal/keys"
	"boothd/sync/grant"
	"boothd/sync/profile"
	"boothd/sync/signin"
	"boothd/sync/system"
)

// The files of the demo's signed documents.
const (
	profilesFolder  = "profiles"
	officersFile    = "officers.json"
	revocationsFile = "revoked.jws"
)

// everything is every part of a reply.
func everything() []profile.Part {
	return []profile.Part{
		profile.PartFindings, profile.PartAction, profile.PartName, profile.PartExplanation, profile.PartFacts, profile.PartLinks,
	}
}

// asks is a system that a profile may ask, with all that the law lets it be asked with.
func asks(name string, modalities ...capture.Modality) profile.System {
	return profile.System{Name: name, Modalities: modalities, Query: system.Allowed(name), Reply: everything()}
}

// profiles are those of the demo's officers.
func profiles(now time.Time) []profile.Profile {
	const document, finger = capture.ModalityDocument, capture.ModalityFinger
	first := []profile.System{
		asks(system.SIS, document, finger), asks(system.SLTD, document), asks("national", document, finger),
		asks(system.VIS, document, finger), asks(system.EES, document, finger), asks(system.ETIAS, document),
		asks(system.TDAWN, document), asks(system.CIR, document, finger),
	}
	convictions := asks(system.ECRISTCN, document)
	convictions.Optional = true
	second := append(append([]profile.System{}, first...),
		asks(system.Europol, document), asks(system.Eurodac, finger), convictions)
	make := func(name, purpose, basis string, cleared bool, systems []profile.System) profile.Profile {
		return profile.Profile{
			Name: name, Version: uint64(now.Unix()), Category: "border guard", Purpose: purpose, LegalBasis: basis,
			Cleared: cleared, Systems: systems, Issued: now, Review: now.AddDate(1, 0, 0),
		}
	}
	schengen := "Regulation (EU) 2016/399, Article 8"
	all := []profile.Profile{
		make("first-line", "border check", schengen, false, first),
		make("second-line", "thorough second-line check", schengen, true, second),
		make("investigation", "serious crime", "Regulation (EU) 2019/817, Article 22", true, []profile.System{
			asks(system.EES, document, finger), asks(system.VIS, document, finger), asks(system.ETIAS, document), asks(system.Eurodac, finger),
		}),
	}
	all[1].Verifies = true
	return all
}

// person is somebody who may sign in at the demo's issuer.
type person struct {
	id, passphrase string
	profiles       []string
	roles          []string
}

func people() []person {
	return []person{
		{"officer-1", "training one", []string{"first-line"}, []string{"officer"}},
		{"officer-2", "training two", []string{"second-line", "first-line"}, []string{"officer", "second-line"}},
		{"supervisor-1", "training three", []string{"first-line"}, []string{"officer", "supervisor"}},
		{"inspector-1", "training four", []string{"investigation"}, []string{"law-enforcement"}},
		{"auditor-1", "training five", []string{"investigation"}, []string{"data-protection"}},
	}
}

// writeOfficers writes the file of the issuer's officers.
func writeOfficers(dir string) error {
	var file struct {
		Officers []signin.Officer `json:"officers"`
	}
	for _, p := range people() {
		hash, err := signin.HashPassphrase(p.passphrase)
		if err != nil {
			return err
		}
		file.Officers = append(file.Officers, signin.Officer{ID: p.id, Passphrase: hash, Profiles: p.profiles, Roles: p.roles})
	}
	b, err := json.MarshalIndent(file, "", "  ")
	if err != nil {
		return err
	}
	return keys.WriteNew(filepath.Join(dir, officersFile), b, 0o600)
}

// Renew signs the profiles and the list of revoked grants anew. A list that is older than
// two days counts no more at booths, so this is done at each start and once in a while.
func (f *Folder) Renew(now time.Time) error {
	authority, err := keys.ReadSigning(f.Path("authority-signing"))
	if err != nil {
		return err
	}
	set := profile.NewSet(authority.Public().(ed25519.PublicKey))
	for _, p := range profiles(now) {
		text, err := profile.Sign(&p, authority)
		if err == nil {
			_, err = set.Add(text)
		}
		if err != nil {
			return err
		}
	}
	court, err := f.Court()
	if err != nil {
		return err
	}
	revoked, err := grant.SignRevocations(&grant.Revocations{Version: uint64(now.Unix()), Issued: now, IDs: []string{}}, court)
	if err != nil {
		return err
	}
	return errors.Join(set.WriteFolder(f.Path(profilesFolder)), replace(f.Path(revocationsFile), []byte(revoked), 0o644))
}

// Court is the key that signs the demo's grants.
func (f *Folder) Court() (ed25519.PrivateKey, error) {
	return keys.ReadSigning(f.Path("court-signing"))
}
