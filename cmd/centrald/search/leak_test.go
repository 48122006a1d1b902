package search

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"boothd/capture"
	"boothd/sync/portal"
	"boothd/sync/profile"
	"boothd/sync/system"
)

// pipes is a listener in memory, so that a real HTTP server runs in a bubble's time.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func newPipes() *pipes { return &pipes{make(chan net.Conn), make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "memory"} }

// piece is what arrived at a booth at once, and when.
type piece struct {
	after time.Duration
	bytes string
}

// central is a central search for officers of one profile.
type central struct {
	systems []System
	profile *profile.Profile
}

// overTheWire sends a look to central and returns everything that a booth can see of the
// reply: every byte, head and all, and when it came. Call it in a bubble.
func (c central) overTheWire(t *testing.T, req Request) []piece {
	s := searcher(t, Options{Systems: c.systems})
	listener := newPipes()
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		look, err := portal.ReadLook(w, r)
		if err != nil {
			t.Error(err)
			return
		}
		reply := portal.NewReplyWriter(w)
		err = s.Search(r.Context(), Request{Query: look.Query, Profile: c.profile, Systems: look.Systems}, func(a capture.Answer) { reply.Answer(a) })
		if err != nil {
			t.Error(err)
		}
		reply.End()
	})}
	go server.Serve(listener)
	defer server.Close()
	booth, far := net.Pipe()
	listener.conns <- far
	return talk(t, booth, lookOf(t, req))
}

func lookOf(t *testing.T, req Request) *http.Request {
	body, err := json.Marshal(portal.LookRequest{Query: req.Query, Systems: req.Systems})
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodPost, "http://central"+portal.PathLook, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Close = true
	return r
}

func talk(t *testing.T, conn net.Conn, r *http.Request) []piece {
	defer conn.Close()
	began := time.Now()
	if err := r.Write(conn); err != nil {
		t.Fatal(err)
	}
	var pieces []piece
	buf := make([]byte, 64<<10)
	for {
		n, err := conn.Read(buf)
		if n > 0 {
			pieces = append(pieces, piece{time.Since(began), string(buf[:n])})
		}
		if err != nil {
			return pieces
		}
	}
}

const forbidden = system.Eurodac

// bait is a reply that names the forbidden system where it holds somebody.
func bait(r system.Reply) system.Reply {
	r.Links = append(slices.Clone(r.Links), capture.Link{ID: "x", Colour: capture.LinkRed, Systems: []string{system.SIS, forbidden}})
	r.Facts = append(slices.Clone(r.Facts), capture.Fact{Code: capture.FactHolds, Value: forbidden})
	return r
}

// others are the systems that profiles in the test may allow, each with its own time, so
// that the order of the answers is that of the systems.
func others(baited bool) []System {
	replies := []system.Reply{noHit, rich(), {State: capture.StateUnavailable, Reason: "closed"}, {State: capture.StatePossible}}
	var systems []System
	for i, name := range []string{system.SIS, system.VIS, system.EES, system.SLTD} {
		r := replies[i]
		if baited {
			r = bait(r)
		}
		systems = append(systems, System{Name: name, Adapter: after(time.Duration(i)*100*time.Millisecond, r), Deadline: time.Second})
	}
	return append(systems, System{Name: "national", Adapter: adapter(silent), Deadline: time.Second})
}

// TestAForbiddenSystemCannotBeToldFromTheReply compares what a booth sees, byte by byte and
// at the bubble's times, of a central that has no such system with what it sees of others.
func TestAForbiddenSystemCannotBeToldFromTheReply(t *testing.T) {
	hits := rich()
	hits.Findings = slices.Repeat(hits.Findings, system.MaxFindings)
	variants := map[string]System{
		"full of hits": {Adapter: replying(hits)},
		"empty":        {Adapter: replying(noHit)},
		"slow":         {Adapter: after(30*time.Second, hits), Deadline: time.Minute, Linger: time.Minute},
		"dead":         {Adapter: adapter(silent), Deadline: time.Minute},
		"failing": {Adapter: adapter(func(context.Context, system.Question) (system.Reply, error) {
			return system.Reply{}, errors.New("down")
		})},
		"panicking": {Adapter: adapter(func(context.Context, system.Question) (system.Reply, error) { panic("x") })},
	}
	compared := 0
	for _, p := range profiles() {
		want := see(t, central{others(false), p})
		if len(want) < 2 || !mayAsk(p, forbidden) && strings.Contains(fmt.Sprint(want), forbidden) {
			t.Fatalf("%s: a central without the system says %v", p.Name, want)
		}
		for name, v := range variants {
			v.Name = forbidden
			c := central{slices.Insert(others(name == "full of hits" && !mayAsk(p, forbidden)), 0, v), p}
			if got := see(t, c); !reflect.DeepEqual(got, want) {
				t.Errorf("%s, the system %s:\n%v\nwithout it\n%v", p.Name, name, got, want)
			}
			compared++
		}
	}
	if compared < 300 {
		t.Errorf("only %d compared", compared)
	}
}

// see asks about a document, naming every system there may be.
func see(t *testing.T, c central) (pieces []piece) {
	synctest.Test(t, func(t *testing.T) {
		p := *c.profile
		p.Issued, p.Review = time.Now(), time.Now().Add(time.Hour)
		c.profile = &p
		req := documentRequest(c.profile, forbidden, system.SIS, forbidden, system.VIS, system.EES, system.SLTD, "national")
		req.Query.Officer.Profile.Systems = map[capture.Modality][]string{capture.ModalityDocument: req.Systems} // claimed
		pieces = c.overTheWire(t, req)
	})
	return pieces
}

// profiles are all choices of the permitted systems, each with several choices of parts, with
// the forbidden one missing or allowed with another modality only.
func profiles() []*profile.Profile {
	names := []string{system.SIS, system.VIS, system.EES, system.SLTD, "national"}
	var all []*profile.Profile
	for chosen := range 1 << len(names) {
		var systems []string
		for i, n := range names {
			if chosen>>i&1 == 1 {
				systems = append(systems, n)
			}
		}
		for parts := 0; parts <= len(allParts); parts += 3 {
			p := everything(systems...)
			for i := range p.Systems {
				p.Systems[i].Reply = allParts[:parts]
			}
			p.Name = fmt.Sprintf("%v with %v", systems, allParts[:parts])
			if chosen%4 == 3 {
				p.Systems = append(p.Systems, everything(forbidden).Systems[0])
				p.Systems[len(p.Systems)-1].Modalities = []capture.Modality{capture.ModalityFinger}
				p.Name += ", the system by finger only"
			}
			all = append(all, p)
		}
	}
	return all
}

func mayAsk(p *profile.Profile, name string) bool {
	return slices.ContainsFunc(p.Systems, func(s profile.System) bool { return s.Name == name })
}

// TestAnAllowedSystemIsSeen shows that the comparison would notice a difference.
func TestAnAllowedSystemIsSeen(t *testing.T) {
	p := everything(system.SIS, forbidden)
	without := see(t, central{others(false), p})
	with := see(t, central{append(others(false), System{Name: forbidden, Adapter: replying(system.Reply{State: capture.StateHit})}), p})
	if reflect.DeepEqual(with, without) || !strings.Contains(fmt.Sprint(with), forbidden) {
		t.Errorf("an allowed system makes no difference:\n%v", with)
	}
}
