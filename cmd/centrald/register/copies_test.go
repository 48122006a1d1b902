package register

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"boothd/cmd/centrald/store"
	"boothd/cmd/centrald/store/storetest"
)

func openCopies(t *testing.T, db *store.DB) *Copies {
	t.Helper()
	c, err := OpenCopies(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// copyOf is a copy of a list as it was taken at a time.
func copyOf(list string, version uint64, taken time.Time) Copy {
	return Copy{
		List: list, System: "SIS", Version: version, Manifest: strings.Repeat(fmt.Sprint(version), 64)[:64], Entries: 12,
		Taken: taken, Expires: taken.Add(30 * 24 * time.Hour),
	}
}

func (c *Copies) told(t *testing.T, holder string, at time.Time, copies ...Copy) {
	t.Helper()
	if err := c.Hold(t.Context(), holder, at, copies); err != nil {
		t.Fatal(err)
	}
}

// names lists the copies as "holder list version".
func (c *Copies) names(t *testing.T) []string {
	t.Helper()
	all, err := c.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, k := range all {
		names = append(names, fmt.Sprint(k.Holder, " ", k.List, " ", k.Version))
	}
	return names
}

func TestTheInventoryIsWhatEachHolderToldLast(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		c := openCopies(t, db)
		c.told(t, "booth-1", now, copyOf("sis-persons", 1, now), copyOf("sltd", 7, now))
		c.told(t, "booth-2", now, copyOf("sis-persons", 1, now))
		c.told(t, "booth-1", now.Add(time.Hour), copyOf("sis-persons", 2, now.Add(time.Hour)), copyOf("national", 3, now))
		if got, want := c.names(t), []string{"booth-1 national 3", "booth-1 sis-persons 2", "booth-2 sis-persons 1"}; !slices.Equal(got, want) {
			t.Errorf("copies %v, want %v", got, want)
		}
		all, err := c.List(t.Context())
		want := copyOf("sis-persons", 1, now)
		want.Holder, want.Expires, want.Told = "booth-2", now.Add(MaxCopyAge), now
		if err != nil || all[2] != want {
			t.Errorf("copy %+v, want %+v, %v", all[2], want, err)
		}
		c.told(t, "booth-1", now.Add(2*time.Hour)) // it has erased everything
		if got := c.names(t); !slices.Equal(got, []string{"booth-2 sis-persons 1"}) {
			t.Errorf("after booth-1 erased its lists: %v", got)
		}
	})
}

func TestACopyIsOverdueTwoDaysAfterItWasTakenOrWhenItsLeaseEnds(t *testing.T) {
	short := copyOf("a", 1, now.Add(-time.Hour))
	short.Expires = now
	unleased := copyOf("a", 1, now.Add(-47*time.Hour))
	unleased.Expires = time.Time{}
	for name, test := range map[string]struct {
		copy Copy
		want bool
	}{
		"just taken":                        {copyOf("a", 1, now), false},
		"almost two days old":               {copyOf("a", 1, now.Add(-MaxCopyAge+time.Second)), false},
		"two days old, on a longer lease":   {copyOf("a", 1, now.Add(-MaxCopyAge)), true},
		"taken a century ago":               {copyOf("a", 1, now.AddDate(-57, 0, 0)), true},
		"an hour old, its lease has ended":  {short, true},
		"of no lease, less than two days":   {unleased, false},
		"of a clock that is far ahead":      {copyOf("a", 1, now.AddDate(7000, 0, 0)), false},
		"of a clock that is a little ahead": {copyOf("a", 1, now.Add(time.Minute)), false},
	} {
		t.Run(name, func(t *testing.T) {
			db, err := store.Open(t.Context(), t.TempDir()+"/central.db")
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			c := openCopies(t, db)
			c.told(t, "booth-1", now, test.copy)
			all, err := c.List(t.Context())
			if err != nil || len(all) != 1 || all[0].Overdue(now) != test.want {
				t.Errorf("%+v, %v", all, err)
			}
			if all[0].Taken.After(now) || all[0].Expires.After(now.Add(MaxCopyAge)) {
				t.Errorf("younger than now: %+v", all[0])
			}
		})
	}
}

func TestTellingOfACopyAgainDoesNotMakeItYounger(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		c := openCopies(t, db)
		c.told(t, "booth-1", now, copyOf("sis", 1, now.Add(9*time.Hour))) // by a clock that is ahead
		later := now.Add(MaxCopyAge)
		again := copyOf("sis", 1, later)
		c.told(t, "booth-1", later, again, copyOf("sltd", 1, later))
		all, err := c.List(t.Context())
		if err != nil || len(all) != 2 || !all[0].Taken.Equal(now) || !all[0].Overdue(later) || !all[0].Told.Equal(later) {
			t.Errorf("told again: %+v, %v", all, err)
		}
		if all[1].Overdue(later) {
			t.Errorf("another list is overdue: %+v", all[1])
		}
		c.told(t, "booth-1", later, copyOf("sis", 2, later))
		if all, err = c.List(t.Context()); err != nil || len(all) != 1 || !all[0].Taken.Equal(later) || all[0].Overdue(later) {
			t.Errorf("the next version: %+v, %v", all, err)
		}
	})
}

func TestWhatIsNoCopyChangesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		c := openCopies(t, db)
		c.told(t, "booth-1", now, copyOf("sis", 1, now))
		for name, k := range map[string]Copy{"of no list": copyOf("", 2, now), "of no time": copyOf("sis", 2, time.Time{})} {
			if err := c.Hold(t.Context(), "booth-1", now, []Copy{copyOf("sltd", 2, now), k}); err == nil {
				t.Errorf("a copy %s was noted", name)
			}
		}
		if got := c.names(t); !slices.Equal(got, []string{"booth-1 sis 1"}) {
			t.Errorf("copies %v", got)
		}
	})
}

func TestInstancesThatHearOfOneBoothAtOnceKeepOneOfItsReports(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, open func() *store.DB) {
		const rounds = 20
		instances := []*Copies{openCopies(t, db), openCopies(t, open())}
		reports := [][]Copy{
			{copyOf("a", 1, now), copyOf("b", 1, now)},
			{copyOf("b", 2, now), copyOf("c", 2, now)},
		}
		whole := [][]string{{"booth a 1", "booth b 1"}, {"booth b 2", "booth c 2"}}
		for range rounds {
			instances[0].told(t, "booth", now) // so that the rows are new each time
			var both sync.WaitGroup
			errs := make([]error, len(instances))
			for i, c := range instances {
				both.Go(func() { errs[i] = c.Hold(t.Context(), "booth", now, reports[i]) })
			}
			both.Wait()
			got := instances[0].names(t)
			if errs[0] != nil || errs[1] != nil || !slices.Equal(got, whole[0]) && !slices.Equal(got, whole[1]) {
				t.Fatalf("copies %v, %v", got, errs)
			}
		}
	})
}

func TestAnInventoryOfTheFirstKindIsBegunAnew(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		err := db.Migrate(t.Context(), "copies", "CREATE TABLE copies (holder TEXT NOT NULL, list TEXT NOT NULL, version BIGINT NOT NULL, taken BIGINT NOT NULL, expires BIGINT NOT NULL, PRIMARY KEY (holder, list))")
		if err != nil {
			t.Fatal(err)
		}
		c := openCopies(t, db)
		c.told(t, "booth-1", now, copyOf("sis", 1, now))
		if got := c.names(t); len(got) != 1 {
			t.Errorf("copies %v", got)
		}
	})
}
