package server_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"boothd/capture"
	"boothd/capture/mrz"
	"boothd/capture/synthetic"
	"boothd/cmd/boothsim/demo"
	"boothd/cmd/centrald/config"
	"boothd/cmd/centrald/server"
	"boothd/cmd/centrald/simulate"
	"boothd/cmd/centrald/store/storetest"
	"boothd/internal/keys"
	"boothd/localmatch/gallery"
	"boothd/sync/portal"
	"boothd/sync/system"
)

// each runs a test with a central on either database.
func each(t *testing.T, f func(t *testing.T, p *place)) {
	t.Run("sqlite", func(t *testing.T) { f(t, newPlace(t, "")) })
	t.Run("postgres", func(t *testing.T) { f(t, newPlace(t, storetest.Postgres(t))) })
}

// place is a folder of the demo with instances of central.
type place struct {
	t      *testing.T
	folder *demo.Folder
	config *config.Config
	now    func() time.Time // of the instances; time.Now if nil
}

func newPlace(t *testing.T, database string) *place {
	t.Helper()
	folder, err := demo.Make(filepath.Join(t.TempDir(), "demo"))
	if err != nil {
		t.Fatal(err)
	}
	if err := folder.Renew(time.Now()); err != nil {
		t.Fatal(err)
	}
	path, err := folder.WriteCentral("127.0.0.1:1", "127.0.0.1:2", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	c, err := config.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if database != "" {
		c.Database = database
	}
	return &place{t: t, folder: folder, config: c}
}

// instance is one central that is running.
type instance struct {
	*server.Server
	systems map[string]*simulate.Simulator
	url     string
	stop    func()
}

func (p *place) start() *instance {
	p.t.Helper()
	in := &instance{systems: map[string]*simulate.Simulator{}}
	var err error
	in.Server, err = server.Open(p.t.Context(), p.config, server.Options{
		Now: p.now,
		Wrap: func(name string, a system.Adapter) system.Adapter {
			in.systems[name] = simulate.New(a, 1)
			return in.systems[name]
		},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	front := httptest.NewUnstartedServer(in.Booths())
	front.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	if front.TLS, err = p.folder.PortalTLS(); err != nil {
		p.t.Fatal(err)
	}
	front.EnableHTTP2 = true
	front.StartTLS()
	in.url = "https://" + front.Listener.Addr().String()
	ctx, cancel := context.WithCancel(context.WithoutCancel(p.t.Context()))
	var running sync.WaitGroup
	running.Go(func() {
		if err := in.Run(ctx); err != nil {
			p.t.Error(err)
		}
	})
	var once sync.Once
	in.stop = func() {
		once.Do(func() {
			cancel()
			front.CloseClientConnections()
			front.Close()
			running.Wait()
			closing, done := context.WithTimeout(context.Background(), 10*time.Second)
			defer done()
			if err := in.Close(closing); err != nil {
				p.t.Error(err)
			}
		})
	}
	p.t.Cleanup(in.stop)
	return in
}

// booth is a client of the central at an address.
func (p *place) booth(url string) *portal.Client {
	p.t.Helper()
	conf, err := portal.MutualTLS(p.folder.Path("ca.pem"), p.folder.Path("booth.pem"), p.folder.Path("booth.key"), nil)
	if err != nil {
		p.t.Fatal(err)
	}
	c, err := portal.New(portal.Options{URL: url, TLS: conf, Booth: demo.Booth, Systems: demo.PortalSystems(), RetryAfter: time.Nanosecond})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(c.Close)
	return c
}

func ask(t *testing.T, c *portal.Client, q capture.Query) map[string]capture.Answer {
	t.Helper()
	got := map[string]capture.Answer{}
	if err := c.Look(t.Context(), q, func(a capture.Answer) { got[a.System] = a }); err != nil {
		t.Errorf("look: %v", err)
	}
	return got
}

func zoneOf(t *testing.T, n int) mrz.Zone {
	t.Helper()
	z, err := mrz.Parse(synthetic.New(n).MRZ, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// query asks about the document of traveller n, under a profile.
func query(t *testing.T, n int, profile string, systems ...string) capture.Query {
	t.Helper()
	if len(systems) == 0 {
		systems = demo.PortalSystems()
	}
	return capture.Query{
		Check: fmt.Sprintf("check-%d", n), Booth: demo.Booth, At: time.Now(),
		Officer: capture.Officer{ID: "officer-1", Profile: capture.Profile{
			Name: profile, Systems: map[capture.Modality][]string{capture.ModalityDocument: systems},
		}},
		Evidence: capture.Evidence{ID: "document-1", Document: &capture.Document{Zone: zoneOf(t, n)}},
	}
}

// alert is an entry with the document of traveller n.
func alert(n int) gallery.Entry {
	f := synthetic.New(n).Fields
	return gallery.Entry{
		ID: fmt.Sprintf("alert-%d", n), Category: "arrest", Action: "verify identity, then arrest",
		Documents: []gallery.DocumentNumber{{Number: f.DocumentNumber, Type: f.DocumentCode, Issuer: f.Issuer}},
	}
}

// item is a record of the booth as its outbox delivers it.
func (p *place) item(sequence uint64, rec *capture.Record) portal.Item {
	p.t.Helper()
	pub, err := keys.ReadSealing(p.folder.Path("central-opening.pub"))
	if err != nil {
		p.t.Fatal(err)
	}
	rec.Booth = demo.Booth
	b, err := json.Marshal(rec)
	if err != nil {
		p.t.Fatal(err)
	}
	box, err := keys.Seal(pub, portal.SealInfo, portal.SealedFor(rec.Booth, rec.ID), b)
	if err != nil {
		p.t.Fatal(err)
	}
	it := portal.Item{Booth: rec.Booth, Epoch: "e1", Sequence: sequence, ID: rec.ID, Journal: strings.Repeat("0f", 32), Sealed: box}
	it.Hash = portal.HashItem(&it)
	return it
}

// outcome is the record of traveller n's check.
func outcome(t *testing.T, n int, offline bool) *capture.Record {
	t.Helper()
	q := query(t, n, "first-line")
	return &capture.Record{
		ID: fmt.Sprintf("outcome-%d", n), Kind: capture.RecordOutcome, Check: q.Check, Officer: q.Officer, Place: "North",
		Direction: capture.DirectionEntry, At: time.Now(), Evidence: []capture.Evidence{q.Evidence}, Offline: offline,
		Recommendation: &capture.Recommendation{Outcome: capture.OutcomeClear},
	}
}

func disposition(t *testing.T, n int, d capture.Outcome) *capture.Record {
	t.Helper()
	rec := outcome(t, n, false)
	rec.ID, rec.Kind, rec.Evidence, rec.Recommendation = fmt.Sprintf("disposition-%d", n), capture.RecordDisposition, nil, nil
	rec.Disposition = &capture.Disposition{Decision: d, Officer: "officer-1", At: rec.At}
	return rec
}

func (p *place) report(c *portal.Client, items ...portal.Item) {
	p.t.Helper()
	reply, err := c.Report(p.t.Context(), items)
	if err != nil || len(reply.Acks) != len(items) {
		p.t.Fatalf("report: %+v, %v", reply, err)
	}
}

// events follows central's events for the booth.
func events(t *testing.T, c *portal.Client) <-chan portal.Event {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	got := make(chan portal.Event, 16)
	var following sync.WaitGroup
	following.Go(func() {
		c.Follow(ctx, 0, func(e portal.Event) error { got <- e; return nil })
	})
	t.Cleanup(func() { cancel(); following.Wait() })
	return got
}

// next waits for the next alert.
func next(t *testing.T, events <-chan portal.Event) *portal.Alert {
	t.Helper()
	select {
	case e := <-events:
		if e.Alert == nil {
			t.Fatalf("event %+v", e)
		}
		return e.Alert
	case <-time.After(time.Minute):
		t.Fatal("no event came")
	}
	return nil
}

// stranger is the certificate of the publisher, who is no booth.
func (p *place) stranger() *tls.Config {
	p.t.Helper()
	conf, err := p.folder.PublisherTLS()
	if err != nil {
		p.t.Fatal(err)
	}
	if conf.RootCAs == nil {
		conf.RootCAs = x509.NewCertPool()
	}
	return conf
}
