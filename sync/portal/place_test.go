package portal

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"boothd/capture"
	"boothd/capture/check"
	"boothd/capture/mrz"
	"boothd/devices"
)

var _ check.Source = (*Client)(nil)

// place is a booth's client and a portal that answers as the test says.
type place struct {
	ca     *authority
	server *httptest.Server
	line   *line
	opt    Options
}

// newPlace starts a portal with the handler, behind a line that can be cut.
func newPlace(t testing.TB, h http.Handler) *place {
	t.Helper()
	p := &place{ca: newAuthority(t)}
	p.ca.issue("booth-1")
	p.server = httptest.NewUnstartedServer(h)
	p.line = newLine(t, p.server.Listener)
	p.server.Listener = p.line
	p.server.TLS = p.ca.server()
	p.server.EnableHTTP2 = true
	p.server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	p.server.StartTLS()
	t.Cleanup(p.server.Close)
	conf, err := MutualTLS(p.ca.path("ca.pem"), p.ca.path("booth-1.pem"), p.ca.path("booth-1.key"), nil)
	if err != nil {
		t.Fatal(err)
	}
	p.opt = Options{
		URL:            "https://" + p.server.Listener.Addr().String(),
		TLS:            conf,
		Booth:          "booth-1",
		Systems:        []string{"SIS", "SLTD", "VIS"},
		ConnectTimeout: 5 * time.Second,
		HeadTimeout:    5 * time.Second,
	}
	return p
}

func (p *place) client(t testing.TB) *Client {
	t.Helper()
	c, err := New(p.opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// line is a listener whose connections can be cut all at once.
type line struct {
	net.Listener
	mu    sync.Mutex
	down  bool
	conns []net.Conn
}

func newLine(t testing.TB, l net.Listener) *line {
	t.Helper()
	return &line{Listener: l}
}

func (l *line) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		l.mu.Lock()
		down := l.down
		if !down {
			l.conns = append(l.conns, c)
		}
		l.mu.Unlock()
		if !down {
			return c, nil
		}
		c.Close()
	}
}

func (l *line) set(down bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = down
	if down {
		for _, c := range l.conns {
			c.Close()
		}
		l.conns = nil
	}
}

func documentQuery() capture.Query {
	return capture.Query{
		Check: "check-1",
		Booth: "booth-1",
		Officer: capture.Officer{ID: "officer-1", Profile: capture.Profile{
			Name: "first line", Category: "border guard", Purpose: "border check", LegalBasis: "2016/399 Art 8",
			Systems: map[capture.Modality][]string{
				capture.ModalityDocument: {"SIS", "SLTD", "SIS", "national"},
				capture.ModalityFinger:   {"VIS"},
			},
			Cleared: true,
		}},
		Evidence: capture.Evidence{
			ID:     "document-1",
			At:     time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC),
			Device: devices.Info{Driver: "cute", Kind: devices.KindDocumentReader, Address: "serial:/dev/x", Model: "M", Serial: "S", Firmware: "F"},
			Document: &capture.Document{Zone: mrz.Zone{
				Format: mrz.TD3, Lines: []string{"P<UTO", "X"}, DocumentCode: "P", Issuer: "UTO",
				DocumentNumber: "L898902C3", Surname: "ERIKSSON", GivenNames: "ANNA MARIA", Nationality: "UTO",
				BirthDate: mrz.Date{Text: "740812", Year: 1974, Month: 8, Day: 12}, Sex: "F",
				ExpiryDate: mrz.Date{Text: "290415", Year: 2029, Month: 4, Day: 15},
				Optional:   "ZE184226B", Checks: []mrz.Check{{Field: mrz.FieldComposite, OK: true}},
				Repairs: []mrz.Repair{{Field: mrz.FieldBirthDate, Line: 2, Column: 14, Read: "O", Meant: "0"}},
			}},
		},
		At: time.Date(2026, 3, 4, 5, 6, 8, 0, time.UTC),
	}
}

func fingerQuery() capture.Query {
	q := documentQuery()
	zone := q.Evidence.Document.Zone
	q.Zone = &zone
	q.Evidence.ID = "finger-1"
	q.Evidence.Document = nil
	q.Evidence.Finger = &capture.Finger{Position: 2, PNG: []byte("png"), Width: 3, Height: 4, DPI: 500, Quality: 70}
	return q
}

// ask collects what Look hands on.
func ask(ctx context.Context, c *Client, q capture.Query) ([]capture.Answer, error) {
	var got []capture.Answer
	err := c.Look(ctx, q, func(a capture.Answer) { got = append(got, a) })
	return got, err
}

// states maps each system to its answer's state.
func states(answers []capture.Answer) map[string]capture.State {
	m := make(map[string]capture.State)
	for _, a := range answers {
		m[a.System] = a.State
	}
	return m
}
