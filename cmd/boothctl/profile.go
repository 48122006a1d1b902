package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"boothd/internal/keys"
	"boothd/internal/signed"
	"boothd/sync/grant"
	"boothd/sync/profile"
)

type profileCommand struct {
	Sign profileSign `cmd:"" help:"Sign a profile that is written in TOML."`
	Show profileShow `cmd:"" help:"Verify a signed profile and tell what it allows."`
}

type profileSign struct {
	File   string        `arg:"" type:"existingfile" help:"The profile in TOML: name, version, category, purpose, legal_basis, cleared, verifies, [[system]] name, modalities, optional, query, reply, grant."`
	Key    string        `required:"" type:"existingfile" help:"The secret signing key."`
	Out    string        `short:"o" required:"" type:"path" help:"The file to write; NAME.profile by custom. It must not exist."`
	Review time.Duration `default:"8760h" help:"When the profile is to be reviewed after its issue, if the file has no date."`
}

func (s *profileSign) Run(c *call) error {
	var p profile.Profile
	meta, err := toml.DecodeFile(s.File, &p)
	if err != nil {
		return err
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return fmt.Errorf("%s: %s: unknown key", s.File, unknown[0])
	}
	if p.Issued.IsZero() {
		p.Issued = time.Now().UTC().Truncate(time.Second)
	}
	if p.Review.IsZero() {
		p.Review = p.Issued.Add(s.Review)
	}
	key, err := keys.ReadSigning(s.Key)
	if err != nil {
		return err
	}
	text, err := profile.Sign(&p, key)
	if err != nil {
		return err
	}
	if err := keys.WriteNew(s.Out, []byte(text+"\n"), 0o644); err != nil {
		return err
	}
	c.say("%s version %d signed, to be reviewed by %s", p.Name, p.Version, p.Review.Format(time.RFC3339))
	return nil
}

type profileShow struct {
	File string   `arg:"" type:"existingfile"`
	Key  []string `required:"" type:"existingfile" help:"Public keys of which one must have signed it."`
	JSON bool     `help:"Print JSON."`
}

func (s *profileShow) Run(c *call) error {
	trusted, err := keys.ReadVerifyingAll(s.Key)
	if err != nil {
		return err
	}
	text, err := signed.ReadFile(s.File)
	if err != nil {
		return err
	}
	p, err := profile.Open(text, trusted)
	if err != nil {
		return err
	}
	if s.JSON {
		return c.json(p)
	}
	explainProfile(c, p)
	return nil
}

func explainProfile(c *call, p *profile.Profile) {
	c.say("Profile %s, version %d, is genuine.", p.Name, p.Version)
	c.say("For %s, to the purpose of %s, under %s.", p.Category, p.Purpose, p.LegalBasis)
	if now := time.Now(); now.Before(p.Review) {
		c.say("It allows the following until its review on %s.", p.Review.Format(time.DateOnly))
	} else {
		c.say("It was to be reviewed by %s and allows NOTHING any more. It allowed:", p.Review.Format(time.DateOnly))
	}
	if p.Cleared {
		c.say("Its officers see discreet findings.")
	}
	if p.Verifies {
		c.say("Its officers verify links.")
	}
	if len(p.Systems) == 0 {
		c.say("- no system: the profile was withdrawn.")
	}
	for i := range p.Systems {
		c.say("- %s", explainSystem(&p.Systems[i]))
	}
	c.say("Every other system is neither asked nor mentioned.")
}

func explainSystem(s *profile.System) string {
	is := "is asked"
	if s.Optional {
		is = "can be asked"
	}
	text := fmt.Sprintf("%s %s about: %s; with: %s; shown: %s", s.Name, is,
		words(s.Modalities), words(s.Query), words(s.Reply))
	if s.Grant != "" {
		text += "; only with a grant of " + grant.Authority(s.Grant).Meaning()
	}
	return text
}

// words joins what are names in the profile.
func words[T ~string](all []T) string {
	var w []string
	for _, s := range all {
		w = append(w, strings.ReplaceAll(string(s), "_", " "))
	}
	if len(w) == 0 {
		return "nothing but the state"
	}
	return strings.Join(w, ", ")
}
