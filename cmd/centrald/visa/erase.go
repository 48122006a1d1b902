package visa

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"boothd/cmd/centrald/store"
)

// Remove takes a person out of a system's people, and out of all that knows of them there.
type Remove func(ctx context.Context, id string) (bool, error)

// eraseSchemas gives a table what erasing from it needs: the day from which a row's time
// runs, and the holders who have nothing left there.
func eraseSchemas(table string) string {
	return `
ALTER TABLE ` + table + ` ADD COLUMN ended TEXT NOT NULL DEFAULT '';
UPDATE ` + table + ` SET ended = valid_until;
CREATE INDEX ` + table + `_ended ON ` + table + ` (ended);
CREATE TABLE ` + table + `_gone (
	holder TEXT PRIMARY KEY
);`
}

// keepEnded is the day of a row that is put again. Of one that was refused, revoked or
// annulled the earliest day counts that was given for that.
func keepEnded(table string) string {
	return `ended = CASE WHEN excluded.status <> 'valid' AND excluded.status = ` + table + `.status AND ` + table + `.ended < excluded.ended
		THEN ` + table + `.ended ELSE excluded.ended END`
}

// ended is the day from which the time of a visa or an authorisation runs: the last of its
// validity, or that of the decision, which is today's if it is not known.
func ended(status Status, until, decided, today string) string {
	switch {
	case status == StatusValid:
		return until
	case decided != "":
		return decided
	}
	return today
}

// eraseAtOnce limits how many rows one transaction erases: questions wait for it.
const eraseAtOnce = 500

// Erase erases the visas that had expired, or were revoked or annulled, before the time, and
// returns how many there were (Regulation (EC) 767/2008 Art 23: five years). Holders with no
// visa left are removed. It may be cut off anywhere: the next one goes on.
func (s *VIS) Erase(ctx context.Context, before time.Time) (int, error) {
	n, err := erase(ctx, s.db, "vis_visa", s.remove, "ended < $1", s.clock.day(before))
	if err != nil {
		return n, fmt.Errorf("erase visas: %w", err)
	}
	return n, nil
}

// Erase erases the authorisations that were refused or revoked before the one time, and those
// that had expired before the other, and returns how many there were (Regulation (EU)
// 2018/1240 Art 54: five years after the decision; at once, or with the traveller's consent
// three years after the last day of validity). Holders with none left are removed.
func (s *ETIAS) Erase(ctx context.Context, decided, expired time.Time) (int, error) {
	n, err := erase(ctx, s.db, "etias_authorisation", s.remove,
		"(status <> 'valid' AND ended < $1 OR status = 'valid' AND ended < $2)", s.clock.day(decided), s.clock.day(expired))
	if err != nil {
		return n, fmt.Errorf("erase authorisations: %w", err)
	}
	return n, nil
}

func erase(ctx context.Context, db *store.DB, table string, remove Remove, due string, args ...any) (n int, err error) {
	if remove == nil {
		return 0, errors.New("the system was opened without Remove")
	}
	for {
		var erased int
		err := db.Tx(ctx, func(tx *sql.Tx) (err error) {
			erased, err = eraseSome(ctx, tx, table, due, args)
			return err
		})
		if n += erased; err != nil {
			return n, err
		}
		if erased < eraseAtOnce {
			return n, removeHolders(ctx, db, table, remove)
		}
	}
}

func eraseSome(ctx context.Context, tx *sql.Tx, table, due string, args []any) (int, error) {
	holders, err := texts(ctx, tx, fmt.Sprintf(`DELETE FROM %[1]s WHERE digest IN
		(SELECT digest FROM %[1]s WHERE %[2]s ORDER BY digest LIMIT %[3]d) RETURNING holder`, table, due, eraseAtOnce), args...)
	if err != nil {
		return 0, err
	}
	for _, holder := range holders {
		if holder == "" {
			continue
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO "+table+"_gone (holder) VALUES ($1) ON CONFLICT DO NOTHING", holder); err != nil {
			return 0, err
		}
	}
	return len(holders), nil
}

// removeHolders removes those who have nothing left in the table.
func removeHolders(ctx context.Context, db *store.DB, table string, remove Remove) error {
	for {
		holders, err := texts(ctx, db, fmt.Sprintf("SELECT holder FROM %s_gone ORDER BY holder LIMIT %d", table, eraseAtOnce))
		if err != nil {
			return err
		}
		for _, holder := range holders {
			if err := removeHolder(ctx, db, table, holder, remove); err != nil {
				return err
			}
		}
		if len(holders) < eraseAtOnce {
			return nil
		}
	}
}

func removeHolder(ctx context.Context, db *store.DB, table, holder string, remove Remove) error {
	var left bool
	err := db.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM "+table+" WHERE holder = $1)", holder).Scan(&left)
	if err == nil && !left {
		_, err = remove(ctx, holder)
	}
	if err == nil {
		_, err = db.ExecContext(ctx, "DELETE FROM "+table+"_gone WHERE holder = $1", holder)
	}
	return err
}

// texts runs a statement that gives one text a row.
func texts(ctx context.Context, q interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}, query string, args ...any) ([]string, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, rows.Err()
}
