package release

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"boothd/cmd/centrald/store"
	"boothd/cmd/centrald/store/storetest"
	"boothd/localmatch/gallery"
	"boothd/sync/exchange"
	"boothd/sync/grant"
)

// open is one instance of central on the database.
func open(t *testing.T, db *store.DB, key ed25519.PrivateKey) *Releases {
	t.Helper()
	uses, err := OpenUses(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return today }
	r, err := Open(t.Context(), db, Options{
		Secret: []byte("0123456789abcdef0123456789abcdef"), Protocols: []Protocol{tracing}, Now: now,
		Verifier: &grant.Verifier{Keys: grant.AnyAuthority(key.Public().(ed25519.PublicKey)), Uses: uses, ListAge: -1, Now: now},
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func newKey(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sign(t *testing.T, g *grant.Grant, key ed25519.PrivateKey) string {
	t.Helper()
	text, err := grant.Sign(g, key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestEveryDecisionIsRecordedWithoutThePerson(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		key := newKey(t)
		r := open(t, db, key)
		text := sign(t, permission(), key)
		for i, step := range []struct {
			kind       exchange.Recipient
			entry      gallery.Entry
			permission string
			why        error
			refused    bool
		}{
			{exchange.LawEnforcement, grown(), "", nil, false},
			{exchange.ThirdCountry, grown(), "", exchange.ErrThirdCountry, true},
			{exchange.LawEnforcement, child(), "", nil, true},
			{exchange.LawEnforcement, child(), sign(t, permission(), newKey(t)), nil, true},
			{exchange.LawEnforcement, child(), text, nil, false},
			{exchange.LawEnforcement, child(), text, grant.ErrUsed, true},
		} {
			q := request(step.kind, step.entry, FieldNames, FieldBirthDates)
			q.ID, q.Permission = fmt.Sprint("r-", i), step.permission
			got, rel, err := r.Release(t.Context(), q)
			var refusal *Refusal
			if errors.As(err, &refusal) != step.refused || !step.refused && err != nil || step.why != nil && !errors.Is(err, step.why) {
				t.Fatalf("step %d: %v", i, err)
			}
			if step.refused != (len(got.Names) == 0) || got.ID != "" || got.Sex != "" || step.refused != (len(rel.Fields) == 0) {
				t.Errorf("step %d: released %v, %+v", i, got.Names, rel)
			}
		}
		logged, err := r.Of(t.Context(), "SIS", "e-1")
		if err != nil || len(logged) != 6 {
			t.Fatalf("log: %+v, %v", logged, err)
		}
		want := Logged{ID: "r-4", At: today, Officer: "officer-1", Booth: "booth-1", To: "Insp. Novak", Kind: exchange.LawEnforcement, Purpose: "missing person",
			LegalBasis: "Regulation (EU) 2018/1862 Art 32", System: "SIS", Fields: []Field{FieldNames, FieldBirthDates}, Minor: true, Grant: "g-1"}
		if !reflect.DeepEqual(logged[4], want) {
			t.Errorf("logged %+v", logged[4])
		}
		if l := logged[5]; l.Refused != ReasonMinor || l.Fields != nil || l.Grant != "" || !l.Minor {
			t.Errorf("logged %+v", l)
		}
		for _, other := range [][2]string{{"SIS", "e-2"}, {"VIS", "e-1"}, {"SI", "S e-1"}} {
			if l, err := r.Of(t.Context(), other[0], other[1]); err != nil || len(l) != 0 {
				t.Errorf("of %v: %v, %v", other, l, err)
			}
		}
		named(t, db)
		again := request(exchange.Own, grown(), FieldNames)
		again.ID = "r-1"
		if got, _, err := r.Release(t.Context(), again); err == nil || got.Names != nil {
			t.Error("a request was recorded twice, or released without a record")
		}
		if n, err := r.Erase(t.Context(), today); err != nil || n != 0 {
			t.Errorf("erased %d, %v", n, err)
		}
		if n, err := r.Erase(t.Context(), today.Add(1)); err != nil || n != 6 {
			t.Errorf("erased %d, %v", n, err)
		}
		if l, err := r.Between(t.Context(), time.Unix(0, 0), today.Add(1)); err != nil || len(l) != 0 {
			t.Errorf("after erasing: %v, %v", l, err)
		}
	})
}

// named fails if a value of the person is anywhere in the log.
func named(t *testing.T, db *store.DB) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "SELECT * FROM release_log")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		if err := rows.Scan(values...); err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		for _, v := range values {
			fmt.Fprintf(&text, "%s|", *v.(*any))
		}
		for _, personal := range []string{"SIMIC", "L898902C3", "2012-05-06", "1974-08-12", "e-1", grant.SubjectOf("L898902C3", "UTO")} {
			if strings.Contains(text.String(), personal) {
				t.Errorf("the log holds %q", personal)
			}
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

func TestWithoutARecordNothingIsReleased(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		r := open(t, db, newKey(t))
		if _, err := db.ExecContext(t.Context(), "DROP TABLE release_log"); err != nil {
			t.Fatal(err)
		}
		got, rel, err := r.Release(t.Context(), request(exchange.Own, grown(), FieldNames))
		if err == nil || got.Names != nil || rel.Fields != nil {
			t.Errorf("released %+v, %v", rel, err)
		}
		q := request(exchange.Own, grown(), FieldNames)
		q.ID = ""
		if _, _, err := r.Release(t.Context(), q); err == nil {
			t.Error("a request without an id was answered")
		}
	})
}

func TestOfTwoInstancesOneUsesASingleGrant(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, another func() *store.DB) {
		key := newKey(t)
		instances := []*Releases{open(t, db, key), open(t, another(), key)}
		for round := range 5 {
			g := permission()
			g.ID = fmt.Sprint("g-", round)
			text := sign(t, g, key)
			var won, used atomic.Int32
			var all sync.WaitGroup
			for i := range 8 {
				all.Go(func() {
					q := request(exchange.LawEnforcement, child(), FieldNames)
					q.ID, q.Permission = fmt.Sprint("r-", round, "-", i), text
					switch _, _, err := instances[i%2].Release(context.Background(), q); {
					case err == nil:
						won.Add(1)
					case errors.Is(err, grant.ErrUsed):
						used.Add(1)
					default:
						t.Error(err)
					}
				})
			}
			all.Wait()
			if won.Load() != 1 || used.Load() != 7 {
				t.Errorf("round %d: %d released, %d refused", round, won.Load(), used.Load())
			}
		}
	})
}

// A use that came to nothing is given back; of those who then use the grant at once one wins
// again.
func TestAGrantThatIsGivenBackIsWonByOneAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, another func() *store.DB) {
		key := newKey(t)
		instances := []*grant.Verifier{open(t, db, key).o.Verifier, open(t, another(), key).o.Verifier}
		text := sign(t, permission(), key)
		want := grant.Want{Authority: grant.Prosecutor, Deed: grant.DeedRelease, Subject: permission().Subject}
		for round := range 5 {
			var winner atomic.Pointer[grant.Verifier]
			var won, used atomic.Int32
			var all sync.WaitGroup
			for i := range 8 {
				all.Go(func() {
					switch _, err := instances[i%2].Use(context.Background(), text, want); {
					case err == nil:
						won.Add(1)
						winner.Store(instances[i%2])
					case errors.Is(err, grant.ErrUsed):
						used.Add(1)
					default:
						t.Error(err)
					}
				})
			}
			all.Wait()
			if won.Load() != 1 || used.Load() != 7 {
				t.Fatalf("round %d: %d used it, %d were refused", round, won.Load(), used.Load())
			}
			if err := winner.Load().GiveBack(t.Context(), text); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestUsesAreForgottenOnceTheirGrantsMustHaveExpired(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		u, err := OpenUses(t.Context(), db)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(u.Use(t.Context(), "old", true, today.Add(-grant.MaxLife-1)), u.Use(t.Context(), "new", true, today.Add(-grant.MaxLife))); err != nil {
			t.Fatal(err)
		}
		if n, err := u.Erase(t.Context(), today.Add(-grant.MaxLife)); n != 1 || err != nil {
			t.Errorf("erased %d, %v", n, err)
		}
		if err := u.Use(t.Context(), "new", true, today); !errors.Is(err, grant.ErrUsed) {
			t.Errorf("used again: %v", err)
		}
	})
}

func TestAPermissionIsGivenBackIfNothingCanBeRecorded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		key := newKey(t)
		r := open(t, db, key)
		q := request(exchange.LawEnforcement, child(), FieldNames)
		q.ID, q.Permission = "r-1", sign(t, permission(), key)
		if _, err := db.Exec("ALTER TABLE release_log RENAME TO away"); err != nil {
			t.Fatal(err)
		}
		if _, _, err := r.Release(t.Context(), q); err == nil {
			t.Fatal("released without a record")
		}
		if _, err := db.Exec("ALTER TABLE away RENAME TO release_log"); err != nil {
			t.Fatal(err)
		}
		if _, rel, err := r.Release(t.Context(), q); err != nil || rel.Grant == "" {
			t.Errorf("afterwards: %+v, %v", rel, err)
		}
	})
}

func TestAGrantForManyUsesIsNotMarked(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		u, err := OpenUses(t.Context(), db)
		if err != nil {
			t.Fatal(err)
		}
		for i, step := range []struct {
			single bool
			err    error
		}{{false, nil}, {false, nil}, {true, nil}, {true, grant.ErrUsed}} {
			if err := u.Use(t.Context(), "g-1", step.single, today); !errors.Is(err, step.err) {
				t.Errorf("use %d: %v", i, err)
			}
		}
	})
}
