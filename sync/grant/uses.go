package grant

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"boothd/internal/sqlite"
)

// UsesFile is the name of the file, in the booth's state folder, that [OpenUses] opens.
const UsesFile = "grants.db"

// LocalUses remembers at a booth which single grants were used. Of a use it keeps the
// grant's id and the time.
type LocalUses struct{ db *sql.DB }

var _ Uses = (*LocalUses)(nil)

var usesSchema = sqlite.Schema{ApplicationID: 0x424f4752, Migrations: []string{`
	CREATE TABLE used (id TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID`}}

// OpenUses opens or makes the memory at path. Several programs may have it open.
func OpenUses(ctx context.Context, path string) (*LocalUses, error) {
	db, err := sqlite.Open(ctx, path, usesSchema)
	if err != nil {
		return nil, err
	}
	return &LocalUses{db}, nil
}

// Use implements [Uses]. The mark is durable when it returns.
func (u *LocalUses) Use(ctx context.Context, id string, single bool, at time.Time) error {
	if !single {
		return nil
	}
	r, err := u.db.ExecContext(ctx, "INSERT INTO used (id, at) VALUES (?, ?) ON CONFLICT DO NOTHING", id, at.UnixNano())
	if err != nil {
		return fmt.Errorf("mark grant as used: %w", err)
	}
	if n, err := r.RowsAffected(); err != nil || n != 1 {
		return ErrUsed
	}
	return nil
}

// GiveBack implements [Uses].
func (u *LocalUses) GiveBack(ctx context.Context, id string) error {
	if _, err := u.db.ExecContext(ctx, "DELETE FROM used WHERE id = ?", id); err != nil {
		return fmt.Errorf("give grant back: %w", err)
	}
	return nil
}

// Close closes the memory.
func (u *LocalUses) Close() error { return u.db.Close() }
