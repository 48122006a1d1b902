package console

import (
	"context"
	"net/http"
	"sync"
	"time"

	"boothd/capture"
	"boothd/capture/policy"
	"boothd/devices"
	"boothd/sync/drill"
	"boothd/sync/portal"
)

// BoothStatus tells how the booth is. It holds nothing of a traveller.
type BoothStatus struct {
	Booth   string           `json:"booth"`
	Place   string           `json:"place"`
	Version string           `json:"version"` // of boothd
	Devices []devices.Status `json:"devices"`
	// Require is what a check needs of a traveller here, so that a device that is missing shows.
	Require []capture.Modality `json:"require"`
	Link    Link               `json:"link"`
	Lists   []List             `json:"lists"`
	// Trust is what the chips of travel documents are verified against; nil if they are not.
	Trust  *Trust `json:"trust,omitempty"`
	Outbox Outbox `json:"outbox"`
	Drill  *Drill `json:"drill,omitempty"` // the one under way
	// Unknown is what no question would tell now, and why. An officer is sent the systems of
	// the own profile.
	Unknown []policy.Unknown `json:"unknown"`
	// Warnings are whole sentences for the officer, the gravest first.
	Warnings []string `json:"warnings"`
}

// Drill is a failure that is rehearsed.
type Drill struct {
	Order  string    `json:"order"`
	Target string    `json:"target"` // "portal", or the name of a system
	Until  time.Time `json:"until"`
}

// LinkState says how far the booth's questions reach.
type LinkState string

// The states of the link.
const (
	LinkOnline LinkState = "online" // the portal answers
	// LinkPortalDown: the portal does not answer; the nation's network is there, or nothing
	// but the portal is looked at. Systems that are configured so are asked directly.
	LinkPortalDown LinkState = "portal_down"
	// LinkNationalDown: there is a network, but nothing of the nation's that is looked at
	// answers.
	LinkNationalDown LinkState = "national_down"
	LinkOffline      LinkState = "offline" // there is no network
)

// Link is the connection to central.
type Link struct {
	State LinkState `json:"state"`
	Since time.Time `json:"since"` // when it became so; zero if not known
}

// ListState says what a local list is good for.
type ListState string

// The states of a local list.
const (
	ListCurrent ListState = "current"
	ListStale   ListState = "stale"   // past its soft age: finding nothing in it says little
	ListExpired ListState = "expired" // past its lease: not asked
	ListMissing ListState = "missing" // expected and never received
)

// List is one local list.
type List struct {
	Name    string    `json:"name"`
	System  string    `json:"system"`
	Version uint64    `json:"version"`
	AsOf    time.Time `json:"as_of,omitzero"` // its age: when its newest update was issued
	State   ListState `json:"state"`
}

// Trust is the list of certificates that travel documents are verified against.
type Trust struct {
	List    string    `json:"list"`
	State   ListState `json:"state"`
	Why     string    `json:"why,omitempty"` // it is missing
	Version uint64    `json:"version"`
	AsOf    time.Time `json:"as_of,omitzero"`
	Expires time.Time `json:"expires,omitzero"` // the end of its lease
	// Authorities counts certificates of signing authorities, and States their countries.
	Authorities int `json:"authorities"`
	States      int `json:"states"`
}

// Outbox is the queue towards central.
type Outbox struct {
	// Depth counts records. Officers without clearance are told of Checks only, once the oldest
	// has waited for half a minute.
	Depth int `json:"depth"`
	// Bytes is what they take on disk. It is left out for officers without clearance: how
	// much a record takes depends on what was found.
	Bytes       int64     `json:"bytes,omitzero"`
	Oldest      time.Time `json:"oldest,omitzero"` // when the first of them was queued
	Quarantined int       `json:"quarantined"`     // damaged records that a person must look at
	// Checks counts the outcomes and dispositions among the records, and ChecksOldest is when the
	// first of them was queued: what was found late is not among them.
	Checks       int       `json:"-"`
	ChecksOldest time.Time `json:"-"`
}

// statusPeriod is how often the status is looked at for the event stream. It does not
// follow what happens at the desk, so that its events tell nothing of it.
const statusPeriod = 2 * time.Second

// settled is how long a record waits before officers without clearance are told of it: how
// fast one leaves that leaves at once is nothing that they need to see.
const settled = 30 * time.Second

// board holds the latest status.
type board struct {
	mu      sync.Mutex
	status  *BoothStatus
	changed chan struct{}
}

func newBoard() board { return board{changed: make(chan struct{})} }

func (b *board) put(st BoothStatus) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.status = &st
	close(b.changed)
	b.changed = make(chan struct{})
}

// latest returns the latest status, nil before the first, and a channel that is closed at
// the next.
func (b *board) latest() (*BoothStatus, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.status, b.changed
}

func (s *Server) pollStatus(ctx context.Context) {
	tick := time.NewTicker(statusPeriod)
	defer tick.Stop()
	for {
		s.board.put(s.cfg.Status(ctx))
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (s *Server) getStatus(w http.ResponseWriter, r *http.Request, o capture.Officer) error {
	return writeJSON(w, http.StatusOK, s.statusFor(s.cfg.Status(r.Context()), o))
}

func shownStatus(st BoothStatus, o capture.Officer) BoothStatus {
	if d := st.Drill; d != nil && d.Target != drill.Portal && !portal.Named(&o.Profile)(d.Target) {
		st.Drill = nil
	}
	if !o.Profile.Cleared {
		st.Outbox.Bytes, st.Outbox.Depth, st.Outbox.Oldest = 0, st.Outbox.Checks, st.Outbox.ChecksOldest
		if time.Since(st.Outbox.Oldest) < settled {
			st.Outbox.Depth, st.Outbox.Oldest = 0, time.Time{}
		}
	}
	st.Devices = orEmpty(st.Devices)
	st.Require = orEmpty(st.Require)
	st.Lists = orEmpty(st.Lists)
	st.Warnings = orEmpty(st.Warnings)
	st.Unknown = shownUnknown(st.Unknown, &o.Profile)
	return st
}
