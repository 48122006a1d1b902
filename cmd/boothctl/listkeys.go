package main

import (
	"crypto/ed25519"
	"fmt"
	"os"
	"strings"
	"time"

	"boothd/internal/keys"
	"boothd/sync/watchlist"
)

type listKeys struct {
	New     keysNew     `cmd:"" help:"Write a keys document, not signed yet."`
	Sign    keysSign    `cmd:"" help:"Add a root key's signature to a keys document."`
	Show    keysShow    `cmd:"" help:"Prove a keys document and tell what it says."`
	Install keysInstall `cmd:"" help:"Prove a keys document and put it into the lists' folder."`
}

// rootFlags name the keys above all others.
type rootFlags struct {
	Root      []string `required:"" type:"existingfile" help:"The public root keys, each once."`
	Threshold int      `default:"2" help:"How many of them must have signed."`
}

func (r *rootFlags) roots() (watchlist.Roots, error) {
	public, err := keys.ReadVerifyingAll(r.Root)
	roots := watchlist.Roots{Keys: public, Threshold: r.Threshold}
	if err == nil {
		err = roots.Validate()
	}
	return roots, err
}

const day = 24 * time.Hour

type keysNew struct {
	Out    string   `short:"o" required:"" type:"path" help:"The file to write. It must not exist."`
	Serial uint64   `required:"" help:"Higher than that of the document before."`
	Days   int      `default:"90" help:"How long booths go by the document."`
	Key    []string `sep:"none" help:"A public key that may sign lists, as PATH, PATH=LIST,LIST or PATH=LIST,LIST@FROM/UNTIL (days)."`
	Order  []string `sep:"none" help:"A public key that may give orders, as PATH or PATH@FROM/UNTIL (days)."`
	Revoke []string `help:"A public key that counts for nothing any more."`
}

// Run writes a document in which a key counts, unless told otherwise, from a day ago until
// the document expires.
func (n *keysNew) Run(c *call) error {
	now := time.Now().UTC().Truncate(time.Second)
	doc := watchlist.KeysDocument{Serial: n.Serial, Issued: now, Expires: now.Add(time.Duration(n.Days) * day)}
	for _, text := range n.Key {
		text, from, until, err := period(text, &doc)
		if err != nil {
			return err
		}
		path, names, _ := strings.Cut(text, "=")
		lists := []string{watchlist.All}
		if names != "" {
			lists = strings.Split(names, ",")
		}
		key, err := keys.ReadVerifying(path)
		if err != nil {
			return err
		}
		doc.Keys = append(doc.Keys, watchlist.ListKey{Key: key, Lists: lists, From: from, Until: until})
	}
	for _, text := range n.Order {
		path, from, until, err := period(text, &doc)
		if err != nil {
			return err
		}
		key, err := keys.ReadVerifying(path)
		if err != nil {
			return err
		}
		doc.Orders = append(doc.Orders, watchlist.OrderKey{Key: key, From: from, Until: until})
	}
	var err error
	if doc.Revoked, err = keys.ReadVerifyingAll(n.Revoke); err != nil {
		return err
	}
	b, err := watchlist.NewKeys(doc)
	if err != nil {
		return err
	}
	return keys.WriteNew(n.Out, append(b, '\n'), 0o644)
}

// period cuts "@2026-01-01/2026-07-01" off.
func period(text string, doc *watchlist.KeysDocument) (rest string, from, until time.Time, err error) {
	rest, span, ok := strings.Cut(text, "@")
	if !ok {
		return rest, doc.Issued.Add(-day), doc.Expires, nil
	}
	first, last, _ := strings.Cut(span, "/")
	if from, err = time.Parse(time.DateOnly, first); err == nil {
		until, err = time.Parse(time.DateOnly, last)
	}
	if err != nil {
		err = fmt.Errorf("%s: want days as @2026-01-01/2026-07-01", text)
	}
	return rest, from, until, err
}

type keysSign struct {
	File string `arg:"" type:"existingfile" help:"The document; it is written anew."`
	Root string `required:"" type:"existingfile" help:"A secret root key."`
}

func (s *keysSign) Run(c *call) error {
	root, err := keys.ReadSigning(s.Root)
	if err != nil {
		return err
	}
	b, err := readKeysFile(s.File)
	if err != nil {
		return err
	}
	if b, err = watchlist.SignKeys(b, root); err != nil {
		return err
	}
	if err := os.WriteFile(s.File, append(b, '\n'), 0o644); err != nil {
		return err
	}
	c.say("%s signed with root key %s", s.File, keys.ID(root.Public().(ed25519.PublicKey)))
	return nil
}

func readKeysFile(path string) ([]byte, error) {
	st, err := os.Stat(path)
	if err == nil && st.Size() > watchlist.MaxMessage {
		err = fmt.Errorf("read %s: longer than %d bytes", path, watchlist.MaxMessage)
	}
	if err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

type keysShow struct {
	File string `arg:"" type:"existingfile" help:"The document."`
	rootFlags
}

func (s *keysShow) Run(c *call) error {
	roots, err := s.roots()
	if err != nil {
		return err
	}
	b, err := readKeysFile(s.File)
	if err != nil {
		return err
	}
	doc, err := watchlist.ParseKeys(b)
	if err == nil {
		err = doc.Verify(roots)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", s.File, err)
	}
	sayKeys(c, doc)
	return nil
}

func sayKeys(c *call, doc *watchlist.SignedKeys) {
	c.say("keys document with serial %d, issued %s, expires %s", doc.Serial, doc.Issued.Format(time.RFC3339), doc.Expires.Format(time.RFC3339))
	say := func(key ed25519.PublicKey, may string, from, until time.Time) {
		c.say("%s %s from %s until %s", keys.ID(key), may, from.Format(time.RFC3339), until.Format(time.RFC3339))
	}
	for _, k := range doc.Keys {
		say(k.Key, "may sign "+strings.Join(k.Lists, ", "), k.From, k.Until)
	}
	for _, k := range doc.Orders {
		say(k.Key, "may give orders", k.From, k.Until)
	}
	for _, k := range doc.Revoked {
		c.say("%s is revoked", keys.ID(k))
	}
}

type keysInstall struct {
	File string `arg:"" type:"existingfile" help:"The document."`
	Dir  string `required:"" type:"path" help:"The folder of all lists."`
	rootFlags
}

func (i *keysInstall) Run(c *call) error {
	roots, err := i.roots()
	if err != nil {
		return err
	}
	b, err := readKeysFile(i.File)
	if err != nil {
		return err
	}
	doc, err := watchlist.InstallKeys(i.Dir, b, roots, time.Now())
	if err != nil {
		return fmt.Errorf("%s: %w", i.File, err)
	}
	sayKeys(c, doc)
	return nil
}
