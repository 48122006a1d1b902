// Package office is central's interface for people: shift leaders, the second line, law
// enforcement and the data protection officer. It is an HTTP API that openapi.yaml
// describes, and pages that a browser shows without running a script.
//
// # Ways in
//
// A program sends the officer's token with each request ("Authorization: Bearer …"). A
// person signs in at the issuer of the officers' tokens (sync/signin) and gets a cookie.
// What changes something counts with a cookie only if the browser says that it comes from
// the office's own page.
//
// A session is a row of the database that is sealed with a key made of the cookie, so that
// every instance knows it and the database alone opens none. The token in it is judged on
// every request, and renewed when it has expired.
//
// # Who may do what
//
// The roles of the token decide; what is not allowed is refused, and no page names what its
// reader may not use. The second line and law enforcement also need a signed profile: it
// says which systems they may learn of.
//
// Every request of an officer is in the access log before it is answered, refused ones too.
// If it cannot be logged it is not answered.
//
// # The book
//
// Book keeps what no other part of central does: the booths and when they were heard of,
// the drills with their reports, which cases an officer has opened, and the sessions. Its
// Record must be called in the transaction that commits a record.
package office

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"boothd/cmd/centrald/accesslog"
	"boothd/cmd/centrald/alerts"
	"boothd/cmd/centrald/flow"
	"boothd/cmd/centrald/identity"
	"boothd/cmd/centrald/register"
	"boothd/cmd/centrald/release"
	"boothd/sync/profile"
	"boothd/sync/signin"
)

// The roles of the office, as tokens name them.
const (
	RoleSupervisor     = signin.RoleSupervisor
	RoleSecondLine     = signin.RoleSecondLine
	RoleLawEnforcement = "law-enforcement"
	RoleDataProtection = "data-protection"
)

// Options are what an Office is made of. A part that is nil has no pages; Book, Access,
// Profiles, Officers and Signing are required.
type Options struct {
	// URL is where browsers reach the office, "https://central.example:8476", without a
	// path. If it is empty, only browsers and programs on this machine do, over http.
	URL string

	Book      *Book
	Flow      *flow.Flow
	Links     *identity.Links
	Cases     *identity.Cases
	Access    *accesslog.Log
	Alerts    *alerts.Alerts // takes the drill orders
	Releases  *release.Releases
	Copies    *register.Copies              // the inventory of technical copies
	Registers map[string]*register.Register // whose entries can be released, by system
	Profiles  *profile.Set
	Officers  *signin.Verifier
	Signing   ed25519.PrivateKey // signs drill orders

	// Systems tells the state of every system; it must not wait. Drills can be of these.
	Systems func() []SystemState

	Where *time.Location // of the pages' times; UTC if nil
	Now   func() time.Time
	Log   *slog.Logger
}

// SystemState is how a system does, for the shift leader.
type SystemState struct {
	Name  string    `json:"name"`
	State State     `json:"state"`
	Since time.Time `json:"since,omitzero"` // the state's beginning
	// Reason says in an officer's words why it is not answering.
	Reason string `json:"reason,omitempty"`
}

// State says whether a system answers.
type State string

// The states.
const (
	StateAnswers State = "answers"
	StateSilent  State = "silent"  // it did not answer in time when it was last asked
	StateUnknown State = "unknown" // it has not been asked yet
)

// Office serves the interface. Its methods may be called by several goroutines.
type Office struct {
	opt    Options
	signin *signin.Flow
	pages  *pages
}

// New makes an Office.
func New(opt Options) (*Office, error) {
	if opt.Book == nil || opt.Access == nil || opt.Profiles == nil || opt.Officers == nil || len(opt.Signing) != ed25519.PrivateKeySize {
		return nil, errors.New("office: book, access log, profiles, officers and a signing key are needed")
	}
	if opt.URL != "" {
		if err := checkURL(opt.URL); err != nil {
			return nil, fmt.Errorf("office: %w", err)
		}
	}
	if opt.Systems == nil {
		opt.Systems = func() []SystemState { return nil }
	}
	if opt.Where == nil {
		opt.Where = time.UTC
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	pages, err := readPages(opt.Where)
	if err != nil {
		return nil, fmt.Errorf("office: %w", err)
	}
	return &Office{opt: opt, signin: signin.NewFlow(opt.Officers), pages: pages}, nil
}

func checkURL(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || address != u.Scheme+"://"+u.Host {
		return errors.New("URL: want scheme://host[:port] and nothing else")
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())) {
		return errors.New("URL: want https, or http on a loopback address")
	}
	return nil
}

// Handler serves the API and the pages.
func (o *Office) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, r := range o.routes() {
		mux.Handle(r.pattern, o.serve(r))
	}
	mux.HandleFunc("GET /login", o.showLogin)
	mux.HandleFunc("GET /login/start", o.startLogin)
	mux.HandleFunc("GET /login/return", o.endLogin)
	mux.HandleFunc("GET /style.css", serveFile("style.css", "text/css; charset=utf-8"))
	mux.HandleFunc("GET "+apiRoot+"openapi.yaml", serveFile("openapi.yaml", "application/yaml"))
	mux.HandleFunc("/", o.notThere)
	return o.guard(o.recoverPanics(mux))
}
