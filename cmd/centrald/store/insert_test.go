package store_test

import (
	"database/sql"
	"testing"

	"boothd/cmd/centrald/store"
	"boothd/cmd/centrald/store/storetest"
)

func TestEveryRowIsInsertedOnceAndTheLastOfAKeyCounts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		if err := db.Migrate(t.Context(), "insert", "CREATE TABLE many (key BLOB PRIMARY KEY, n BIGINT NOT NULL)"); err != nil {
			t.Fatal(err)
		}
		const keys = 4500 // several statements, the last one short
		var rows [][]any
		for i := range keys {
			rows = append(rows, []any{[]byte{byte(i), byte(i >> 8)}, i})
		}
		rows = append(rows, []any{[]byte{7, 0}, -7})
		rows = store.LastOfKey(rows)
		for range 2 {
			err := db.Tx(t.Context(), func(tx *sql.Tx) error {
				return store.Insert(t.Context(), tx, "INSERT INTO many (key, n)", "ON CONFLICT (key) DO UPDATE SET n = excluded.n", rows)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		var n, sum int
		if err := db.QueryRow("SELECT count(*), CAST(sum(n) AS BIGINT) FROM many").Scan(&n, &sum); err != nil {
			t.Fatal(err)
		}
		if want := keys*(keys-1)/2 - 14; n != keys || sum != want {
			t.Errorf("%d rows that sum to %d, want %d and %d", n, sum, keys, want)
		}
		if err := db.Tx(t.Context(), func(tx *sql.Tx) error { return store.Insert(t.Context(), tx, "INSERT INTO many", "", nil) }); err != nil {
			t.Errorf("no rows: %v", err)
		}
	})
}
