package system

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"boothd/capture"
)

var now = time.Unix(1_800_000_000, 0).UTC()

func TestRepliesThatContradictThemselvesAreRefused(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*Reply)
	}{
		{"a state that is not known", func(r *Reply) { r.State = "clear" }},
		{"no state", func(r *Reply) { r.State = "" }},
		{"nothing found, with findings", func(r *Reply) { r.State = capture.StateNoHit }},
		{"unavailable, with findings", func(r *Reply) { r.State = capture.StateUnavailable }},
		{"stale, with findings", func(r *Reply) { r.State = capture.StateStale }},
		{"a score above 1", func(r *Reply) { r.Findings[0].Score = 1.1 }},
		{"a score below 0", func(r *Reply) { r.Findings[0].Score = -0.1 }},
		{"a score that is no number", func(r *Reply) { r.Findings[0].Score = math.NaN() }},
		{"a weight that is no number", func(r *Reply) { r.Findings[0].Explanation[0].Weight = math.Inf(1) }},
		{"a finding that found nothing", func(r *Reply) { r.Findings[0].State = capture.StateNoHit }},
		{"a link of no colour", func(r *Reply) { r.Links[0].Colour = "blue" }},
		{"a link of no systems", func(r *Reply) { r.Links[0].Systems = nil }},
		{"a rest that found something", func(r *Reply) { r.Rest.State = capture.StateHit }},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := fullReply()
			test.change(&r)
			if _, err := r.Checked(now); !errors.Is(err, ErrRefused) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestRepliesAreCutToTheirLimits(t *testing.T) {
	long := strings.Repeat("é", MaxText)
	r := fullReply()
	f, l := r.Findings[0], r.Links[0]
	f.Name, f.Explanation = long, make([]capture.Part, MaxParts+1)
	f.Explanation[0].Found = "a\u202eb\nc"
	r.Findings, r.Links, r.Facts = nil, nil, nil
	for range 2 * MaxFindings {
		open := f
		open.Discreet = false
		r.Findings = append(r.Findings, f, open)
	}
	for range 2 * MaxLinks {
		open := l
		open.Discreet = false
		r.Links = append(r.Links, l, open)
	}
	for range MaxFacts + 1 {
		r.Facts = append(r.Facts, capture.Fact{Code: "file", Value: long})
	}
	r.AsOf = now.Add(time.Hour)
	given := r.Findings[0].Explanation[0]
	got, err := r.Checked(now)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Findings) != 2*MaxFindings || len(got.Links) != 2*MaxLinks || len(got.Facts) != MaxFacts {
		t.Errorf("%d findings, %d links, %d facts", len(got.Findings), len(got.Links), len(got.Facts))
	}
	if n := got.Findings[0].Name; len(n) != MaxText || !strings.HasPrefix(long, n) {
		t.Errorf("name of %d bytes", len(n))
	}
	if got.Findings[0].Explanation[0].Found != "abc" || len(got.Findings[0].Explanation) != MaxParts {
		t.Error("explanation not limited")
	}
	if got.Reason != "64 more findings" || !got.AsOf.Equal(now) || len(got.Facts[0].Value) != MaxText {
		t.Errorf("reason %q, as of %s", got.Reason, got.AsOf)
	}
	if r.Findings[0].Explanation[0] != given || r.Findings[0].Name != long || r.Facts[0].Value != long {
		t.Error("the reply that was given was changed")
	}
}

func TestDiscreetFindingsLeaveNoTraceInWhatIsCutOff(t *testing.T) {
	open := Reply{State: capture.StatePossible, Findings: []capture.Finding{
		{Entry: "e", By: capture.ByName, State: capture.StatePossible, Score: 0.5}, {Entry: "f", By: capture.ByName, State: capture.StateHit, Score: 1},
	}}
	with := open
	for range MaxFindings + 1 {
		with.Findings = append(with.Findings, capture.Finding{Entry: "d", State: capture.StateHit, Discreet: true})
	}
	with.Reason = "of the discreet ones"
	shown := func(r Reply) capture.Answer {
		r, err := r.Checked(now)
		if err != nil {
			t.Fatal(err)
		}
		return capture.Answer{State: r.State, Reason: r.Reason, Findings: r.Findings, Rest: r.Rest}.Shown(false)
	}
	if a, b := shown(open), shown(with); !reflect.DeepEqual(a, b) {
		t.Errorf("%+v, with discreet findings %+v", a, b)
	}
}

func TestTheStateIsThatOfTheStrongestFinding(t *testing.T) {
	r := Reply{State: capture.StatePossible, Findings: []capture.Finding{{State: capture.StateHit, Score: 1}}}
	if got, err := r.Checked(now); err != nil || got.State != capture.StateHit {
		t.Errorf("%s, %v", got.State, err)
	}
}

func TestNoHitIsCutOffForWhatIsOnlyPossible(t *testing.T) {
	r := Reply{State: capture.StateHit}
	for range MaxFindings {
		r.Findings = append(r.Findings, capture.Finding{Entry: "possible", State: capture.StatePossible})
	}
	r.Findings = append(r.Findings, capture.Finding{Entry: "hit", State: capture.StateHit})
	got, err := r.Checked(time.Now())
	if err != nil || len(got.Findings) != MaxFindings || got.Findings[MaxFindings-1].Entry != "hit" || got.Reason != "1 more findings" {
		t.Errorf("%d findings, the last %+v, %q, %v", len(got.Findings), got.Findings[len(got.Findings)-1], got.Reason, err)
	}
}
