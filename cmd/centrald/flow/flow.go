// Package flow counts checks for the shift leader: how many there were at each crossing
// point in each hour and what they led to, and what the next hours will probably bring.
//
// The counts are of nobody: they hold a place, an hour, a decision and a number. A number
// below [Small] is not told, and totals leave it out, so that it cannot be worked out. What is
// stored is exact; forecasts rest on it and are rounded.
package flow

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"boothd/capture"
	"boothd/cmd/centrald/store"
)

// Small is the number from which on counts are told.
const Small = 5

// Abandoned stands for checks that ended without a decision.
const Abandoned capture.Outcome = "abandoned"

// Outcomes are those that are counted, in the order in which they are shown.
func Outcomes() []capture.Outcome {
	return []capture.Outcome{capture.OutcomeClear, capture.OutcomeRefer, capture.OutcomeStop, Abandoned}
}

// Flow keeps the counts.
type Flow struct {
	db  *store.DB
	now func() time.Time
}

const schema = `CREATE TABLE flow_count (
	place   TEXT NOT NULL,
	hour    BIGINT NOT NULL, -- hours since 1970
	outcome TEXT NOT NULL,
	n       BIGINT NOT NULL,
	PRIMARY KEY (place, hour, outcome)
)`

// Open makes the table if it is not there.
func Open(ctx context.Context, db *store.DB, now func() time.Time) (*Flow, error) {
	return &Flow{db: db, now: now}, db.Migrate(ctx, "flow", schema)
}

// maxPlace limits the name of a place, in bytes.
const maxPlace = 200

// maxAhead is how far a booth's clock may be ahead. A check from further ahead counts for
// the hour in which it is delivered.
const maxAhead = time.Hour

// Record counts a check when it has ended. It is called for every record that central
// commits, in the committing transaction.
func (f *Flow) Record(ctx context.Context, tx *sql.Tx, r *capture.Record) error {
	outcome, ended := decision(r)
	if !ended {
		return nil
	}
	place := r.Place
	if place == "" {
		place = r.Booth
	}
	at := r.At
	if now := f.now(); at.After(now.Add(maxAhead)) {
		at = now
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO flow_count (place, hour, outcome, n) VALUES ($1, $2, $3, 1)
		ON CONFLICT (place, hour, outcome) DO UPDATE SET n = flow_count.n + 1`, named(place), hourOf(at), string(outcome))
	if err != nil {
		return fmt.Errorf("count check: %w", err)
	}
	return nil
}

// named is the place as every database takes it. A place that one refused would keep the
// booth's record out for good.
func named(place string) string {
	place = strings.ReplaceAll(place, "\x00", "")
	if len(place) > maxPlace {
		place = place[:maxPlace]
	}
	return strings.ToValidUTF8(place, "") // a character that was cut, too
}

// decision is what a check led to, if the record tells its end.
func decision(r *capture.Record) (capture.Outcome, bool) {
	switch {
	case r.Kind == capture.RecordAbandoned:
		return Abandoned, true
	case r.Kind == capture.RecordDisposition && r.Disposition != nil && slices.Contains(Outcomes(), r.Disposition.Decision):
		return r.Disposition.Decision, true
	}
	return "", false
}

const secondsPerHour = 3600

func hourOf(t time.Time) int64 { return t.Unix() / secondsPerHour }

func timeOf(hour int64) time.Time { return time.Unix(hour*secondsPerHour, 0).UTC() }

// Count is a number that may be too small to be told.
type Count struct {
	N   int  `json:"n"`             // 0 if Few
	Few bool `json:"few,omitempty"` // 1 to Small-1
}

func countOf(n int64) Count {
	if n > 0 && n < Small {
		return Count{Few: true}
	}
	return Count{N: int(n)}
}

// Hour is what happened at a place in one hour.
type Hour struct {
	From     time.Time                 `json:"from"`
	Outcomes map[capture.Outcome]Count `json:"outcomes"`
	Total    int                       `json:"total"` // of the counts that are told
}

// Places lists the crossing points that have counts.
func (f *Flow) Places(ctx context.Context) ([]string, error) {
	rows, err := f.db.QueryContext(ctx, "SELECT DISTINCT place FROM flow_count ORDER BY place")
	if err != nil {
		return nil, fmt.Errorf("list places: %w", err)
	}
	defer rows.Close()
	places := []string{}
	for rows.Next() {
		var p string
		if err := rows.Scan(&p); err != nil {
			return nil, fmt.Errorf("list places: %w", err)
		}
		places = append(places, p)
	}
	return places, rows.Err()
}

// maxHours limits what is read at once: two years.
const maxHours = 2 * 366 * 24

// Hours returns every hour from the one of from to the one before to, also those without a
// check.
func (f *Flow) Hours(ctx context.Context, place string, from, to time.Time) ([]Hour, error) {
	exact, err := f.exact(ctx, place, hourOf(from), hourOf(to))
	if err != nil {
		return nil, err
	}
	hours := make([]Hour, len(exact))
	for i, counts := range exact {
		h := Hour{From: timeOf(hourOf(from) + int64(i)), Outcomes: map[capture.Outcome]Count{}}
		for _, o := range Outcomes() {
			h.Outcomes[o] = countOf(counts[o])
			h.Total += h.Outcomes[o].N
		}
		hours[i] = h
	}
	return hours, nil
}

// rounded is the nearest multiple of Small.
func rounded(n float64) int { return int(n/Small+0.5) * Small }

// exact reads the counts of each hour.
func (f *Flow) exact(ctx context.Context, place string, first, end int64) ([]map[capture.Outcome]int64, error) {
	if end < first || end-first > maxHours {
		return nil, fmt.Errorf("read flow: %d hours, at most %d", end-first, maxHours)
	}
	rows, err := f.db.QueryContext(ctx, "SELECT hour, outcome, n FROM flow_count WHERE place = $1 AND hour >= $2 AND hour < $3", place, first, end)
	if err != nil {
		return nil, fmt.Errorf("read flow: %w", err)
	}
	defer rows.Close()
	counts := make([]map[capture.Outcome]int64, end-first)
	for rows.Next() {
		var hour, n int64
		var outcome string
		if err := rows.Scan(&hour, &outcome, &n); err != nil {
			return nil, fmt.Errorf("read flow: %w", err)
		}
		i := hour - first
		if counts[i] == nil {
			counts[i] = map[capture.Outcome]int64{}
		}
		counts[i][capture.Outcome(outcome)] = n
	}
	return counts, rows.Err()
}

// history is how much the forecast rests on.
const history = forecastWeeks * week

// Forecast says how many checks the hours after the last whole one will probably bring.
func (f *Flow) Forecast(ctx context.Context, place string, hours int) ([]Expected, error) {
	end := hourOf(f.now())
	exact, err := f.exact(ctx, place, end-history, end)
	if err != nil {
		return nil, err
	}
	loads := make([]float64, len(exact))
	for i, counts := range exact {
		for _, n := range counts {
			loads[i] += float64(n)
		}
	}
	forecast := Predict(sinceFirst(loads), hours)
	expected := make([]Expected, len(forecast))
	for i, p := range forecast {
		expected[i] = Expected{From: timeOf(end + int64(i)), Load: rounded(p.Mean), Low: rounded(p.Low), High: rounded(p.High)}
	}
	return expected, nil
}

// sinceFirst drops what lies before the first check: a place that did not count yet was
// not empty.
func sinceFirst(loads []float64) []float64 {
	i := slices.IndexFunc(loads, func(n float64) bool { return n > 0 })
	if i < 0 {
		return nil
	}
	return loads[i:]
}

// Expected is what an hour will probably bring, rounded to multiples of Small.
type Expected struct {
	From time.Time `json:"from"`
	Load int       `json:"load"`
	// Low and High hold four hours in five, as far as past weeks tell.
	Low  int `json:"low"`
	High int `json:"high"`
}

// Erase drops the counts of hours before a time.
func (f *Flow) Erase(ctx context.Context, before time.Time) error {
	_, err := f.db.ExecContext(ctx, "DELETE FROM flow_count WHERE hour < $1", hourOf(before))
	return err
}
