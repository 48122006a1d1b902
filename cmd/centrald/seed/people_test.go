package seed

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"boothd/cmd/centrald/register"
	"boothd/cmd/centrald/store"
	"boothd/cmd/centrald/store/storetest"
	"boothd/localmatch/gallery"
)

// TestEverythingOccursAmongFewPeople fills both databases with the same people and compares
// the two, and looks for every kind of entry, permission, record and link in them.
func TestEverythingOccursAmongFewPeople(t *testing.T) {
	takesLong(t)
	const n, prints = 2000, 60
	digests := map[string][32]byte{}
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		s := open(t, db)
		var done []int
		must(t, people(t.Context(), &s, n, prints, func(d int) { done = append(done, d) }))
		if !slices.Equal(done, []int{n}) {
			t.Errorf("progress %v", done)
		}
		tables := tablesOf(t, db)
		digests[t.Name()] = digestOf(t, db, tables)
		occurs(t, "alert", categoriesOf(t, db, tables), alertCategories())
		for what, wanted := range map[string][]string{
			"SELECT status FROM vis_visa": {"valid", "revoked", "annulled"},
			"SELECT CASE WHEN valid_until < '2026-11-22' THEN 'past' WHEN valid_from > '2026-11-22' THEN 'later' WHEN used > 0 THEN 'used up' WHEN entries = 1 THEN 'one' WHEN entries = 0 THEN 'many' ELSE territory END FROM vis_visa": {"past", "later", "used up", "one", "many", "Utopia only"},
			"SELECT status FROM etias_authorisation": {"valid", "refused", "revoked"},
			"SELECT flag FROM etias_authorisation":   {"", authorisedFlag.flag},
			"SELECT CASE WHEN valid_until < '2026-11-22' THEN 'past' WHEN valid_from > '2026-11-22' THEN 'later' ELSE 'now' END FROM etias_authorisation": {"past", "later", "now"},
			"SELECT kind FROM ees_crossing": {"entry", "exit", "refusal"},
			"SELECT CASE WHEN fallback THEN 'fallback' WHEN authorised <> 0 THEN 'extended' ELSE '' END FROM ees_crossing": {"", "fallback", "extended"},
			"SELECT colour FROM identity_link":             {"white", "yellow", "red", "green"},
			"SELECT DISTINCT system FROM identity_holding": {"EES", "VIS", "ETIAS", "Eurodac", "ECRIS-TCN"},
		} {
			occurs(t, what, columnOf(t, db, what), wanted)
		}
	})
	if got := slices.Collect(maps.Values(digests)); len(got) != 2 || got[0] != got[1] {
		t.Errorf("digests of the databases: %x", got)
	}
}

func occurs(t *testing.T, what string, counts map[string]int, wanted []string) {
	t.Helper()
	for _, w := range wanted {
		if counts[w] == 0 {
			t.Errorf("%s: no %q among %v", what, w, counts)
		}
	}
}

// alertCategories are those of all plain registers.
func alertCategories() []string {
	return []string{
		refusalOfEntry.category, toReturn.category, arrest.category, missing.category, toBeProtected.category, judicial.category,
		discreetCheck.category, inquiryCheck.category, specificCheck.category, document.category, unknownWanted.category,
		stolenDocument.category, lostDocument.category, noticedDocument.category, applicant.category, irregular.category,
		illegalStay.category, conviction.category, europolData.category, witness.category, nationalDiscreet.category,
	}
}

// tablesOf lists the tables with their columns.
func tablesOf(t *testing.T, db *store.DB) map[string][]string {
	t.Helper()
	query := "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'"
	if db.Postgres() {
		query = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
	}
	rows, err := db.QueryContext(t.Context(), query)
	must(t, err)
	defer rows.Close()
	tables := map[string][]string{}
	for rows.Next() {
		var table, column string
		must(t, rows.Scan(&table, &column))
		tables[table] = append(tables[table], column)
	}
	must(t, rows.Err())
	return tables
}

// digestOf is the sum of the digests of all rows, in whatever order they are, without the
// random ids of links and their work.
func digestOf(t *testing.T, db *store.DB, tables map[string][]string) (sum [32]byte) {
	t.Helper()
	for table, columns := range tables {
		columns = slices.DeleteFunc(slices.Sorted(slices.Values(columns)), func(c string) bool {
			return c == "link" || c == "id" && (table == "identity_link" || table == "identity_work")
		})
		rows, err := db.QueryContext(t.Context(), "SELECT "+strings.Join(columns, ", ")+" FROM "+table)
		must(t, err)
		defer rows.Close()
		values := make([]any, len(columns))
		for rows.Next() {
			for i := range values {
				values[i] = new(any)
			}
			must(t, rows.Scan(values...))
			h := sha256.New()
			fmt.Fprint(h, table)
			for _, v := range values {
				fmt.Fprintf(h, "|%s", plain(*v.(*any)))
			}
			for i, b := range h.Sum(nil) {
				sum[i] += b
			}
		}
		must(t, rows.Err())
	}
	return sum
}

// plain is a value in the same words from either database.
func plain(v any) string {
	switch v := v.(type) {
	case []byte:
		return string(v)
	case bool:
		return map[bool]string{false: "0", true: "1"}[v]
	}
	return fmt.Sprint(v)
}

// categoriesOf counts the categories of all entries.
func categoriesOf(t *testing.T, db *store.DB, tables map[string][]string) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for table, columns := range tables {
		if !strings.HasPrefix(table, "register_") || !slices.Contains(columns, "entry") {
			continue
		}
		for text, n := range columnOf(t, db, "SELECT entry FROM "+table) {
			var e gallery.Entry
			must(t, json.Unmarshal([]byte(text), &e))
			counts[e.Category] += n
		}
	}
	return counts
}

// columnOf counts the values of a column.
func columnOf(t *testing.T, db *store.DB, query string) map[string]int {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	must(t, err)
	defer rows.Close()
	counts := map[string]int{}
	for rows.Next() {
		var v any
		must(t, rows.Scan(&v))
		counts[plain(v)]++
	}
	must(t, rows.Err())
	return counts
}

func TestSharesFillNoGroupBeyondTheWhole(t *testing.T) {
	for i, g := range groups() {
		sum := 0
		for _, s := range g.shares {
			sum += s.of10k
		}
		if sum > whole {
			t.Errorf("group %d deals out %d of %d", i, sum, whole)
		}
		seen := map[int]bool{}
		for person := range whole {
			seen[lot(person, g.stride)] = true
		}
		if len(seen) != whole {
			t.Errorf("group %d: %d different lots among %d people", i, len(seen), whole)
		}
	}
}

func TestPeopleEndWithTheContext(t *testing.T) {
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "central.db"))
	must(t, err)
	defer db.Close()
	s := open(t, db)
	ctx, cancel := context.WithCancel(t.Context())
	last := 0
	err = people(ctx, &s, 1_000_000, 0, func(done int) { last = done; cancel() })
	if !errors.Is(err, context.Canceled) || last != perBatch {
		t.Errorf("%v after %d people", err, last)
	}
	if err := People(t.Context(), s, MaxPeople+1, nil); err == nil {
		t.Error("more people than there are numbers")
	}
}

// TestSystemsThatAreNotHereAreLeftOut fills a central that holds one system itself.
func TestSystemsThatAreNotHereAreLeftOut(t *testing.T) {
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "central.db"))
	must(t, err)
	defer db.Close()
	s := open(t, db)
	one := Stores{DB: db, Registers: map[string]*register.Register{"SIS": s.Registers["SIS"]}, Now: s.Now}
	must(t, people(t.Context(), &one, 500, 0, nil), Late(t.Context(), one))
	for name, r := range s.Registers {
		if n, err := r.Count(t.Context()); err != nil || (n > 0) != (name == "SIS") {
			t.Errorf("%s has %d entries, %v", name, n, err)
		}
	}
}
