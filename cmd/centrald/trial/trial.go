// Package trial measures a central: how many questions a second it answers, how soon the
// first and the last answer arrive, and what the fan-out itself costs.
//
// The portal is the real one, asked by real clients over TLS on the loopback interface. Its
// eleven systems are those of the demonstration, filled with synthetic people; the questions
// are about documents of people who are in the systems and of people who are not.
package trial

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"boothd/capture"
	"boothd/capture/mrz"
	"boothd/capture/synthetic"
	"boothd/cmd/boothsim/demo"
	"boothd/cmd/centrald/config"
	"boothd/cmd/centrald/search"
	"boothd/cmd/centrald/seed"
	"boothd/cmd/centrald/server"
	"boothd/sync/portal"
	"boothd/sync/profile"
	"boothd/sync/system"
)

// Options say what is measured.
type Options struct {
	Database string // as config.Config has it; a new SQLite file if empty
	People   int
	Queries  int   // in each run
	Askers   []int // how many ask at the same time, for each run
}

// Run seeds the database if it does not hold so many people yet, measures, and prints a
// table.
func Run(ctx context.Context, w io.Writer, o Options) error {
	dir, err := os.MkdirTemp("", "centrald-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	p, err := newPlace(ctx, filepath.Join(dir, "demo"), o.Database)
	if err != nil {
		return err
	}
	return errors.Join(p.run(ctx, w, o), p.close(ctx))
}

// place is a central that is measured.
type place struct {
	folder *demo.Folder
	server *server.Server
	front  *http.Server
	url    string
	done   sync.WaitGroup
	stop   context.CancelFunc
}

func newPlace(ctx context.Context, dir, database string) (*place, error) {
	folder, err := demo.Make(dir)
	if err != nil {
		return nil, err
	}
	if err := folder.Renew(time.Now()); err != nil {
		return nil, err
	}
	path, err := folder.WriteCentral("127.0.0.1:1", "127.0.0.1:2", time.Now())
	if err != nil {
		return nil, err
	}
	c, err := config.Read(path)
	if err != nil {
		return nil, err
	}
	if database != "" {
		// The lookup keys of a database that is used again must be the same.
		c.Database, c.Keys.Lookup = database, filepath.Join(os.TempDir(), "centrald-bench-lookup.key")
	}
	p := &place{folder: folder}
	if p.server, err = server.Open(ctx, c, server.Options{}); err != nil {
		return nil, err
	}
	if err := p.serve(ctx); err != nil {
		return nil, errors.Join(err, p.server.Close(ctx))
	}
	return p, nil
}

func (p *place) serve(ctx context.Context) error {
	conf, err := p.folder.PortalTLS()
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	conf.NextProtos = []string{"h2", "http/1.1"}
	p.url = "https://" + l.Addr().String()
	p.front = &http.Server{Handler: p.server.Booths(), ReadHeaderTimeout: time.Minute, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	ctx, p.stop = context.WithCancel(ctx)
	p.done.Go(func() { p.front.Serve(tls.NewListener(l, conf)) })
	p.done.Go(func() { p.server.Run(ctx) })
	return nil
}

func (p *place) close(ctx context.Context) error {
	p.stop()
	p.front.Close()
	p.done.Wait()
	return p.server.Close(context.WithoutCancel(ctx))
}

func (p *place) run(ctx context.Context, w io.Writer, o Options) error {
	held, err := p.server.Registers[system.CIR].Count(ctx)
	if err != nil {
		return err
	}
	if held < o.People*9/10 { // not everybody has a file there
		began := time.Now()
		if err := seed.People(ctx, p.server.Stores(), o.People, nil); err != nil {
			return err
		}
		fmt.Fprintf(w, "seeded %d people in %.0f s\n", o.People, time.Since(began).Seconds())
	}
	if err := p.overhead(ctx, w, o.Queries); err != nil {
		return err
	}
	fmt.Fprintf(w, "%8s %10s %26s %26s\n", "askers", "queries/s", "first answer ms p50 p99", "last answer ms p50 p99")
	for _, askers := range o.Askers {
		r, err := p.ask(ctx, askers, o.Queries, o.People)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%8d %10.0f %13.1f %12.1f %13.1f %12.1f\n", askers, r.rate,
			ms(at(r.first, 0.5)), ms(at(r.first, 0.99)), ms(at(r.last, 0.5)), ms(at(r.last, 0.99)))
	}
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	fmt.Fprintf(w, "heap %.0f MB, from the system %.0f MB\n", float64(m.HeapAlloc)/1e6, float64(m.Sys)/1e6)
	return nil
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// at is the q-th quantile.
func at(sorted []time.Duration, q float64) time.Duration {
	return sorted[int(q*float64(len(sorted)-1))]
}

// result is what one run took.
type result struct {
	rate        float64 // queries per second
	first, last []time.Duration
}

// ask asks about travellers from several booths' connections at once.
func (p *place) ask(ctx context.Context, askers, queries, people int) (*result, error) {
	var mu sync.Mutex
	var all result
	var failed error
	var asking sync.WaitGroup
	began := time.Now()
	for asker := range askers {
		asking.Go(func() {
			r, err := p.askOne(ctx, asker, askers, queries, people)
			mu.Lock()
			defer mu.Unlock()
			all.first, all.last = append(all.first, r.first...), append(all.last, r.last...)
			failed = errors.Join(failed, err)
		})
	}
	asking.Wait()
	all.rate = float64(len(all.last)) / time.Since(began).Seconds()
	slices.Sort(all.first)
	slices.Sort(all.last)
	return &all, failed
}

func (p *place) askOne(ctx context.Context, asker, askers, queries, people int) (r result, err error) {
	conf, err := portal.MutualTLS(p.folder.Path("ca.pem"), p.folder.Path("booth.pem"), p.folder.Path("booth.key"), nil)
	if err != nil {
		return r, err
	}
	c, err := portal.New(portal.Options{URL: p.url, TLS: conf, Booth: demo.Booth, Systems: demo.PortalSystems()})
	if err != nil {
		return r, err
	}
	defer c.Close()
	for i := asker; i < queries && err == nil; i += askers {
		// Every other question is about somebody beyond the people who are held.
		n := seed.FirstPerson + (i*7919)%max(people, 1) + i%2*people
		var q capture.Query
		if q, err = query(i, n); err != nil {
			return r, err
		}
		began := time.Now()
		first := time.Duration(0)
		err = c.Look(ctx, q, func(capture.Answer) {
			if first == 0 {
				first = time.Since(began)
			}
		})
		r.first, r.last = append(r.first, first), append(r.last, time.Since(began))
	}
	return r, err
}

// query asks every system about the document of traveller n.
func query(i, n int) (capture.Query, error) {
	z, err := mrz.Parse(synthetic.New(n).MRZ, time.Now())
	return capture.Query{
		Check: fmt.Sprintf("check-%d", i), Booth: demo.Booth, At: time.Now(),
		Officer: capture.Officer{ID: "officer-2", Profile: capture.Profile{
			Name: "second-line", Systems: map[capture.Modality][]string{capture.ModalityDocument: demo.PortalSystems()},
		}},
		Evidence: capture.Evidence{ID: "document-1", Document: &capture.Document{Zone: z}},
	}, err
}

// instant is a system that answers at once.
type instant struct{ wait time.Duration }

func (s instant) Ask(context.Context, system.Question) (system.Reply, error) {
	time.Sleep(s.wait)
	return system.Reply{State: capture.StateNoHit}, nil
}

// slowest is the time of the slowest of the systems by which the fan-out is measured.
const slowest = 20 * time.Millisecond

// overhead measures the fan-out without systems: eleven that answer at once, and ten beside
// one slow one, against that slow one alone.
func (p *place) overhead(ctx context.Context, w io.Writer, queries int) error {
	var names []string
	for i := range 11 {
		names = append(names, fmt.Sprintf("national-%d", i))
	}
	instants, err := p.median(ctx, names, 0, queries)
	if err != nil {
		return err
	}
	all, err := p.median(ctx, names, slowest, min(queries, 200))
	if err != nil {
		return err
	}
	alone, err := p.median(ctx, names[:1], slowest, min(queries, 200))
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "fan-out alone, 11 systems of 0 ms: %.0f µs; beside one of %v: %.3f of that one alone\n",
		float64(instants)/1e3, slowest, float64(all)/float64(alone))
	return nil
}

// median is how long a search over the systems takes, the first of which waits.
func (p *place) median(ctx context.Context, names []string, wait time.Duration, searches int) (time.Duration, error) {
	o := search.Options{}
	allowed := &profile.Profile{Review: time.Now().Add(time.Hour)}
	for i, name := range names {
		a := instant{}
		if i == 0 {
			a.wait = wait
		}
		o.Systems = append(o.Systems, search.System{Name: name, Adapter: a})
		allowed.Systems = append(allowed.Systems, profile.System{
			Name: name, Modalities: []capture.Modality{capture.ModalityDocument}, Query: system.Allowed(name), Reply: []profile.Part{profile.PartFindings},
		})
	}
	s, err := search.New(o)
	if err != nil {
		return 0, err
	}
	defer s.Shutdown(context.WithoutCancel(ctx))
	q, err := query(0, 1)
	if err != nil {
		return 0, err
	}
	took := make([]time.Duration, max(searches, 1))
	for i := range took {
		began := time.Now()
		if err := s.Search(ctx, search.Request{Query: q, Profile: allowed, Systems: names}, func(capture.Answer) {}); err != nil {
			return 0, err
		}
		took[i] = time.Since(began)
	}
	slices.Sort(took)
	return at(took, 0.5), nil
}
