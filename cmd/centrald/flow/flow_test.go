package flow

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"boothd/capture"
	"boothd/cmd/centrald/store"
	"boothd/cmd/centrald/store/storetest"
)

var noon = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC) // a Monday

func open(t *testing.T, db *store.DB) *Flow {
	t.Helper()
	f, err := Open(t.Context(), db, func() time.Time { return noon })
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// add records n checks that ended with a decision.
func (f *Flow) add(t *testing.T, n int, at time.Time, decision capture.Outcome) {
	t.Helper()
	err := f.db.Tx(t.Context(), func(tx *sql.Tx) error {
		for range n {
			if err := f.Record(t.Context(), tx, ended(at, decision)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func ended(at time.Time, decision capture.Outcome) *capture.Record {
	return &capture.Record{
		Kind: capture.RecordDisposition, Booth: "booth-1", Place: "North", At: at,
		Disposition: &capture.Disposition{Decision: decision},
	}
}

func TestChecksAreCountedByPlaceHourAndDecision(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		f := open(t, db)
		f.add(t, 20, noon.Add(-90*time.Minute), capture.OutcomeClear)
		f.add(t, 6, noon.Add(-61*time.Minute), capture.OutcomeRefer)
		f.add(t, 7, noon.Add(-time.Minute), capture.OutcomeClear)
		f.add(t, 5, noon.Add(48*time.Hour), capture.OutcomeStop) // a clock that is far ahead
		hours, err := f.Hours(t.Context(), "North", noon.Add(-2*time.Hour), noon.Add(time.Hour))
		if err != nil || len(hours) != 3 {
			t.Fatalf("%d hours, %v", len(hours), err)
		}
		for i, want := range []map[capture.Outcome]int{
			{capture.OutcomeClear: 20, capture.OutcomeRefer: 6}, {capture.OutcomeClear: 7}, {capture.OutcomeStop: 5},
		} {
			for _, o := range Outcomes() {
				if got := hours[i].Outcomes[o]; got.N != want[o] || got.Few {
					t.Errorf("hour %d, %s: %+v, want %d", i, o, got, want[o])
				}
			}
		}
		if hours[0].Total != 26 || hours[1].Total != 7 {
			t.Errorf("totals %d and %d, want 26 and 7", hours[0].Total, hours[1].Total)
		}
		if places, err := f.Places(t.Context()); err != nil || len(places) != 1 || places[0] != "North" {
			t.Errorf("places %v, %v", places, err)
		}
	})
}

func TestAPlaceThatADatabaseWouldRefuseKeepsNoRecordOut(t *testing.T) {
	for name, place := range map[string]string{
		"cut within a character": strings.Repeat("é", maxPlace),
		"with a zero byte":       "No\x00rth",
	} {
		storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
			f := open(t, db)
			r := ended(noon, capture.OutcomeClear)
			r.Place = "x" + place
			if err := db.Tx(t.Context(), func(tx *sql.Tx) error { return f.Record(t.Context(), tx, r) }); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			places, err := f.Places(t.Context())
			if err != nil || len(places) != 1 || !utf8.ValidString(places[0]) || strings.Contains(places[0], "\x00") || len(places[0]) > maxPlace {
				t.Errorf("%s: places %q, %v", name, places, err)
			}
		})
	}
}

func TestRecordsThatEndNoCheckAreNotCounted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		f := open(t, db)
		err := db.Tx(t.Context(), func(tx *sql.Tx) error {
			var errs []error
			for _, r := range []*capture.Record{
				{Kind: capture.RecordOutcome, Booth: "b", At: noon},
				{Kind: capture.RecordLateAnswer, Booth: "b", At: noon},
				{Kind: capture.RecordDrill, Booth: "b", At: noon},
				{Kind: capture.RecordDisposition, Booth: "b", At: noon, Disposition: &capture.Disposition{Decision: "made up"}},
			} {
				errs = append(errs, f.Record(t.Context(), tx, r))
			}
			return errors.Join(errs...)
		})
		if err != nil {
			t.Fatal(err)
		}
		if places, err := f.Places(t.Context()); err != nil || len(places) != 0 {
			t.Errorf("places %v, %v", places, err)
		}
	})
}

// Whatever small number happened, what is told is the same.
func TestASmallCountCannotBeWorkedOut(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		f := open(t, db)
		f.add(t, 9, noon, capture.OutcomeClear)
		for stops := 1; stops < Small; stops++ {
			f.add(t, 1, noon, capture.OutcomeStop)
			hours, err := f.Hours(t.Context(), "North", noon, noon.Add(time.Hour))
			if err != nil {
				t.Fatal(err)
			}
			if c := hours[0].Outcomes[capture.OutcomeStop]; c.N != 0 || !c.Few || hours[0].Total != 9 {
				t.Errorf("%d stops are told as %+v of %d", stops, c, hours[0].Total)
			}
		}
	})
}

func TestCountsAreErasedAndRangesLimited(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		f := open(t, db)
		f.add(t, 6, noon.Add(-time.Hour), capture.OutcomeClear)
		f.add(t, 7, noon, capture.OutcomeClear)
		if err := f.Erase(t.Context(), noon); err != nil {
			t.Fatal(err)
		}
		hours, err := f.Hours(t.Context(), "North", noon.Add(-time.Hour), noon.Add(time.Hour))
		if err != nil || hours[0].Total != 0 || hours[1].Outcomes[capture.OutcomeClear].N != 7 {
			t.Errorf("%+v, %v", hours, err)
		}
		for _, from := range []time.Time{noon.Add(time.Hour), noon.AddDate(-5, 0, 0)} {
			if _, err := f.Hours(t.Context(), "North", from, noon); err == nil {
				t.Errorf("hours from %v", from)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := f.Hours(ctx, "North", noon, noon); err == nil {
			t.Error("read after the end")
		}
	})
}

// busy is a border's hour as many know them: a day's wave, quiet nights, Saturdays doubled.
func busy(hour int) float64 {
	wave := 40 - 38*math.Cos(2*math.Pi*float64(hour%day)/day)
	if hour/day%7 == 5 {
		wave *= 2
	}
	return wave
}

func TestAForecastFollowsHourWeekdayAndLevel(t *testing.T) {
	var loads []float64
	for h := range 5 * week {
		loads = append(loads, busy(h))
	}
	points := Predict(loads, week)
	for i, p := range points {
		if want := busy(len(loads) + i); math.Abs(p.Mean-want) > 0.01 {
			t.Fatalf("hour %d: %.1f, want %.1f", i, p.Mean, want)
		}
	}
	for i := len(loads) - day; i < len(loads); i++ {
		loads[i] *= 1.5 // the last day was busier
	}
	for i, p := range Predict(loads, 6) {
		if want := 1.5 * busy(len(loads)+i); math.Abs(p.Mean-want) > 0.01 {
			t.Errorf("after a busy day, hour %d: %.1f, want %.1f", i, p.Mean, want)
		}
	}
}

func TestAForecastMakesDoWithLittle(t *testing.T) {
	for name, test := range map[string]struct {
		loads []float64
		want  float64
	}{
		"nothing":      {nil, 0},
		"three hours":  {[]float64{10, 20, 30}, 20},
		"a day":        {append([]float64{70}, make([]float64, day-1)...), 70},
		"never anyone": {make([]float64, 3*week), 0},
	} {
		if p := Predict(test.loads, 1); p[0].Mean != test.want || p[0].Low > p[0].Mean || p[0].High < p[0].Mean {
			t.Errorf("%s: %+v, want %v", name, p[0], test.want)
		}
	}
}

// On invented border traffic the forecast must do better than taking last week for this one.
func TestAForecastBeatsLastWeek(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var loads []float64
	level := 1.0
	for h := range 12 * week {
		if h%day == 0 {
			level = math.Exp(0.2 * rng.NormFloat64())
		}
		loads = append(loads, math.Round(busy(h)*level*math.Exp(0.1*rng.NormFloat64())))
	}
	var ours, lastWeeks, inside, n float64
	for h := 6 * week; h+6 <= len(loads); h += 6 {
		for i, p := range Predict(loads[:h], 6) {
			is := loads[h+i]
			ours += math.Abs(p.Mean - is)
			lastWeeks += math.Abs(loads[h+i-week] - is)
			if p.Low <= is && is <= p.High {
				inside++
			}
			n++
		}
	}
	t.Logf("mean miss %.1f checks an hour; last week taken for this one: %.1f; %.0f %% inside the band", ours/n, lastWeeks/n, 100*inside/n)
	if ours >= lastWeeks {
		t.Error("last week taken for this one is better")
	}
	if inside/n < 0.6 {
		t.Error("the band holds too few hours")
	}
}

func TestThePlotIsAWellFormedPicture(t *testing.T) {
	var hours []Hour
	var expected []Expected
	for i := range 48 {
		hours = append(hours, Hour{From: noon.Add(time.Duration(i) * time.Hour), Total: 5 * i})
	}
	for i := range 12 {
		expected = append(expected, Expected{From: noon.Add(time.Duration(48+i) * time.Hour), Load: 100, Low: 50, High: 300})
	}
	for name, n := range map[string]int{"full": 48, "empty": 0} {
		var b bytes.Buffer
		if err := Plot(&b, hours[:n], expected[:n/4], time.UTC); err != nil {
			t.Fatal(err)
		}
		bars := strings.Count(b.String(), `class="bar"`)
		d := xml.NewDecoder(&b)
		for {
			_, err := d.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if bars != n {
			t.Errorf("%s: %d bars, want %d", name, bars, n)
		}
	}
}

func TestTheForecastForTheShiftLeaderIsRounded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		f := open(t, db)
		for d := 1; d <= 14; d++ {
			f.add(t, 37, noon.AddDate(0, 0, -d), capture.OutcomeClear)
		}
		expected, err := f.Forecast(t.Context(), "North", 3)
		if err != nil || len(expected) != 3 || !expected[0].From.Equal(noon) {
			t.Fatalf("%+v, %v", expected, err)
		}
		if expected[0].Load != 35 || expected[1].Load != 0 {
			t.Errorf("loads %d and %d, want 35 and 0", expected[0].Load, expected[1].Load)
		}
	})
}
