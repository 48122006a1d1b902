package stage

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"

	"boothd/cmd/boothsim/demo"
	"boothd/localmatch/gallery"
	"boothd/localmatch/trust"
	"boothd/sync/watchlist"
)

// publisherName is the common name of the publisher's certificate and its client id.
const publisherName = "publisher"

// lease of the demo's lists; that of a copy of SIS (Regulation (EU) 2018/1862 Art 56).
const lease = 48 * time.Hour

// shortLease is long enough for a booth to take a version, which must not be past its lease then.
const shortLease = 3 * time.Second

// publisher plays central operations: it keeps the demo's lists and publishes each change
// as a signed version.
type publisher struct {
	dir    string // of the lists
	key    ed25519.PrivateKey
	broker watchlist.Broker
	log    *slog.Logger

	mu    sync.Mutex // held while a version is made and published
	lists []*list

	stateMu sync.Mutex
	states  []ListState
}

// list is one list with its entries, which also lie in a file of their own.
type list struct {
	demo.List
	file    string
	entries []gallery.Entry
}

// newPublisher reads the lists, or makes them with the cast in them.
func newPublisher(folder *demo.Folder, url string, conf *tls.Config, log *slog.Logger) (*publisher, error) {
	key, err := folder.ListSigning()
	if err != nil {
		return nil, err
	}
	p := &publisher{
		dir: folder.Path("lists"), key: key, log: log,
		broker: watchlist.Broker{URL: url, ClientID: publisherName, TLS: conf},
	}
	for _, d := range demo.Lists() {
		l := &list{List: d, file: folder.Path("list-" + d.Name + ".jsonl")}
		if err := l.read(folder); err != nil {
			return nil, fmt.Errorf("read list %s: %w", d.Name, err)
		}
		p.lists = append(p.lists, l)
		p.states = append(p.states, ListState{
			Name: d.Name, System: d.System, Entries: len(l.entries), Certificates: d.Name == demo.TrustList,
		})
	}
	return p, nil
}

// read reads the list's file, or takes the cast if there is none.
func (l *list) read(folder *demo.Folder) error {
	b, err := os.ReadFile(l.file)
	if errors.Is(err, os.ErrNotExist) {
		return l.seed(folder)
	}
	if err != nil {
		return err
	}
	for e, err := range gallery.ReadEntries(bytes.NewReader(b)) {
		if err != nil {
			return err
		}
		l.entries = append(l.entries, *e)
	}
	return nil
}

func (l *list) seed(folder *demo.Folder) error {
	if l.Name == demo.TrustList {
		return l.seedTrust(folder)
	}
	for _, on := range onLists() {
		if on.list != l.Name {
			continue
		}
		e, err := entry(on.traveller, on.alert)
		if err != nil {
			return err
		}
		l.entries = append(l.entries, e)
	}
	return nil
}

// seedTrust takes what Utopia publishes: its authority and the one that it vouches for, and the
// signers that it revoked.
func (l *list) seedTrust(folder *demo.Folder) error {
	issuer, err := folder.Issuer()
	if err != nil {
		return err
	}
	for _, e := range issuer.Trust() {
		l.entries = append(l.entries, trust.Entry(e))
	}
	return nil
}

// lines are the entries as the list's builder wants them.
func (l *list) lines() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	for i := range l.entries {
		if err := enc.Encode(&l.entries[i]); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

// publishAll makes a new version of every list, which also renews the leases.
func (p *publisher) publishAll(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.lists {
		if _, err := p.publish(ctx, l, lease); err != nil {
			return err
		}
	}
	return nil
}

// change changes a list's entries and publishes the result. It returns the new version.
func (p *publisher) change(ctx context.Context, name string, do func([]gallery.Entry) ([]gallery.Entry, error)) (uint64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l, err := p.named(name)
	if err != nil {
		return 0, err
	}
	if name == demo.TrustList {
		return 0, fmt.Errorf("%s is a list of certificates, and nobody is on it", name)
	}
	entries, err := do(slices.Clone(l.entries))
	if err != nil {
		return 0, err
	}
	l.entries = entries
	return p.publish(ctx, l, lease)
}

// renew publishes a list as it is under a new lease. It returns the new version.
func (p *publisher) renew(ctx context.Context, name string, lease time.Duration) (uint64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l, err := p.named(name)
	if err != nil {
		return 0, err
	}
	return p.publish(ctx, l, lease)
}

func (p *publisher) named(name string) (*list, error) {
	i := slices.IndexFunc(p.lists, func(l *list) bool { return l.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("no list %q", name)
	}
	return p.lists[i], nil
}

// publish builds, signs and publishes the list's next version.
func (p *publisher) publish(ctx context.Context, l *list, lease time.Duration) (uint64, error) {
	lines, err := l.lines()
	if err != nil {
		return 0, err
	}
	if err := os.WriteFile(l.file, lines, 0o644); err != nil {
		return 0, err
	}
	now := time.Now()
	_, err = watchlist.Build(watchlist.BuildOptions{
		Dir: p.dir, List: l.Name, System: l.System, Entries: bytes.NewReader(lines), Now: now, Lease: lease,
	})
	if err != nil {
		return 0, err
	}
	head, err := watchlist.Sign(watchlist.SignOptions{Dir: p.dir, List: l.Name, Key: p.key, Now: now})
	if err != nil {
		return 0, err
	}
	// The demo's lists are small; so a booth has them from the broker alone, too.
	_, err = watchlist.Publish(ctx, watchlist.PublishOptions{
		Dir: p.dir, List: l.Name, Broker: p.broker, Chunks: watchlist.ChunksAlways, Log: p.log,
	})
	if err != nil {
		return 0, err
	}
	p.stateMu.Lock()
	defer p.stateMu.Unlock()
	for i := range p.states {
		if p.states[i].Name == l.Name {
			p.states[i].Version, p.states[i].Entries = head.Version, len(l.entries)
		}
	}
	return head.Version, nil
}

// state tells how the lists are. It does not wait for one that is being published.
func (p *publisher) state() []ListState {
	p.stateMu.Lock()
	defer p.stateMu.Unlock()
	return slices.Clone(p.states)
}

// ExpireList publishes a list as it is under a lease that ends at once. It returns the version.
func (s *Stage) ExpireList(ctx context.Context, name string) (uint64, error) {
	return s.lists.renew(ctx, name, shortLease)
}

// RenewList publishes a list as it is under a lease of the usual length. It returns the version.
func (s *Stage) RenewList(ctx context.Context, name string) (uint64, error) {
	return s.lists.renew(ctx, name, lease)
}

// AddToList puts a traveller onto a local list and publishes it. It returns the version.
func (s *Stage) AddToList(ctx context.Context, name string, traveller int, how Added) (uint64, error) {
	e, err := entry(traveller, how.alert())
	if err != nil {
		return 0, err
	}
	return s.lists.change(ctx, name, func(all []gallery.Entry) ([]gallery.Entry, error) {
		all = slices.DeleteFunc(all, func(o gallery.Entry) bool { return o.ID == e.ID })
		return append(all, e), nil
	})
}

// RemoveFromList takes a traveller off a local list and publishes it.
func (s *Stage) RemoveFromList(ctx context.Context, name string, traveller int) (uint64, error) {
	id := entryID(traveller)
	return s.lists.change(ctx, name, func(all []gallery.Entry) ([]gallery.Entry, error) {
		left := slices.DeleteFunc(all, func(o gallery.Entry) bool { return o.ID == id })
		if len(left) == len(all) {
			return nil, fmt.Errorf("traveller %d is not on %s", traveller, name)
		}
		return left, nil
	})
}
