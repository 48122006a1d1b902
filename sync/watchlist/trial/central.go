package trial

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"boothd/localmatch/gallery"
	"boothd/localmatch/names/trial"
	"boothd/sync/watchlist"
)

// The one list of a trial.
const (
	listName = "trial"
	system   = "SIS"
	lease    = 48 * time.Hour
)

// central publishes the list.
type central struct {
	folder   string // of all lists
	file     string // of the version's entries
	key      ed25519.PrivateKey
	roots    watchlist.Roots
	plan     plan
	people   *trial.Inventor
	unlisted int            // the next person who is not listed yet
	newest   *gallery.Entry // that came last
}

func newCentral(o *Options) (*central, error) {
	c := &central{
		folder: filepath.Join(o.Dir, "central"), file: filepath.Join(o.Dir, "list.jsonl"),
		plan: newPlan(o.Entries, o.Changes), people: trial.NewInventor(o.Seed), unlisted: o.Entries,
	}
	return c, c.makeKeys()
}

// makeKeys makes an online key and installs a keys document that names it, signed by the one
// root there is.
func (c *central) makeKeys() error {
	public, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		return err
	}
	rootPublic, root, err := ed25519.GenerateKey(nil)
	if err != nil {
		return err
	}
	c.key, c.roots = key, watchlist.Roots{Keys: []ed25519.PublicKey{rootPublic}, Threshold: 1}
	now := time.Now()
	from, until := now.Add(-time.Hour), now.Add(2*lease)
	b, err := watchlist.NewKeys(watchlist.KeysDocument{
		Serial: 1, Issued: now, Expires: until,
		Keys: []watchlist.ListKey{{Key: public, Lists: []string{listName}, From: from, Until: until}},
	})
	if err != nil {
		return err
	}
	if b, err = watchlist.SignKeys(b, root); err != nil {
		return err
	}
	if err := os.Mkdir(c.folder, 0o700); err != nil {
		return err
	}
	_, err = watchlist.InstallKeys(c.folder, b, c.roots, now)
	return err
}

// plan says what becomes of the first version's people in the next two: of each version's
// changes half are entries that are different, a quarter ones that are gone and a quarter ones
// that are new.
type plan struct {
	entries, changes int
	every            int // one person of so many changes in a version
}

func newPlan(entries, changes int) plan {
	return plan{entries, changes, entries / (changes - changes/4)}
}

// touched reports whether person i is different, or gone, in a version and those after it.
func (p plan) touched(i int, version uint64) (different, gone bool) {
	for v := uint64(2); v <= version; v++ {
		if round := i / p.every; i%p.every == int(v) && round < p.changes-p.changes/4 {
			return round%3 > 0, round%3 == 0
		}
	}
	return false, false
}

// write writes the entries of a version.
func (c *central) write(ctx context.Context, version uint64) error {
	f, err := os.OpenFile(c.file, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	lines := json.NewEncoder(w)
	lines.SetEscapeHTML(false)
	for i := range c.plan.entries {
		if i%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		different, gone := c.plan.touched(i, version)
		if gone {
			continue
		}
		e := c.people.Entry(i)
		if different {
			e.Action = "another than before"
		}
		if err := lines.Encode(e); err != nil {
			return err
		}
	}
	for i := c.plan.entries; i < c.unlisted; i++ {
		if err := lines.Encode(c.late(i)); err != nil {
			return err
		}
	}
	return errors.Join(w.Flush(), f.Close())
}

// next makes the next version, which is not signed yet.
func (c *central) next(ctx context.Context, version uint64) (*watchlist.Manifest, error) {
	for range c.plan.changes / 4 {
		c.add()
	}
	if err := c.write(ctx, version); err != nil {
		return nil, err
	}
	return c.build(version)
}

// add lists one more person.
func (c *central) add() {
	c.newest = c.late(c.unlisted)
	c.unlisted++
}

// late returns a person who is not in the first version. All of these have a document, by which
// a question can find them.
func (c *central) late(i int) *gallery.Entry {
	e := c.people.Entry(i)
	if len(e.Documents) == 0 {
		e.Documents = []gallery.DocumentNumber{{Number: "X" + strconv.Itoa(i), Type: "P", Issuer: "UTO"}}
	}
	return e
}

func (c *central) build(version uint64) (*watchlist.Manifest, error) {
	f, err := os.Open(c.file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return watchlist.Build(watchlist.BuildOptions{
		Dir: c.folder, List: listName, System: system, Entries: f, Now: time.Now(), Lease: lease,
	})
}

// sign signs the newest version, with which it is published as far as the folder goes.
func (c *central) sign() error {
	_, err := watchlist.Sign(watchlist.SignOptions{Dir: c.folder, List: listName, Key: c.key, Now: time.Now()})
	return err
}

// change lists one more person at once, behind all others: the list must be read to its end
// for it.
func (c *central) change() error {
	c.add()
	c.newest.ID = "urgent-" + c.newest.ID
	line, err := json.Marshal(c.newest)
	if err != nil {
		return err
	}
	_, err = watchlist.Urgent(watchlist.UrgentOptions{
		Dir: c.folder, List: listName, Add: bytes.NewReader(line), Key: c.key, Now: time.Now(),
	})
	return err
}

// way is how a booth gets what central publishes.
type way func(*watchlist.SubscriberOptions)

// stickPoll is how often the booth looks for a stick; booths do it every two seconds.
const stickPoll = 5 * time.Millisecond

// stick is central's folder itself.
func (c *central) stick() way {
	return func(o *watchlist.SubscriberOptions) { o.Sticks, o.StickPoll = []string{c.folder}, stickPoll }
}

// wayOfUrgent is over mosquitto, or without it the stick; publish brings there what was signed.
func (c *central) wayOfUrgent(ctx context.Context, program string) (_ way, publish func(context.Context) error, stop func(), err error) {
	if program == "" {
		return c.stick(), func(context.Context) error { return nil }, func() {}, nil
	}
	m, err := startMosquitto(ctx, program, filepath.Dir(c.folder))
	if err != nil {
		return nil, nil, nil, err
	}
	publish = func(ctx context.Context) error {
		_, err := watchlist.Publish(ctx, watchlist.PublishOptions{Dir: c.folder, List: listName, Broker: m.broker("central")})
		return err
	}
	return func(o *watchlist.SubscriberOptions) { o.Broker = m.broker(boothName) }, publish, m.stop, nil
}
