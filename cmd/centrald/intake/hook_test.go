package intake

import (
	"context"
	"crypto/hpke"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"boothd/capture"
	"boothd/cmd/centrald/store"
	"boothd/cmd/centrald/store/storetest"
)

func nobody(context.Context, *capture.Record) error { return nil }

// effects counts what hooks did.
func effects(t testing.TB, db *store.DB) {
	t.Helper()
	if err := db.Migrate(t.Context(), "effects", "CREATE TABLE effect (hook TEXT NOT NULL, booth TEXT NOT NULL, id TEXT NOT NULL)"); err != nil {
		t.Fatal(err)
	}
}

func effect(name string) Hook {
	return Hook{name, func(ctx context.Context, tx *sql.Tx, rec *capture.Record) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO effect (hook, booth, id) VALUES ($1, $2, $3)", name, rec.Booth, rec.ID)
		return err
	}}
}

func TestAHookThatFailsHoldsUpItsRecordAlone(t *testing.T) {
	broken := errors.New("the register is closed")
	ways := map[string]func(context.Context, *sql.Tx) error{
		"an error": func(context.Context, *sql.Tx) error { return broken },
		"an error of the database": func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, "INSERT INTO nowhere (x) VALUES (1)")
			return err
		},
		"a panic": func(context.Context, *sql.Tx) error { panic(traveller) },
	}
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		effects(t, db)
		booth := 0
		for name, fail := range ways {
			booth++
			t.Run(name, func(t *testing.T) {
				c := newCentral(t)
				var mended atomic.Bool
				in := c.instance(t, db, func(o *Options) {
					poisoned := Hook{"poisoned", func(ctx context.Context, tx *sql.Tx, rec *capture.Record) error {
						if err := effect("poisoned").Do(ctx, tx, rec); err != nil {
							return err
						}
						if strings.HasSuffix(rec.ID, "-2") && !mended.Load() {
							return fail(ctx, tx)
						}
						return nil
					}}
					o.Hooks = []Hook{effect("before"), poisoned, effect("after")}
				})
				name := "booth-" + string(rune('0'+booth))
				items := c.items(t, name, 3)
				for try := 1; try <= MaxTries; try++ {
					reply := c.commit(t, in, items...)
					var got []uint64
					for _, a := range reply.Acks {
						got = append(got, a.Sequence)
					}
					want := []uint64{1, 3}
					if try == MaxTries {
						want = []uint64{1, 2, 3}
					}
					if !slices.Equal(got, want) {
						t.Fatalf("try %d: acknowledged %v, want %v", try, got, want)
					}
				}
				of := func(hook string) int {
					return count(t, db, "SELECT count(*) FROM effect WHERE hook = $1 AND booth = $2", hook, name)
				}
				if b, p, a := of("before"), of("poisoned"), of("after"); b != 3 || p != 2 || a != 3 {
					t.Errorf("effects %d, %d, %d; want 3, 2, 3", b, p, a)
				}
				failures, err := in.Failures(t.Context(), 100)
				mine := slices.DeleteFunc(failures, func(f Failure) bool { return f.Booth != name })
				if err != nil || len(mine) != 1 || mine[0].ID != name+"-record-2" || mine[0].Hook != "poisoned" || mine[0].Tries != MaxTries || mine[0].Error == "" {
					t.Fatalf("failures = %+v, %v", mine, err)
				}
				if strings.Contains(mine[0].Error, traveller) {
					t.Error("a panic's value was kept")
				}
				if err := in.Retry(t.Context(), name, mine[0].ID); err == nil {
					t.Error("succeeded though the cause is there")
				}
				mended.Store(true)
				for range 2 {
					if err := in.Retry(t.Context(), name, mine[0].ID); err != nil {
						t.Error(err)
					}
				}
				if b, p, a := of("before"), of("poisoned"), of("after"); b != 3 || p != 3 || a != 3 {
					t.Errorf("effects after the retry %d, %d, %d; want 3 of each", b, p, a)
				}
				if err := in.Retry(t.Context(), name, "nothing"); !errors.Is(err, ErrNotThere) {
					t.Errorf("retry of a record that is not there: %v", err)
				}
			})
		}
	})
}

func TestAHookThatTakesTheTransactionWithItIsGivenUpToo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		effects(t, db)
		c := newCentral(t)
		in := c.instance(t, db, func(o *Options) {
			o.Hooks = []Hook{effect("good"), {"ruinous", func(ctx context.Context, tx *sql.Tx, rec *capture.Record) error {
				if rec.ID != "booth-1-record-1" {
					return nil
				}
				_, err := tx.ExecContext(ctx, "ROLLBACK")
				return errors.Join(err, errors.New("rolled back"))
			}}}
		})
		items := c.items(t, "booth-1", 2)
		for try := 1; try <= MaxTries; try++ {
			if _, err := in.Commit(t.Context(), items); err == nil {
				t.Fatalf("try %d succeeded", try)
			}
		}
		if reply := c.commit(t, in, items...); len(reply.Acks) != 2 {
			t.Errorf("%+v", reply)
		}
		if n := count(t, db, "SELECT count(*) FROM effect"); n != 2 {
			t.Errorf("%d effects, want 2", n)
		}
	})
}

func TestAHookThatHidesAnErrorOfTheDatabaseBlocksNobody(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		c := newCentral(t)
		in := c.instance(t, db, func(o *Options) {
			o.Hooks = []Hook{{"careless", func(ctx context.Context, tx *sql.Tx, _ *capture.Record) error {
				tx.ExecContext(ctx, "INSERT INTO nowhere (x) VALUES (1)")
				return nil
			}}}
		})
		items := c.items(t, "booth-1", 2)
		for range MaxTries - 1 {
			in.Commit(t.Context(), items) // SQLite passes over the error, PostgreSQL does not
		}
		if reply := c.commit(t, in, items...); len(reply.Acks) != 2 {
			t.Errorf("%+v", reply)
		}
	})
}

func TestARecordHeldUpAloneIsNotCommittedYet(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		c := newCentral(t)
		fails := 1
		in := c.instance(t, db, func(o *Options) {
			o.Hooks = []Hook{{"once", func(context.Context, *sql.Tx, *capture.Record) error {
				if fails--; fails >= 0 {
					return errors.New("not now")
				}
				return nil
			}}}
		})
		items := c.items(t, "booth-1", 1)
		if _, err := in.Commit(t.Context(), items); !errors.Is(err, ErrHeld) {
			t.Errorf("error = %v", err)
		}
		c.commit(t, in, items...)
		if n := count(t, db, "SELECT count(*) FROM intake_failure"); n != 0 {
			t.Errorf("%d failures are remembered after it succeeded", n)
		}
	})
}

func TestAHookSeesTheOtherRecordsOfItsCheck(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		c := newCentral(t)
		var in *Intake
		var seen []int
		in = c.instance(t, db, func(o *Options) {
			o.Hooks = []Hook{{"beside", func(ctx context.Context, tx *sql.Tx, rec *capture.Record) error {
				all, err := in.OfCheck(ctx, tx, rec.Booth, rec.Check)
				seen = append(seen, len(all))
				return err
			}}}
		})
		items := c.items(t, "booth-1", 4)
		c.commit(t, in, items[0], items[1])
		c.commit(t, in, items[3])
		c.commit(t, in, items[2])
		if !slices.Equal(seen, []int{1, 2, 1, 2}) {
			t.Errorf("seen %v", seen)
		}
	})
}

func TestHooksNeedNamesOfTheirOwn(t *testing.T) {
	c := newCentral(t)
	db, err := store.Open(t.Context(), t.TempDir()+"/central.db")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for name, change := range map[string]func(*Options){
		"no name":        func(o *Options) { o.Hooks = []Hook{effect("")} },
		"nothing to do":  func(o *Options) { o.After = []After{{Name: "a"}} },
		"one name twice": func(o *Options) { o.Hooks, o.After = []Hook{effect("a")}, []After{{Name: "a", Do: nobody}} },
		"no key":         func(o *Options) { o.Signing = nil },
	} {
		opt := Options{DB: db, Opening: []hpke.PrivateKey{c.opening}, Signing: c.signing}
		change(&opt)
		if _, err := Open(t.Context(), opt); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
