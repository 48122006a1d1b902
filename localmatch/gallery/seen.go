package gallery

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// latest is the latest time that anything signed by central has told.
func (g *Gallery) latest() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.seen
}

func (g *Gallery) readSeen(ctx context.Context) error {
	var box []byte
	err := g.database().read.QueryRowContext(ctx, "SELECT time FROM seen").Scan(&box)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	text, err := open(g.states, "seen", box)
	if err != nil {
		g.log.Error("the latest time told by central cannot be read: whether the clock was set back is not known")
		return nil
	}
	return g.seen.UnmarshalBinary(text)
}

// writeSeen notes a time that central has told.
func (g *Gallery) writeSeen(ctx context.Context, tx *sql.Tx, at time.Time) error {
	text, err := at.MarshalBinary()
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO seen (one, time) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET time = excluded.time",
		seal(g.states, "seen", text))
	return err
}
