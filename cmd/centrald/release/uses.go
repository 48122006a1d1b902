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
