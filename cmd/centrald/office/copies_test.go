package office_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"boothd/cmd/centrald/office"
	"boothd/cmd/centrald/register"
	"boothd/cmd/centrald/store"
	"boothd/cmd/centrald/store/storetest"
)

// copyOf is a copy of a list of SIS with a lease of two days.
func copyOf(list string, version uint64, taken time.Time) register.Copy {
	return register.Copy{
		List: list, System: "SIS", Version: version, Manifest: strings.Repeat("0a", 32), Entries: 84_512, Taken: taken, Expires: taken.Add(48 * time.Hour),
	}
}

// holds has a booth tell which copies it holds.
func (p *place) holds(booth string, at time.Time, copies ...register.Copy) {
	p.t.Helper()
	if err := p.copies.Hold(p.t.Context(), booth, at, copies); err != nil {
		p.t.Fatal(err)
	}
}

func TestCopiesAreShownWithTheirAge(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		p := newPlace(t, db)
		systems := func() string {
			got := p.send(request{method: "GET", path: "/systems", token: p.token(shift)})
			if got.status != http.StatusOK {
				t.Fatalf("%d %s", got.status, got.body)
			}
			return got.body
		}
		if body := systems(); !strings.Contains(body, "No booth has told of a copy yet.") {
			t.Errorf("without copies: %s", body)
		}
		p.holds("kotoka-1", day0, copyOf("sis-persons", 7, day0.Add(-30*time.Minute)))
		p.holds("patrol-1", day0, copyOf("sis-persons", 6, day0.Add(-47*time.Hour)))
		if body := systems(); !strings.Contains(body, "None of 2 is overdue.") || !strings.Contains(body, "30 min") || !strings.Contains(body, "47 h") || strings.Contains(body, "silent for") {
			t.Errorf("as they were told: %s", body)
		}
		p.clock.turn(4 * time.Hour)
		p.holds("kotoka-1", day0.Add(4*time.Hour), copyOf("sis-persons", 7, day0.Add(-30*time.Minute)))
		if body := systems(); !strings.Contains(body, "1 of 2 overdue.") || strings.Count(body, "▲") != 1 || strings.Count(body, "silent for 4 h") != 1 {
			t.Errorf("four hours later: %s", body)
		}
		all := decode[[]office.Copy](t, p.send(request{method: "GET", path: "/v1/copies", token: p.token(shift)}))
		if len(all) != 2 || all[0].Holder != "kotoka-1" || all[0].Overdue || all[0].Silent || !all[1].Overdue || !all[1].Silent ||
			all[1].Version != 6 || !all[1].Told.Equal(day0) || !all[1].Taken.Equal(day0.Add(-47*time.Hour)) {
			t.Errorf("copies %+v", all)
		}
	})
}
