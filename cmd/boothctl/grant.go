package main

import (
	"bufio"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	"boothd/internal/keys"
	"boothd/internal/signed"
	"boothd/sync/grant"
)

type grantCommand struct {
	Subject grantSubject `cmd:"" help:"Print what a grant calls a person, who is read from standard input."`
	Sign    grantSign    `cmd:"" help:"Sign an authorisation of a court, a high rank or the public prosecutor."`
	Show    grantShow    `cmd:"" help:"Verify a signed grant and tell what it permits."`
	Revoke  grantRevoke  `cmd:"" help:"Issue the next list of revoked grants; without IDs, the same list anew."`
}

type grantSubject struct{}

const maxSubject = 512 // bytes of the line

// Run reads the person from standard input: arguments are in the list of processes.
func (grantSubject) Run(c *call) error {
	line, err := bufio.NewReader(io.LimitReader(c.in, maxSubject)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	subject := ""
	switch parts := strings.Split(strings.TrimSpace(line), ";"); len(parts) {
	case 2:
		subject = grant.SubjectOf(parts[0], parts[1])
	case 3:
		subject = grant.SubjectOfPerson(parts[0], parts[1], strings.TrimSpace(parts[2]))
	}
	if subject == "" {
		return errors.New(`standard input: want "DOCUMENT NUMBER; ISSUER" or "SURNAME; GIVEN NAMES; BIRTH DATE" in Latin letters`)
	}
	c.say("%s", subject)
	return nil
}

type grantSign struct {
	Key       string        `required:"" type:"existingfile" help:"The authority's secret signing key."`
	Out       string        `short:"o" required:"" type:"path" help:"The file to write. It must not exist."`
	ID        string        `name:"id" help:"The grant's id; a random one if left out."`
	Authority string        `required:"" enum:"judicial,high_rank,prosecutor" help:"judicial, high_rank or prosecutor."`
	By        string        `required:"" help:"Who gives it, with rank."`
	Reference string        `required:"" help:"Of the court or the file."`
	Deed      []string      `required:"" help:"query, access or release."`
	System    []string      `help:"Whose data; none for a release."`
	Subject   string        `required:"" help:"What \"grant subject\" printed of the person."`
	From      time.Time     `help:"When it begins to be valid; now if left out."`
	For       time.Duration `default:"24h" help:"How long it is valid."`
	Single    bool          `help:"It may be used once only."`
}

func (s *grantSign) Run(c *call) error {
	g := grant.Grant{
		ID: s.ID, Authority: grant.Authority(s.Authority), By: s.By, Reference: s.Reference,
		Systems: s.System, Subject: s.Subject, Issued: s.From.UTC(), Single: s.Single,
	}
	for _, d := range s.Deed {
		g.Deeds = append(g.Deeds, grant.Deed(d))
	}
	if g.ID == "" {
		g.ID = rand.Text()
	}
	if s.From.IsZero() {
		g.Issued = time.Now().UTC().Truncate(time.Second)
	}
	g.Expires = g.Issued.Add(s.For)
	key, err := keys.ReadSigning(s.Key)
	if err != nil {
		return err
	}
	text, err := grant.Sign(&g, key)
	if err != nil {
		return err
	}
	if err := keys.WriteNew(s.Out, []byte(text+"\n"), 0o600); err != nil {
		return err
	}
	c.say("grant %s signed, valid until %s", g.ID, g.Expires.Format(time.RFC3339))
	return nil
}

type grantShow struct {
	File    string   `arg:"" type:"existingfile"`
	Key     []string `required:"" type:"existingfile" help:"Public keys of which one must have signed it."`
	Revoked string   `type:"existingfile" help:"The signed list of revoked grants."`
	JSON    bool     `help:"Print JSON."`
}

func (s *grantShow) Run(c *call) error {
	g, err := readGrant(s.File, s.Key)
	if err != nil {
		return err
	}
	trusted, err := keys.ReadVerifyingAll(s.Key)
	if err != nil {
		return err
	}
	revoked := grant.NewRevoked(trusted...)
	if s.Revoked != "" {
		if err := revoked.ReadFile(s.Revoked); err != nil {
			return err
		}
	}
	if s.JSON {
		return c.json(g)
	}
	return explainGrant(c, g, revoked)
}

func readGrant(path string, keyFiles []string) (*grant.Grant, error) {
	trusted, err := keys.ReadVerifyingAll(keyFiles)
	if err != nil {
		return nil, err
	}
	text, err := signed.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return grant.Open(text, grant.AnyAuthority(trusted...))
}

// explainGrant fails if the grant does not count now.
func explainGrant(c *call, g *grant.Grant, revoked *grant.Revoked) error {
	c.say("Grant %s is genuine: given by %s (%s), reference %s.", g.ID, g.By, g.Authority.Meaning(), g.Reference)
	deeds := map[grant.Deed]string{
		grant.DeedQuery: "to ask", grant.DeedAccess: "to see the data behind a flag of", grant.DeedRelease: "to hand over data of the person",
	}
	for _, d := range g.Deeds {
		if d == grant.DeedRelease {
			c.say("It permits %s.", deeds[d])
			continue
		}
		c.say("It permits %s %s.", deeds[d], strings.Join(g.Systems, ", "))
	}
	c.say("It is about one person, whom it does not name: %s.", g.Subject)
	if g.Single {
		c.say("It may be used once; whether it was is known where it was used.")
	}
	c.say("It is valid from %s until %s.", g.Issued.Format(time.RFC3339), g.Expires.Format(time.RFC3339))
	now := time.Now()
	switch {
	case revoked.Has(g.ID):
		c.say("It was REVOKED and counts no more.")
	case now.Before(g.Issued):
		c.say("It does NOT count yet.")
	case !now.Before(g.Expires):
		c.say("It has EXPIRED and counts no more.")
	case revoked.Document() == "":
		c.say("Whether it was revoked is not known: no list was given.")
		return nil
	default:
		c.say("It was not revoked, as of %s.", revoked.Issued().Format(time.RFC3339))
		return nil
	}
	return errUnwell
}

type grantRevoke struct {
	List string   `required:"" type:"path" help:"The list in force; made if it is not there."`
	Key  string   `required:"" type:"existingfile" help:"The secret key that signs it."`
	Drop []string `help:"IDs to take off the list, since their grants have expired."`
	ID   []string `arg:"" optional:"" name:"id" help:"The grants that count no more."`
}

func (r *grantRevoke) Run(c *call) error {
	key, err := keys.ReadSigning(r.Key)
	if err != nil {
		return err
	}
	trusted := key.Public().(ed25519.PublicKey)
	list := &grant.Revocations{}
	text, err := signed.ReadFile(r.List)
	if err == nil {
		list, err = grant.OpenRevocations(text, []ed25519.PublicKey{trusted})
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read %s: %w", r.List, err)
	}
	list.Version++
	list.Issued = time.Now().UTC()
	list.IDs = slices.DeleteFunc(append(list.IDs, r.ID...), func(id string) bool { return slices.Contains(r.Drop, id) })
	slices.Sort(list.IDs)
	list.IDs = slices.Compact(list.IDs)
	text, err = grant.SignRevocations(list, key)
	if err != nil {
		return err
	}
	next := grant.NewRevoked(trusted)
	if _, err := next.Add(text); err != nil {
		return err
	}
	if err := next.WriteFile(r.List); err != nil {
		return err
	}
	c.say("list of revoked grants version %d: %d grants", list.Version, len(list.IDs))
	return nil
}
