package store_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"
	"testing"

	"boothd/cmd/centrald/store"
	"boothd/cmd/centrald/store/storetest"
)

const schema = `CREATE TABLE counter (name TEXT PRIMARY KEY, n BIGINT NOT NULL, data BLOB, ok BOOLEAN NOT NULL DEFAULT FALSE)`

func TestMigrationsRunOnceAndInOrder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, open func() *store.DB) {
		second := "INSERT INTO counter (name, n, data) VALUES ('a', 0, NULL)"
		var wg sync.WaitGroup
		for range 4 { // instances that start at once
			other := open()
			wg.Go(func() {
				if err := other.Migrate(t.Context(), "counter", schema, second); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if err := db.Migrate(t.Context(), "counter", schema, second); err != nil {
			t.Fatal(err)
		}
		var n int
		if err := db.QueryRow("SELECT count(*) FROM counter").Scan(&n); err != nil || n != 1 {
			t.Errorf("%d rows, %v", n, err)
		}
		if err := db.Migrate(t.Context(), "other", "CREATE TABLE broken ("); err == nil || !strings.Contains(err.Error(), "other") {
			t.Errorf("a broken migration: %v", err)
		}
	})
}

func TestTransactionsOfSeveralInstancesLoseNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, open func() *store.DB) {
		if err := db.Migrate(t.Context(), "counter", schema, "INSERT INTO counter (name, n, data) VALUES ('a', 0, NULL)"); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		const workers, each = 4, 25
		for range workers {
			other := open()
			wg.Go(func() {
				for range each {
					if err := other.Tx(t.Context(), func(tx *sql.Tx) error { return increment(t.Context(), tx) }); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		var n int
		if err := db.QueryRow("SELECT n FROM counter WHERE name = $1", "a").Scan(&n); err != nil || n != workers*each {
			t.Errorf("n = %d, %v, want %d", n, err, workers*each)
		}
	})
}

// increment reads and writes, as a transaction does that could lose an update.
func increment(ctx context.Context, tx *sql.Tx) error {
	var n int64
	if err := tx.QueryRowContext(ctx, "SELECT n FROM counter WHERE name = $1", "a").Scan(&n); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "UPDATE counter SET n = $1, data = $2, ok = $3 WHERE name = $4", n+1, []byte{0, 1}, true, "a")
	return err
}

func TestAFailedTransactionLeavesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		if err := db.Migrate(t.Context(), "counter", schema); err != nil {
			t.Fatal(err)
		}
		stop := errors.New("stop")
		insert := func(tx *sql.Tx) error {
			_, err := tx.Exec("INSERT INTO counter (name, n) VALUES ($1, $2)", "a", 1)
			return err
		}
		err := db.Tx(t.Context(), func(tx *sql.Tx) error { return errors.Join(insert(tx), stop) })
		if !errors.Is(err, stop) {
			t.Errorf("error = %v", err)
		}
		if err := db.Tx(t.Context(), insert); err != nil {
			t.Errorf("the row was left: %v", err)
		}
		if err := db.Tx(t.Context(), insert); !store.IsUnique(err) {
			t.Errorf("a second row with the same key: %v", err)
		}
	})
}

func TestAnAddressThatCannotBeReadIsNotQuoted(t *testing.T) {
	_, err := store.Open(t.Context(), "postgres://me:secret@host:notaport/db")
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("error = %v", err)
	}
}
