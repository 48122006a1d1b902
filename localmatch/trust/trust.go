// Package trust keeps ready what the chips of travel documents are verified against.
//
// Certificates of authorities, links between them, revocation lists and lists of defects come
// to a booth as the entries of a list (gallery.Entry.Certificate), signed, rolled out, leased and
// erased like any other. Convert makes the entries at central. At the booth a Keeper reads
// the list's newest version out of the gallery and builds a pki.Trust of it:
//
//	k := trust.New(gallery, "csca", trust.Options{})
//	go k.Run(ctx)
//	inspector.Trust = k.Material
//
// Past its lease there is no Trust: what a chip's signature is worth is then not known, and the
// checks say so (State.Reason). A list past its soft age, or one that this booth's clock does
// not reach, still counts and is called stale: authorities and revocations that are new may be
// missing, so a signer that it does not know is not called forged. Keeper.Material brings that to
// whoever verifies.
package trust

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"boothd/capture/chip/pki"
	"boothd/capture/chip/pki/cert"
	"boothd/localmatch/gallery"
)

// State says what the trust material is good for.
type State string

// The states.
const (
	Current State = "current"
	Stale   State = "stale"
	Expired State = "expired" // past the list's lease
	Missing State = "missing" // never received, erased, damaged, or not read yet
)

// Reason is why a check is open because of the state, for programs: "trust_stale",
// "trust_expired" or "trust_missing"; empty if the material is current.
func (s State) Reason() string {
	if s == Current {
		return ""
	}
	return "trust_" + string(s)
}

// Status tells what there is.
type Status struct {
	List    string
	State   State
	Why     string // if nothing is there: what is the matter with the list; empty otherwise
	Version uint64
	Issued  time.Time // how old the material is
	Expires time.Time // the end of the lease
	// Authorities counts the certificates of signing authorities, links left out, and States
	// the countries that they are of.
	Authorities, States int
}

// Lists are the lists at rest; *gallery.Gallery is them.
type Lists interface {
	List(ctx context.Context, name string) (gallery.Info, error)
	Certificates(ctx context.Context, list string) (gallery.Info, []pki.Entry, error)
}

var _ Lists = (*gallery.Gallery)(nil)

// Options are what a Keeper may be told. All may be left out.
type Options struct {
	Log *slog.Logger
	Now func() time.Time
}

// Keeper keeps the trust material of a list ready. Its methods may be called from several
// goroutines.
type Keeper struct {
	lists Lists
	list  string
	log   *slog.Logger
	now   func() time.Time

	looking sync.Mutex // by one at a time

	mu   sync.Mutex
	held *held
	why  error // why nothing is held
}

// held is the material of one version.
type held struct {
	gallery.Info
	trust               *pki.Trust
	authorities, states int
}

// New returns a Keeper of the material in a list. It holds nothing before Run or Refresh.
func New(lists Lists, list string, o Options) *Keeper {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Keeper{lists: lists, list: list, log: o.Log, now: o.Now, why: gallery.ErrNotReady}
}

// refreshEvery is how often Run looks for another version; where there is none that costs a row
// of SQLite.
const refreshEvery = 2 * time.Second

// Run keeps up with the list until ctx ends; it returns nil.
func (k *Keeper) Run(ctx context.Context) error {
	tick := time.NewTicker(refreshEvery)
	defer tick.Stop()
	for {
		k.Refresh(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Refresh makes the list's newest version ready if it is not. What was ready before counts
// until then; after an erasure nothing does.
func (k *Keeper) Refresh(ctx context.Context) {
	k.looking.Lock()
	defer k.looking.Unlock()
	h, err := k.look(ctx)
	if ctx.Err() != nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case err == nil:
		k.held, k.why = h, nil
	case unmade(err):
		k.held = nil
	}
	if k.held == nil {
		if news := k.why == nil || k.why.Error() != err.Error(); news && !errors.Is(err, gallery.ErrNotReady) {
			k.log.Warn("no trust material for travel documents", "list", k.list, "err", err)
		}
		k.why = err
	}
}

// unmade reports whether the list is gone, and with it what was made of it. Of a list that could
// not be read just now it stays, under the lease that it came with.
func unmade(err error) bool {
	for _, gone := range []error{gallery.ErrAbsent, gallery.ErrErased, gallery.ErrDamaged, gallery.ErrNoCertificates} {
		if errors.Is(err, gone) {
			return true
		}
	}
	return false
}

// look returns the material of the list's newest version.
func (k *Keeper) look(ctx context.Context) (*held, error) {
	info, err := k.lists.List(ctx, k.list)
	switch {
	case err != nil:
		return nil, err
	case info.Erased:
		return nil, gallery.ErrErased
	case info.Damaged:
		return nil, gallery.ErrDamaged
	}
	if h := k.current(); h != nil && h.Version == info.Version && h.Head == info.Head {
		again := *h
		again.Info = info // what central has told since
		return &again, nil
	}
	return k.build(ctx)
}

func (k *Keeper) build(ctx context.Context) (*held, error) {
	began := time.Now()
	info, entries, err := k.lists.Certificates(ctx, k.list)
	if err != nil {
		return nil, err
	}
	h := &held{Info: info}
	var faults []error
	if h.trust, faults = pki.New(entries); len(faults) > 0 {
		k.log.Error("trust material that cannot be used is left out", "list", k.list, "entries", len(faults), "err", faults[0])
	}
	h.authorities, h.states = count(h.trust)
	k.log.Info("trust material is ready", "list", k.list, "version", info.Version, "entries", len(entries),
		"authorities", h.authorities, "states", h.states, "took", time.Since(began).Round(time.Millisecond))
	return h, nil
}

// count counts the certificates of authorities, and their countries.
func count(t *pki.Trust) (authorities, states int) {
	countries := map[string]bool{}
	for _, e := range t.Entries() {
		if e.Kind != pki.KindAuthority {
			continue
		}
		authorities++
		if c, err := cert.Parse(e.DER); err == nil {
			countries[c.Subject.Country] = true
		}
	}
	return authorities, len(countries)
}

func (k *Keeper) current() *held {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.held
}

// Trust returns what documents are verified against, and what it is good for: nil if that is
// Expired or Missing. It waits for nothing.
func (k *Keeper) Trust() (*pki.Trust, State) {
	h := k.current()
	state := h.state(k.now())
	if state == Expired || state == Missing {
		return nil, state
	}
	return h.trust, state
}

// Material returns what documents are verified against, never nil: it knows itself what it is
// good for, and the checks that rest on it say so. It waits for nothing.
func (k *Keeper) Material() *pki.Trust {
	t, state := k.Trust()
	return t.Doubted(pki.Reason(state.Reason()))
}

// state says what the material is good for; nil is none.
func (h *held) state(now time.Time) State {
	switch {
	case h == nil:
		return Missing
	case h.Expired(now):
		return Expired
	case h.ClockBehind(now), h.Old(now):
		return Stale
	}
	return Current
}

// Status tells what there is. It waits for nothing.
func (k *Keeper) Status() Status {
	k.mu.Lock()
	h, why := k.held, k.why
	k.mu.Unlock()
	if h == nil {
		return Status{List: k.list, State: Missing, Why: why.Error()}
	}
	return Status{
		List: k.list, State: h.state(k.now()), Version: h.Version, Issued: h.Issued, Expires: h.Expires,
		Authorities: h.authorities, States: h.states,
	}
}
