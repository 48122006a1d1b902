package main

import (
	"encoding/json"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"boothd/capture"
	"boothd/capture/mrz"
	"boothd/capture/synthetic"
	"boothd/cmd/boothd/config"
	"boothd/localmatch/gallery"
	"boothd/localmatch/recent"
	"boothd/sync/direct"
	"boothd/sync/profile"
	"boothd/sync/system"
)

// listed is what a list and a system asked directly hold of traveller 21.
func listed() (*mrz.Zone, gallery.Entry) {
	traveller := synthetic.New(21)
	zone, _ := mrz.Read(traveller.MRZ, time.Now())
	f := traveller.Fields
	return &zone, gallery.Entry{
		ID: "e-1", Documents: []gallery.DocumentNumber{{Number: f.DocumentNumber, Issuer: f.Issuer}},
		Names: []string{f.Surname + ", " + f.GivenNames}, BirthDates: []string{zone.BirthDate.ISO()},
		Category: "theft", Action: "seize the document",
	}
}

// limited is a booth with a list, a system that it asks directly, and central's profile
// whose SIS replies have the parts.
func limited(t *testing.T, parts ...profile.Part) (*booth, capture.Officer) {
	t.Helper()
	b, _ := small(t, t.TempDir(), openingKey(t))
	if err := b.openGallery(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.gallery.Close() })
	b.config.Lists = []config.List{{Name: "sis", System: "SIS"}}
	_, e := listed()
	var changes iter.Seq2[gallery.Change, error] = func(yield func(gallery.Change, error) bool) { yield(gallery.Change{Put: &e}, nil) }
	err := b.gallery.Apply(t.Context(), gallery.Update{
		List: "sis", System: "SIS", Version: 1, Issued: time.Now(), Expires: time.Now().Add(time.Hour), Entries: 1, Lines: gallery.LinesOf(changes),
	})
	if err != nil {
		t.Fatal(err)
	}
	key, public := signing(t, t.TempDir(), "central")
	b.config.Portal.ProfileKeys = []string{public}
	if b.profiles, err = newProfiles(b.config, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	signed := signedProfile("first-line", 1, time.Now().AddDate(0, 3, 0), "", "SIS")
	signed.Systems[0].Reply = parts
	text, err := profile.Sign(signed, key)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.profiles.signed.Add(text); err != nil {
		t.Fatal(err)
	}
	return b, capture.Officer{ID: "officer-7", Profile: b.profiles.named("first-line")}
}

func TestTheProfileLimitsWhatTheBoothsOwnListsTell(t *testing.T) {
	zone, _ := listed()
	for name, test := range map[string]struct {
		parts    []profile.Part
		findings int
		action   string
		named    bool
	}{
		"the state only":       {nil, 0, "", false},
		"that there is one":    {[]profile.Part{profile.PartFindings}, 1, "", false},
		"with action":          {[]profile.Part{profile.PartFindings, profile.PartAction}, 1, "seize the document", false},
		"with action and name": {[]profile.Part{profile.PartFindings, profile.PartAction, profile.PartName}, 1, "seize the document", true},
	} {
		t.Run(name, func(t *testing.T) {
			b, o := limited(t, test.parts...)
			q := capture.Query{Officer: o, Evidence: capture.Evidence{ID: "document-1", Document: &capture.Document{Zone: *zone}}, Zone: zone}
			var got []capture.Answer
			err := b.sources()[0].Source.Look(t.Context(), q, func(a capture.Answer) { got = append(got, a) })
			if err != nil || len(got) != 1 || got[0].State != capture.StateHit || len(got[0].Findings) != test.findings {
				t.Fatalf("answers %+v, %v", got, err)
			}
			for _, f := range got[0].Findings {
				if f.Action != test.action || (f.Name != "") != test.named || f.Explanation != nil {
					t.Errorf("finding %+v", f)
				}
			}
		})
	}
}

func TestTheProfileLimitsWhatSystemsAskedDirectlyTell(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(system.Reply{
			State: capture.StateHit, AsOf: time.Now(), Facts: []capture.Fact{{Code: capture.FactVisa, Value: "valid"}},
			Findings: []capture.Finding{{Entry: "e-1", By: capture.ByDocumentNumber, State: capture.StateHit, Score: 1, Name: "N", Action: "seize"}},
		})
	}))
	defer server.Close()
	b, o := limited(t)
	adapter, err := system.NewHTTP(system.HTTPOptions{URL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	defer adapter.Close()
	b.direct, err = direct.New(direct.Options{
		Booth: "booth-1", Systems: []direct.System{{Name: "SIS", Adapter: adapter}}, Down: func() bool { return true },
	})
	if err != nil {
		t.Fatal(err)
	}
	zone, _ := listed()
	q := capture.Query{Officer: o, Evidence: capture.Evidence{ID: "document-1", Document: &capture.Document{Zone: *zone}}, Zone: zone}
	var got []capture.Answer
	all := b.sources()
	if err := all[len(all)-1].Source.Look(t.Context(), q, func(a capture.Answer) { got = append(got, a) }); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0].State != capture.StateHit || got[0].Source != "direct" || len(got[0].Findings)+len(got[0].Facts) != 0 {
		t.Errorf("answers %+v", got)
	}
}

func TestWhatAListTellsLaterIsLimitedToo(t *testing.T) {
	b, o := limited(t)
	zone, e := listed()
	checked := time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
	rec := &capture.Record{
		Kind: capture.RecordOutcome, Check: "check-1", Booth: "booth-1", At: checked, Officer: o,
		Evidence: []capture.Evidence{{ID: "document-1", Document: &capture.Document{Zone: *zone}}},
	}
	if err := b.watch.Store.Add(t.Context(), recent.CheckOf(rec)); err != nil {
		t.Fatal(err)
	}
	found, err := b.watch.Store.Match(t.Context(), "SIS", []gallery.Entry{e})
	if err != nil || len(found) != 1 {
		t.Fatalf("found %+v, %v", found, err)
	}
	if err := b.foundLater(found[0]); err != nil {
		t.Fatal(err)
	}
	alerts := b.desk.View(true).Alerts
	if len(alerts) != 1 || alerts[0].Answer.State != capture.StateHit || len(alerts[0].Answer.Findings) != 0 || !alerts[0].Checked.Equal(checked) {
		t.Errorf("alerts %+v", alerts)
	}
}

func TestAProfileThatCentralHasNotSignedLimitsNothing(t *testing.T) {
	b, _ := limited(t)
	a := capture.Answer{System: "SIS", State: capture.StateHit, Findings: []capture.Finding{{Entry: "e-1", Name: "N", State: capture.StateHit}}}
	if got := b.profiles.minimise("patrol", a); len(got.Findings) != 1 || got.Findings[0].Name != "N" {
		t.Errorf("of the booth's own table: %+v", got)
	}
	b.profiles.now = func() time.Time { return time.Now().AddDate(2, 0, 0) }
	if got := b.profiles.minimise("first-line", a); len(got.Findings) != 0 || got.State != capture.StateHit {
		t.Errorf("past its review: %+v", got)
	}
}
