package release

import (
	"context"
	"fmt"
	"time"

	"boothd/cmd/centrald/store"
	"boothd/sync/grant"
)

// Uses remembers in central's database which single grants were used, for all instances.
type Uses struct{ db *store.DB }

var _ grant.Uses = (*Uses)(nil)

// OpenUses makes the tables of this package if they are not there.
func OpenUses(ctx context.Context, db *store.DB) (*Uses, error) {
	if err := db.Migrate(ctx, "release", schema...); err != nil {
		return nil, err
	}
	return &Uses{db}, nil
}

// Use implements [grant.Uses]. One statement decides, so that of several instances one
// wins.
func (u *Uses) Use(ctx context.Context, id string, single bool, at time.Time) error {
	if !single {
		return nil
	}
	r, err := u.db.ExecContext(ctx, "INSERT INTO release_uses (id, at) VALUES ($1, $2) ON CONFLICT DO NOTHING", id, at.UnixNano())
	if err != nil {
		return fmt.Errorf("mark grant as used: %w", err)
	}
	n, err := r.RowsAffected()
	if err == nil && n != 1 {
		err = grant.ErrUsed
	}
	return err
}

// GiveBack implements [grant.Uses].
func (u *Uses) GiveBack(ctx context.Context, id string) error {
	if _, err := u.db.ExecContext(ctx, "DELETE FROM release_uses WHERE id = $1", id); err != nil {
		return fmt.Errorf("give grant back: %w", err)
	}
	return nil
}

// Erase forgets uses before the time and returns how many there were. A grant of longer ago
// than grant.MaxLife has expired, and need not be known to have been used.
func (u *Uses) Erase(ctx context.Context, before time.Time) (int64, error) {
	done, err := u.db.ExecContext(ctx, "DELETE FROM release_uses WHERE at < $1", before.UnixNano())
	if err != nil {
		return 0, fmt.Errorf("erase uses of grants: %w", err)
	}
	return done.RowsAffected()
}
