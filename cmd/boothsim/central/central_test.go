package central

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"boothd/capture"
	"boothd/capture/mrz"
	"boothd/cmd/boothsim/demo"
	"boothd/internal/keys"
	"boothd/localmatch/gallery"
	"boothd/sync/portal"
)

// place is a portal with its folder and a booth's client.
type place struct {
	folder *demo.Folder
	portal *Portal
	client *portal.Client
}

func newPlace(t *testing.T, booth string) *place {
	t.Helper()
	folder, err := demo.Make(filepath.Join(t.TempDir(), "demo"))
	if err != nil {
		t.Fatal(err)
	}
	p := &place{folder: folder, portal: openPortal(t, folder)}
	server := httptest.NewUnstartedServer(p.portal.Handler())
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	if server.TLS, err = folder.PortalTLS(); err != nil {
		t.Fatal(err)
	}
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	conf, err := portal.MutualTLS(folder.Path("ca.pem"), folder.Path("booth.pem"), folder.Path("booth.key"), nil)
	if err != nil {
		t.Fatal(err)
	}
	p.client, err = portal.New(portal.Options{URL: "https://" + server.Listener.Addr().String(), TLS: conf, Booth: booth, Systems: demo.PortalSystems()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.client.Close)
	return p
}

func openPortal(t *testing.T, folder *demo.Folder) *Portal {
	t.Helper()
	opening, err := folder.Opening()
	if err != nil {
		t.Fatal(err)
	}
	signing, err := folder.Signing()
	if err != nil {
		t.Fatal(err)
	}
	p, err := Open(t.Context(), Options{
		Database: folder.Path("portal.db"), Opening: opening, Signing: signing, Systems: demo.PortalSystems(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

func query(systems ...string) capture.Query {
	return capture.Query{
		Check: "check-1", Booth: demo.Booth,
		Officer: capture.Officer{ID: "officer-1", Profile: capture.Profile{
			Name: "first-line", Systems: map[capture.Modality][]string{capture.ModalityDocument: systems, capture.ModalityFace: systems},
		}},
		Evidence: capture.Evidence{ID: "document-1", Document: &capture.Document{Zone: mrz.Zone{
			DocumentNumber: "X1234567", Issuer: "UTO", Surname: "MUSTER", GivenNames: "ERIKA",
			BirthDate: mrz.Date{Text: "800102", Year: 1980, Month: 1, Day: 2},
		}}},
	}
}

func (p *place) ask(t *testing.T, q capture.Query) map[string]capture.Answer {
	t.Helper()
	got := make(map[string]capture.Answer)
	if err := p.client.Look(t.Context(), q, func(a capture.Answer) { got[a.System] = a }); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestLookFindsPeopleByNumberAndByName(t *testing.T) {
	p := newPlace(t, demo.Booth)
	for system, e := range map[string]gallery.Entry{
		"SLTD":  {ID: "a", Documents: []gallery.DocumentNumber{{Number: "X1234567", Issuer: "UTO"}}, Action: "seize"},
		"SIS":   {ID: "b", Names: []string{"Muster, Erika"}, BirthDates: []string{"1980-01-02"}, Discreet: true},
		"VIS":   {ID: "c", Documents: []gallery.DocumentNumber{{Number: "X1234567", Issuer: "ATA"}}},
		"TDAWN": {ID: "d", Names: []string{"MUSTER, ERIKA"}, BirthDates: []string{"1981-01-02"}},
	} {
		if err := p.portal.Put(system, e); err != nil {
			t.Fatal(err)
		}
	}
	got := p.ask(t, query(demo.PortalSystems()...))
	for system, want := range map[string]capture.State{"SLTD": "hit", "SIS": "possible", "VIS": "no_hit", "TDAWN": "no_hit", "EES": "no_hit"} {
		if got[system].State != want {
			t.Errorf("%s = %s, want %s", system, got[system].State, want)
		}
	}
	if f := got["SLTD"].Findings; len(f) != 1 || f[0].Action != "seize" || f[0].By != capture.ByDocumentNumber || f[0].State != capture.StateHit {
		t.Errorf("findings of SLTD = %+v", f)
	}
	if f := got["SIS"].Findings; len(f) != 1 || !f[0].Discreet || f[0].By != capture.ByName || f[0].State != capture.StatePossible {
		t.Errorf("findings of SIS = %+v", f)
	}
	if a := got["SIS"].Shown(false); a.State != capture.StateNoHit || a.Reason != "" || len(a.Findings) != 0 {
		t.Errorf("SIS as an officer without clearance is shown it = %+v", a)
	}
	if was, err := p.portal.Remove("SLTD", "a"); err != nil || !was {
		t.Errorf("Remove = %t, %v", was, err)
	}
	if s := p.ask(t, query("SLTD"))["SLTD"].State; s != capture.StateNoHit {
		t.Errorf("SLTD after removal = %s", s)
	}
}

func TestLookAboutAFaceIsUnavailable(t *testing.T) {
	p := newPlace(t, demo.Booth)
	q := query("SIS")
	q.Evidence = capture.Evidence{ID: "face-1", Face: &capture.Face{JPEG: []byte("jpeg"), Width: 1, Height: 1}}
	if a := p.ask(t, q)["SIS"]; a.State != capture.StateUnavailable || a.Reason == "" {
		t.Errorf("answer = %s, %q", a.State, a.Reason)
	}
}

func TestSlowAndFailingSystemsAreUnavailableAtTheirOwnTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, test := range []struct {
			name    string
			latency time.Duration
			failing bool
			state   capture.State
			after   time.Duration
		}{
			{"quick", 0, false, "no_hit", 0},
			{"slow", time.Second, false, "no_hit", time.Second},
			{"failing", time.Second, true, "unavailable", time.Second},
			{"silent", time.Hour, false, "unavailable", SystemDeadline},
		} {
			s := &system{name: test.name, now: time.Now}
			s.set(test.latency, test.failing)
			began := time.Now()
			q := query("SIS")
			a := s.answer(t.Context(), &q)
			if a.State != test.state || time.Since(began) != test.after {
				t.Errorf("%s: %s after %v, want %s after %v", test.name, a.State, time.Since(began), test.state, test.after)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		s := &system{name: "slow", now: time.Now, latency: time.Second}
		q := query("SIS")
		if a := s.answer(ctx, &q); a.State != capture.StateUnavailable {
			t.Errorf("answer to a booth that is gone = %s", a.State)
		}
	})
}

func TestStrangersInTheBoothsNameAreTurnedAway(t *testing.T) {
	p := newPlace(t, "another-booth")
	err := p.client.Look(t.Context(), query("SIS"), func(capture.Answer) {})
	var status *portal.StatusError
	if !errors.As(err, &status) || status.Code != http.StatusForbidden {
		t.Errorf("look: %v", err)
	}
	it := p.item(t, 1, "record-1", "another-booth")
	if _, err := p.client.Report(t.Context(), []portal.Item{it}); !errors.As(err, &status) || status.Code != http.StatusForbidden {
		t.Errorf("report: %v", err)
	}
}

// item makes an item that central takes.
func (p *place) item(t *testing.T, sequence uint64, id, booth string) portal.Item {
	t.Helper()
	return p.itemOf(t, sequence, id, &capture.Record{
		ID: id, Booth: booth, Kind: capture.RecordOutcome, Check: "check-1", Offline: true,
		Recommendation: &capture.Recommendation{Outcome: capture.OutcomeRefer},
		Disposition:    &capture.Disposition{Decision: capture.OutcomeClear},
	})
}

func (p *place) itemOf(t *testing.T, sequence uint64, id string, rec *capture.Record) portal.Item {
	t.Helper()
	pub, err := keys.ReadSealing(p.folder.Path("central-opening.pub"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(rec)
	if err != nil {
		t.Fatal(err)
	}
	box, err := keys.Seal(pub, portal.SealInfo, portal.SealedFor(rec.Booth, id), b)
	if err != nil {
		t.Fatal(err)
	}
	it := portal.Item{Booth: rec.Booth, Epoch: "e1", Sequence: sequence, ID: id, Journal: strings.Repeat("0f", 32), Sealed: box}
	it.Hash = portal.HashItem(&it)
	return it
}

func (p *place) report(t *testing.T, items ...portal.Item) portal.ReportReply {
	t.Helper()
	reply, err := p.client.Report(t.Context(), items)
	if err != nil {
		t.Fatal(err)
	}
	return reply
}

func TestReportCommitsOnceAndAcknowledgesAgain(t *testing.T) {
	p := newPlace(t, demo.Booth)
	pub, err := keys.ReadVerifying(p.folder.Path("central-signing.pub"))
	if err != nil {
		t.Fatal(err)
	}
	it := p.item(t, 1, "record-1", demo.Booth)
	first := p.report(t, it)
	again := p.report(t, it, p.item(t, 2, "record-2", demo.Booth))
	if len(first.Acks) != 1 || len(again.Acks) != 2 {
		t.Fatalf("acknowledged %d, then %d", len(first.Acks), len(again.Acks))
	}
	if err := first.Acks[0].Verify(pub, &it); err != nil {
		t.Error(err)
	}
	if a, b := first.Acks[0], again.Acks[0]; !a.At.Equal(b.At) || string(a.Signature) != string(b.Signature) {
		t.Error("the second acknowledgement of an item is not the first")
	}
	got, err := p.portal.Received(t.Context())
	if want := (Received{Records: 2, Kinds: map[string]int{"outcome": 2}, Repeated: 1}); err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("received %+v, %v; want %+v", got, err, want)
	}
	list, err := p.portal.Records(t.Context(), 10)
	if err != nil || len(list) != 2 {
		t.Fatalf("records = %v, %v", list, err)
	}
	if s := list[0]; s.ID != "record-2" || s.Outcome != "refer" || s.Decision != "clear" || !s.Offline || s.Check != "check-1" {
		t.Errorf("newest record = %+v", s)
	}
}

func TestReportRefusesWhatIsNotTheBoothsRecord(t *testing.T) {
	p := newPlace(t, demo.Booth)
	p.report(t, p.item(t, 1, "record-1", demo.Booth))
	bent := p.item(t, 2, "record-2", demo.Booth)
	bent.Sealed[len(bent.Sealed)-1] ^= 1
	unhashed := bent
	bent.Hash = portal.HashItem(&bent)
	swapped := p.itemOf(t, 2, "record-2", &capture.Record{ID: "record-3", Booth: demo.Booth})
	for _, test := range []struct {
		name string
		item portal.Item
	}{
		{"a hash of something else", unhashed},
		{"a box that does not open", bent},
		{"a record of another id", swapped},
		{"another item in a taken place", p.item(t, 1, "record-9", demo.Booth)},
		{"a record that is there already", p.item(t, 7, "record-1", demo.Booth)},
		{"a sequence of zero", p.item(t, 0, "record-0", demo.Booth)},
		{"a sequence beyond the database", p.item(t, 1<<63, "record-8", demo.Booth)},
	} {
		t.Run(test.name, func(t *testing.T) {
			reply := p.report(t, test.item)
			if len(reply.Acks) != 0 || len(reply.Refused) != 1 || reply.Refused[0].Reason == "" {
				t.Errorf("reply = %+v", reply)
			}
		})
	}
	got, err := p.portal.Received(t.Context())
	if err != nil || got.Records != 1 || got.Repeated != 0 || got.Doubled != 1 || got.Refused != 7 {
		t.Errorf("received %+v, %v", got, err)
	}
}

func TestReceivedRecordsSurviveARestart(t *testing.T) {
	p := newPlace(t, demo.Booth)
	p.report(t, p.item(t, 1, "record-1", demo.Booth), p.item(t, 3, "record-3", demo.Booth))
	second := openPortal(t, p.folder)
	got, err := second.Received(t.Context())
	if err != nil || got.Records != 2 || got.Missing != 1 {
		t.Errorf("received %+v, %v", got, err)
	}
}

func TestSystemsThatDoNotExistAreNamed(t *testing.T) {
	p := newPlace(t, demo.Booth)
	for _, err := range []error{
		p.portal.Put("XIS", gallery.Entry{}),
		p.portal.SetSystem("XIS", 0, true),
		func() error { _, err := p.portal.Remove("XIS", ""); return err }(),
	} {
		if err == nil || !strings.Contains(err.Error(), "XIS") {
			t.Errorf("error = %v", err)
		}
	}
	if err := p.portal.SetSystem("SIS", time.Second, true); err != nil {
		t.Fatal(err)
	}
	if s := p.portal.Systems()[0]; s != (SystemState{Name: "SIS", Latency: time.Second, Failing: true}) {
		t.Errorf("state = %+v", s)
	}
}
