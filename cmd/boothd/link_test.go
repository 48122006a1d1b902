package main

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"boothd/capture/policy"
	"boothd/cmd/boothd/config"
	"boothd/cmd/boothd/console"
	"boothd/sync/direct"
	"boothd/sync/portal"
)

var (
	early = time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	late  = early.Add(time.Minute)
)

func TestStateOfTheLink(t *testing.T) {
	down := portal.Status{Since: early, Reason: "no connection to the central search"}
	up := portal.Status{Up: true, Since: early}
	systems := func(first, second bool) []direct.Health {
		return []direct.Health{{System: "SIS", Up: first, Since: early}, {System: "VIS", Up: second, Since: late}}
	}
	nation := func(up bool) probeStatus { return probeStatus{watched: true, up: up, since: late} }
	tests := []struct {
		name  string
		r     reach
		want  console.LinkState
		since time.Time
	}{
		{"the portal answers", reach{portal: up, network: true}, console.LinkOnline, early},
		{"the portal answers though nothing else does", reach{portal: up, direct: systems(false, false), national: nation(false), network: true}, console.LinkOnline, early},
		{"the portal is down and nothing else is looked at", reach{portal: down, network: true}, console.LinkPortalDown, early},
		{"the portal is down, the nation's network answers", reach{portal: down, national: nation(true), network: true}, console.LinkPortalDown, early},
		{"the portal is down, a system answers directly", reach{portal: down, direct: systems(false, true), national: nation(false), network: true}, console.LinkPortalDown, early},
		{"nothing of the nation's answers", reach{portal: down, direct: systems(false, false), national: nation(false), network: true}, console.LinkNationalDown, late},
		{"no system answers directly and the nation is not looked at", reach{portal: down, direct: systems(false, false), network: true}, console.LinkNationalDown, late},
		{"there is no network", reach{portal: down, direct: systems(false, false), national: nation(false)}, console.LinkOffline, early},
		{"there is no network and nothing is looked at", reach{portal: down}, console.LinkOffline, early},
		{"the nation is on this machine", reach{portal: down, national: nation(true)}, console.LinkPortalDown, early},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := linkOf(tt.r); got.State != tt.want || !got.Since.Equal(tt.since) {
				t.Errorf("link %s since %v, want %s since %v", got.State, got.Since, tt.want, tt.since)
			}
		})
	}
}

func TestProbeTellsWhetherAnythingAnswers(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	p, err := newProbe(config.National{Probe: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	if st := p.status(); st.watched || st.up {
		t.Errorf("before the first look %+v", st)
	}
	p.saw(p.look(t.Context()))
	if st := p.status(); !st.watched || !st.up {
		t.Errorf("while it answers %+v", st)
	}
	server.Close()
	p.saw(p.look(t.Context()))
	if st := p.status(); !st.watched || st.up {
		t.Errorf("when it is gone %+v", st)
	}
}

func TestWhatNoQuestionWouldTell(t *testing.T) {
	down := reach{portal: portal.Status{Since: late, Reason: "no connection"}}
	online := reach{portal: portal.Status{Up: true, Since: early}}
	directly := down
	directly.direct = []direct.Health{{System: "SIS", Up: true, Since: early}}
	list := func(system string, states ...console.ListState) (lists []console.List) {
		for _, s := range states {
			lists = append(lists, console.List{Name: "l-" + string(s), System: system, State: s, AsOf: early})
		}
		return lists
	}
	central := []string{"SIS", "VIS", "CIR"}
	tests := []struct {
		name    string
		systems []string
		r       reach
		lists   []console.List
		want    []policy.Unknown
	}{
		{"central answers", []string{"SIS", "VIS", "CIR"}, online, nil, nil},
		{"central is down; nobody is identified on a fault's account", []string{"VIS", "CIR"}, down, nil, []policy.Unknown{{System: "VIS", Why: "no connection", Since: late}}},
		{"a list is current", []string{"SIS"}, down, list("SIS", console.ListCurrent), nil},
		{"the system answers directly", []string{"SIS"}, directly, nil, nil},
		{"only an old list is here", []string{"SIS"}, down, list("SIS", console.ListCurrent, console.ListStale), []policy.Unknown{{System: "SIS", Why: "only an old copy is on this booth", Since: early}}},
		{"a part is too old", []string{"SIS"}, down, list("SIS", console.ListStale, console.ListExpired), []policy.Unknown{{System: "SIS", Why: "the copy on this booth is too old to be used", Since: early}}},
		{"a national list was never received", []string{"national"}, online, list("national", console.ListMissing), []policy.Unknown{{System: "national", Why: "the list l-missing has not been received", Since: early}}},
		{"nobody answers for it here", []string{"EES"}, online, nil, []policy.Unknown{{System: "EES", Why: "no list of it is on this booth"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := unknown(tt.systems, central, tt.r, tt.lists); !slices.Equal(got, tt.want) {
				t.Errorf("unknown %+v, want %+v", got, tt.want)
			}
		})
	}
}
