package watchlist

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"boothd/internal/keys/rest"
	"boothd/localmatch"
	"boothd/localmatch/gallery"
)

// Lists is where updates go; *gallery.Gallery is it.
type Lists interface {
	// List tells what is at hand; its errors are gallery.ErrAbsent and gallery.ErrDamaged.
	List(ctx context.Context, name string) (gallery.Info, error)
	// Lists tells of all lists that were ever received.
	Lists(ctx context.Context) ([]gallery.Info, error)
	Apply(ctx context.Context, u gallery.Update) error
	// Erase makes a list unreadable for ever.
	Erase(ctx context.Context, name string) error
}

var _ Lists = (*gallery.Gallery)(nil)

// SubscriberOptions say which lists a booth wants, where it gets them and whom it trusts.
type SubscriberOptions struct {
	Booth string
	Group string // of booths, for staged roll-outs; may be left out
	Lists []Subscription
	Roots Roots

	// Broker, HTTPS and Sticks are the ways on which lists come; at least one is needed. What
	// is new is learned on each of them. What a booth lacks is asked for in the order HTTPS,
	// broker, sticks.
	Broker Broker   // none if its URL is empty
	HTTPS  HTTPS    // none if its URL is empty
	Sticks []string // folders that may be there, as central's is

	Gallery Lists
	State   string       // folder of the keys document and of what must not be forgotten
	Spool   string       // folder for what was fetched so far
	KeysDir string       // folder of the keys that both are sealed with
	Keys    *rest.Keeper // keeps those keys; nil for plain files
	Log     *slog.Logger
	Now     func() time.Time
	// Refused, Applied and Ordered are told of every refusal, update and order that was
	// carried out, from several goroutines. They may be left out. An order counts as carried
	// out only when Ordered returns no error; until then it is told of again, also after a
	// restart.
	Refused func(Refusal)
	Applied func(Applied)
	Ordered func(CarriedOut) error
	// FetchTimeout is how long a retained message may take to come, or a web server may be
	// silent. 20 s if left out.
	FetchTimeout time.Duration
	// RetryMin and RetryMax bound the pauses between attempts. 2 s and 5 min if left out.
	RetryMin, RetryMax time.Duration
	// Recheck is how often a list is looked at without news, to mend a damaged one. 1 min
	// if left out.
	Recheck time.Duration
	// Poll is how often the web server is asked for news: each time while the broker cannot
	// be reached, else every tenth. 1 min if left out. StickPoll is how often the sticks are
	// looked at; 2 s if left out.
	Poll, StickPoll time.Duration

	lookAgain func()
}

// Subscription is a list that a booth wants.
type Subscription struct{ localmatch.List }

// Subscriber keeps a booth's lists as central publishes them.
//
// The booth trusts the root keys alone. They sign the keys document, and that tells which keys
// sign heads, versions and orders. What the booth takes is signed by a key that was valid for
// it when it was issued, is of the list and system that the booth is configured for, goes
// back behind nothing that was taken before, continues the list's history, and is within
// its lease. Everything else it refuses and reports, as often as it comes in a different
// form. The serial of the keys document, the last head and the orders carried out are
// remembered, and the version at hand is the gallery's: a restart forgets nothing.
//
// The head names a version for each group of booths. The subscriber follows the chain of
// versions back from there, so the manifests in between need no signature of their own. If
// the deltas are not all to be had, it takes the last snapshot and the deltas after it. All of
// it becomes one update of the gallery. A booth that is ahead of its group stays where it is.
// A list that is damaged or was erased is received again, unless an order forbids it.
type Subscriber struct {
	o       SubscriberOptions
	link    *link   // nil without a broker
	web     *web    // nil without a web server
	sticks  *sticks // nil without sticks
	sources []source
	clock   *clock
	memory  *memory
	keys    *keyring
	orders  *orderBook
	workers []*worker
	look    chan struct{} // the web server and the sticks are to be looked at now

	mu       sync.Mutex
	reported map[string]bool // refusals, each once for a document
	unsaved  []byte          // a keys document that could not be written
}

// NewSubscriber returns a Subscriber that does nothing before Run.
func NewSubscriber(o SubscriberOptions) (*Subscriber, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	o.setDefaults()
	s := &Subscriber{o: o, clock: &clock{now: o.Now}, look: make(chan struct{}, 1), reported: map[string]bool{}}
	s.o.lookAgain = s.lookNow
	var err error
	if s.memory, err = openMemory(o.State, o.KeysDir, o.Keys); err != nil {
		return nil, err
	}
	if s.keys, err = openKeyring(o.State, o.Roots, s.clock, o.Log); err != nil {
		return nil, err
	}
	s.orders = &orderBook{
		o: &s.o, keys: s.keys, memory: s.memory, clock: s.clock, log: o.Log, refused: s.refuse,
		lists: func() []*worker { return s.workers }, news: make(chan struct{}, 1),
	}
	if err := s.orders.open(); err != nil {
		return nil, err
	}
	s.openSources()
	for _, list := range o.Lists {
		w, err := newWorker(s, list)
		if err != nil {
			return nil, err
		}
		s.workers = append(s.workers, w)
	}
	if s.link != nil {
		s.listen()
	}
	return s, clearSpools(o.Spool, o.Lists)
}

func (s *Subscriber) openSources() {
	if s.o.HTTPS.URL != "" {
		s.web = newWeb(s.o.HTTPS, s.o.FetchTimeout, s.o.RetryMin/4)
		s.sources = append(s.sources, s.web)
	}
	if s.o.Broker.URL != "" {
		s.link = newLink(s.o.Broker, s.o.FetchTimeout, s.o.RetryMin, s.o.RetryMax, s.o.Log)
		s.sources = append(s.sources, s.link)
	}
	if len(s.o.Sticks) > 0 {
		s.sticks = newSticks(s.o.Sticks)
		s.sources = append(s.sources, s.sticks)
	}
}

// listen says what to do with what the broker sends.
func (s *Subscriber) listen() {
	s.link.news[keysTopic] = func(m mqtt.Message) { s.takeKeys(m.Payload()) }
	s.link.news[ordersTopic+"+"] = func(m mqtt.Message) { s.orders.offer(m.Payload()) }
	for _, w := range s.workers {
		s.link.news[headTopic(w.list.Name)] = func(m mqtt.Message) {
			w.offer(&arrival{m.Payload(), SourceMQTT, m.Retained() && !m.Duplicate()})
		}
	}
	s.link.back = func() {
		for _, w := range s.workers {
			w.tellAgain()
		}
	}
}

// takeKeys takes a keys document and has everything looked at again that waits for it.
func (s *Subscriber) takeKeys(b []byte) {
	if len(b) == 0 {
		return
	}
	another, err := s.keys.offer(b)
	var no *refused
	switch {
	case errors.As(err, &no):
		s.refuse(no, b)
	case err != nil:
		s.o.Log.Error("keys document not taken: trying again", "err", err)
		s.mu.Lock()
		s.unsaved = b
		s.mu.Unlock()
		return
	}
	if another {
		s.orders.wake()
		for _, w := range s.workers {
			w.wake()
		}
	}
}

// refuse reports a refusal, each kind once for a document.
func (s *Subscriber) refuse(no *refused, document []byte) {
	h := hashOf(document)
	key := no.list + string(h[:]) + string(no.reason)
	s.mu.Lock()
	if s.reported[key] {
		s.mu.Unlock()
		return
	}
	if len(s.reported) > 1000 {
		clear(s.reported)
	}
	s.reported[key] = true
	s.mu.Unlock()
	r := Refusal{Document: no.document, List: no.list, Version: no.version, Reason: no.reason, Detail: no.detail, At: s.o.Now()}
	s.o.Log.Error("refused", "document", string(r.Document), "list", r.List, "version", r.Version, "reason", string(r.Reason), "detail", r.Detail)
	s.o.Refused(r)
}

func (o *SubscriberOptions) validate() error {
	if o.Broker.URL != "" {
		if err := o.Broker.validate(); err != nil {
			return err
		}
	}
	switch {
	case o.Broker.URL == "" && o.HTTPS.URL == "" && len(o.Sticks) == 0:
		return errors.New("no broker, web server or stick to get lists from")
	case o.HTTPS.URL != "" && o.HTTPS.Client == nil:
		return errors.New("a web server, but no client for it")
	case !isTopicLevel(o.Booth):
		return errors.New("booth's name cannot be part of a topic")
	case o.Group != "" && !ValidGroup(o.Group):
		return errors.New("the booth's group has no name of a to z, 0 to 9 and \"-\"")
	case o.Gallery == nil || o.State == "" || o.Spool == "" || o.KeysDir == "":
		return errors.New("no gallery, or no folder for state, spool or keys")
	}
	seen := map[string]bool{}
	for _, l := range o.Lists {
		if !gallery.ValidListName(l.Name) || l.System == "" || seen[l.Name] {
			return errors.New("a list has no name, no system, or is named twice")
		}
		seen[l.Name] = true
	}
	return o.Roots.Validate()
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
	if o.Ordered == nil {
		o.Ordered = func(CarriedOut) error { return nil }
	}
	for _, d := range []struct {
		have *time.Duration
		want time.Duration
	}{
		{&o.FetchTimeout, 20 * time.Second}, {&o.RetryMin, 2 * time.Second},
		{&o.RetryMax, 5 * time.Minute}, {&o.Recheck, time.Minute},
		{&o.Poll, time.Minute}, {&o.StickPoll, 2 * time.Second},
	} {
		if *d.have <= 0 {
			*d.have = d.want
		}
	}
}

// Run keeps the lists up to date until ctx ends. It may be called once.
func (s *Subscriber) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	if s.link != nil {
		s.link.ctx = ctx
		s.link.client.Connect() // tries again by itself, also the first time
	}
	for _, w := range s.workers {
		wg.Go(func() { w.run(ctx) })
	}
	wg.Go(func() { s.orders.run(ctx) })
	wg.Go(func() { s.lookAround(ctx) })
	wg.Wait()
	if s.link != nil {
		s.link.client.Disconnect(quiesce)
	}
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
