package gallery

import (
	"context"
	"database/sql"
	"errors"
	"math"
)

// newGeneration returns a number that no row and no list has.
func (g *Gallery) newGeneration(ctx context.Context, tx *sql.Tx) (uint32, error) {
	all, err := g.allStates(ctx, tx)
	if err != nil {
		return 0, err
	}
	var highest uint32
	for _, s := range all {
		highest = max(highest, s.Generation)
	}
	var row int64
	err = tx.QueryRowContext(ctx, `SELECT max((SELECT coalesce(max(number), 0) FROM entries),
		(SELECT coalesce(max(number), 0) FROM buckets))`).Scan(&row)
	if err != nil {
		return 0, err
	}
	highest = max(highest, uint32(row>>32))
	if highest >= math.MaxInt32 {
		return 0, errors.New("no generation is left")
	}
	return highest + 1, nil
}

// sweep deletes the rows of generations that no list has any more. It leaves all of them
// if a list's state does not open, because then its generation is not known.
func (g *Gallery) sweep(ctx context.Context, tx *sql.Tx) error {
	all, err := g.allStates(ctx, tx)
	if err != nil {
		return err
	}
	live := map[uint32]bool{}
	for _, s := range all {
		if s.Damaged {
			return nil
		}
		live[s.Generation] = true
	}
	for _, next := range []string{
		"SELECT min(number) FROM entries WHERE number >= ?",
		"SELECT min(number) FROM buckets WHERE number >= ?",
	} {
		for row := int64(0); ; {
			var found sql.NullInt64
			if err := tx.QueryRowContext(ctx, next, row).Scan(&found); err != nil {
				return err
			}
			if !found.Valid {
				break
			}
			generation := uint32(found.Int64 >> 32)
			if !live[generation] {
				if err := deleteGeneration(ctx, tx, generation); err != nil {
					return err
				}
			}
			row = int64(generation+1) << 32
		}
	}
	return nil
}

func deleteGeneration(ctx context.Context, tx *sql.Tx, generation uint32) error {
	for _, query := range []string{
		"DELETE FROM entries WHERE number >= ? AND number < ?",
		"DELETE FROM buckets WHERE number >= ? AND number < ?",
	} {
		if _, err := tx.ExecContext(ctx, query, row(generation, 0), row(generation+1, 0)); err != nil {
			return err
		}
	}
	return nil
}
