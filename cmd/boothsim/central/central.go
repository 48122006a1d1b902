// Package central is the simulator's small portal: it answers looks from a handful of
// people held in memory, and takes reports into a database.
//
// Each system has people of its own and can be made slow or made to fail, so that a booth
// can be seen coping with it. A system that has not answered within [SystemDeadline] is
// answered for as unavailable. Only documents are searched: this portal compares neither
// fingers nor faces, and says so.
//
// A report's items are committed once for each (booth, epoch, sequence), durably, after
// they were opened with central's key and found to be records of that booth. The records
// stay sealed in the database; beside them lies only what a count needs.
package central

import (
	"context"
	"crypto/ed25519"
	"crypto/hpke"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"boothd/internal/keys"
	"boothd/localmatch/gallery"
	"boothd/sync/portal"
)

// SystemDeadline is how long the portal waits for a system.
const SystemDeadline = 4 * time.Second

// Options configure a Portal. All but Log and Now are required.
type Options struct {
	Database string             // path of portal.db
	Opening  hpke.PrivateKey    // opens the records
	Signing  ed25519.PrivateKey // signs the acknowledgements
	Systems  []string           // in the order in which they are shown
	Log      *slog.Logger
	Now      func() time.Time
}

// Portal is a running portal. Its methods may be called by several goroutines.
type Portal struct {
	opt     Options
	keyID   string
	store   *store
	systems []*system
}

// Open opens the portal's database and makes its systems, empty and quick.
func Open(ctx context.Context, opt Options) (*Portal, error) {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	s, err := openStore(ctx, opt.Database)
	if err != nil {
		return nil, err
	}
	p := &Portal{opt: opt, store: s, keyID: keys.ID(opt.Signing.Public().(ed25519.PublicKey))}
	for _, name := range opt.Systems {
		p.systems = append(p.systems, &system{name: name, now: opt.Now})
	}
	return p, nil
}

// Close closes the database. No request may be under way.
func (p *Portal) Close() error { return p.store.db.Close() }

// Handler serves the portal's interface. It must be reached over mutual TLS only: the
// common name of the client's certificate is taken for the booth's id.
func (p *Portal) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+portal.PathLook, p.look)
	mux.HandleFunc("POST "+portal.PathReport, p.report)
	mux.HandleFunc("GET "+portal.PathHealth, func(w http.ResponseWriter, r *http.Request) {
		if err := p.store.db.PingContext(r.Context()); err != nil {
			http.Error(w, "database not available", http.StatusServiceUnavailable)
		}
	})
	return mux
}

// isBooth reports whether the certificate of the client is that of the booth.
func isBooth(r *http.Request, booth string) bool {
	return r.TLS != nil && len(r.TLS.PeerCertificates) > 0 && r.TLS.PeerCertificates[0].Subject.CommonName == booth
}

func (p *Portal) look(w http.ResponseWriter, r *http.Request) {
	req, err := portal.ReadLook(w, r)
	if err != nil {
		p.opt.Log.Warn("look refused", "err", err)
		http.Error(w, err.Error(), portal.ReplyStatus(err))
		return
	}
	if !isBooth(r, req.Query.Booth) {
		http.Error(w, "not the booth of the certificate", http.StatusForbidden)
		return
	}
	reply := portal.NewReplyWriter(w)
	var asking sync.WaitGroup
	for _, s := range p.systems {
		if !slices.Contains(req.Systems, s.name) {
			continue
		}
		asking.Go(func() {
			if err := reply.Answer(s.answer(r.Context(), &req.Query)); err != nil {
				p.opt.Log.Warn("answer not sent", "system", s.name, "err", err)
			}
		})
	}
	asking.Wait()
	reply.End()
}

func (p *Portal) report(w http.ResponseWriter, r *http.Request) {
	items, err := portal.ReadReport(w, r)
	if err != nil {
		p.opt.Log.Warn("report refused", "err", err)
		http.Error(w, err.Error(), portal.ReplyStatus(err))
		return
	}
	if !isBooth(r, items[0].Booth) {
		http.Error(w, "not the booth of the certificate", http.StatusForbidden)
		return
	}
	reply, err := p.commit(r.Context(), items)
	if err != nil {
		p.opt.Log.Error("report not committed", "err", err)
		http.Error(w, "not committed", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(reply)
}

// Systems tells how the systems are, in order.
func (p *Portal) Systems() []SystemState {
	list := make([]SystemState, len(p.systems))
	for i, s := range p.systems {
		list[i] = s.state()
	}
	return list
}

// SetSystem makes a system slow or quick, failing or well.
func (p *Portal) SetSystem(name string, latency time.Duration, failing bool) error {
	s, err := p.system(name)
	if err != nil {
		return err
	}
	s.set(latency, failing)
	return nil
}

// Put adds a person to a system, or replaces the one with the same id.
func (p *Portal) Put(system string, e gallery.Entry) error {
	s, err := p.system(system)
	if err != nil {
		return err
	}
	s.put(e)
	return nil
}

// Remove takes a person out of a system and reports whether it was there.
func (p *Portal) Remove(system, id string) (bool, error) {
	s, err := p.system(system)
	if err != nil {
		return false, err
	}
	return s.remove(id), nil
}

func (p *Portal) system(name string) (*system, error) {
	for _, s := range p.systems {
		if s.name == name {
			return s, nil
		}
	}
	return nil, fmt.Errorf("no system %q", name)
}
