package watchlist

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"boothd/localmatch"
	"boothd/localmatch/gallery"
)

// Lists is where updates go; *gallery.Gallery is it.
type Lists interface {
	// List tells what is at hand; its errors are gallery.ErrAbsent and gallery.ErrDamaged.
	List(ctx context.Context, name string) (gallery.Info, error)
	Apply(ctx context.Context, u gallery.Update) error
}

var _ Lists = (*gallery.Gallery)(nil)

// SubscriberOptions say which lists a booth wants and whom it trusts. What is marked so
// may be left out.
type SubscriberOptions struct {
	Booth   string
	Lists   []Subscription
	Broker  Broker
	Gallery Lists
	Spool   string // folder for what was fetched so far
	KeysDir string // folder of the spool's key
	Log     *slog.Logger
	Now     func() time.Time
	// Refused and Applied are told of every refusal and update, from several goroutines, one
	// at a time for a list. May be left out.
	Refused func(Refusal)
	Applied func(Applied)
	// FetchTimeout is how long a retained message may take to come. 20 s if left out.
	FetchTimeout time.Duration
	// RetryMin and RetryMax bound the pauses between attempts. 2 s and 5 min if left out.
	RetryMin, RetryMax time.Duration
	// Recheck is how often a list is looked at without news, to mend a damaged one. 1 min
	// if left out.
	Recheck time.Duration
}

// Subscription is a list that a booth wants, with the public keys of which one must have
// signed it. Another list's key does not count.
type Subscription struct {
	localmatch.List
	Keys []ed25519.PublicKey
}

// Subscriber keeps a booth's lists as central publishes them.
//
// What it takes is signed by a known key, is of the list and system that the booth is
// configured for, is later than what the booth has, continues its history, and is within
// its lease. Everything else it refuses and reports, as often as it comes in a different
// form. The version at hand is the gallery's, so a restart forgets nothing.
//
// It follows the chain of versions back from the signed head, so the manifests in
// between need no signature of their own. If the deltas are not all to be had, it takes
// the last snapshot and the deltas after it. All of it becomes one update of the gallery.
// A list that is damaged or was erased is received again.
type Subscriber struct {
	o       SubscriberOptions
	link    *link
	workers []*worker
}

// NewSubscriber returns a Subscriber that does nothing before Run.
func NewSubscriber(o SubscriberOptions) (*Subscriber, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	o.setDefaults()
	if err := os.MkdirAll(o.Spool, 0o700); err != nil {
		return nil, err
	}
	secret, err := spoolSecret(o.KeysDir)
	if err != nil {
		return nil, err
	}
	s := &Subscriber{o: o, link: newLink(o.Broker, o.FetchTimeout, o.RetryMin, o.Log)}
	for _, list := range o.Lists {
		sp, err := openSpool(o.Spool, list.Name, secret)
		if err != nil {
			return nil, err
		}
		w := newWorker(&s.o, s.link, list, sp)
		s.workers = append(s.workers, w)
		s.link.heads[headTopic(list.Name)] = w.offer
	}
	if err := clearSpools(o.Spool, o.Lists); err != nil {
		return nil, err
	}
	s.link.back = func() {
		for _, w := range s.workers {
			w.tellAgain()
		}
	}
	return s, nil
}

func (o *SubscriberOptions) validate() error {
	if err := o.Broker.validate(); err != nil {
		return err
	}
	switch {
	case !isTopicLevel(o.Booth):
		return errors.New("booth's name cannot be part of a topic")
	case o.Gallery == nil || o.Spool == "" || o.KeysDir == "":
		return errors.New("no gallery, spool or folder for keys")
	}
	seen := map[string]bool{}
	for _, l := range o.Lists {
		if !gallery.ValidListName(l.Name) || l.System == "" || seen[l.Name] {
			return errors.New("a list has no name, no system, or is named twice")
		}
		seen[l.Name] = true
		if len(l.Keys) == 0 {
			return fmt.Errorf("list %s: no key to trust", l.Name)
		}
	}
	return nil
}

func (o *SubscriberOptions) setDefaults() {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Refused == nil {
		o.Refused = func(Refusal) {}
	}
	if o.Applied == nil {
		o.Applied = func(Applied) {}
	}
	for _, d := range []struct {
		have *time.Duration
		want time.Duration
	}{
		{&o.FetchTimeout, 20 * time.Second}, {&o.RetryMin, 2 * time.Second},
		{&o.RetryMax, 5 * time.Minute}, {&o.Recheck, time.Minute},
	} {
		if *d.have <= 0 {
			*d.have = d.want
		}
	}
}

// Run keeps the lists up to date until ctx ends. It may be called once.
func (s *Subscriber) Run(ctx context.Context) error {
	s.link.ctx = ctx
	s.link.client.Connect() // tries again by itself, also the first time
	var wg sync.WaitGroup
	for _, w := range s.workers {
		wg.Go(func() { w.run(ctx) })
	}
	wg.Wait()
	s.link.client.Disconnect(quiesce)
	return ctx.Err()
}

// Status tells how the booth stands with each list, in the order of the configuration.
func (s *Subscriber) Status() []Status {
	all := make([]Status, len(s.workers))
	for i, w := range s.workers {
		all[i] = w.current()
	}
	return all
}

// Connected reports whether the broker can be reached now.
func (s *Subscriber) Connected() bool { return s.link.isUp() }

// clearSpools removes what was fetched of lists that the booth no longer wants.
func clearSpools(dir string, lists []Subscription) error {
	folders, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var errs []error
	for _, f := range folders {
		wanted := slices.ContainsFunc(lists, func(l Subscription) bool { return l.Name == f.Name() })
		if f.IsDir() && gallery.ValidListName(f.Name()) && !wanted {
			errs = append(errs, os.RemoveAll(filepath.Join(dir, f.Name())))
		}
	}
	return errors.Join(errs...)
}
