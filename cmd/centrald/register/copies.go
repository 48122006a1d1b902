package register

import (
	"context"
	"errors"
	"fmt"
	"time"

	"boothd/cmd/centrald/store"
)

// MaxCopyAge is how old a technical copy may be (Regulation (EU) 2018/1862 Art 56).
const MaxCopyAge = 48 * time.Hour

// Copy is one technical copy that somebody holds of a list.
type Copy struct {
	Holder  string    `json:"holder"` // a booth
	List    string    `json:"list"`
	Version uint64    `json:"version"`
	Taken   time.Time `json:"taken"`
	Expires time.Time `json:"expires"`
}

// Copies is the inventory of technical copies.
type Copies struct{ db *store.DB }

// OpenCopies opens the inventory.
func OpenCopies(ctx context.Context, db *store.DB) (*Copies, error) {
	return &Copies{db}, db.Migrate(ctx, "copies", `CREATE TABLE copies (
		holder  TEXT NOT NULL,
		list    TEXT NOT NULL,
		version BIGINT NOT NULL,
		taken   BIGINT NOT NULL,
		expires BIGINT NOT NULL,
		PRIMARY KEY (holder, list)
	)`)
}

var errCopy = errors.New("copy lacks who holds it, what list it is, or when it was taken")

// Note notes which copy a holder has now; one that was taken earlier than what is known changes
// nothing. Its life ends after MaxCopyAge at the latest.
func (c *Copies) Note(ctx context.Context, k Copy) error {
	if k.Holder == "" || k.List == "" || k.Taken.IsZero() {
		return errCopy
	}
	if latest := k.Taken.Add(MaxCopyAge); k.Expires.IsZero() || k.Expires.After(latest) {
		k.Expires = latest
	}
	_, err := c.db.ExecContext(ctx, `INSERT INTO copies (holder, list, version, taken, expires) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (holder, list) DO UPDATE SET version = excluded.version, taken = excluded.taken, expires = excluded.expires
		WHERE excluded.taken >= copies.taken`,
		k.Holder, k.List, int64(k.Version), k.Taken.UnixNano(), k.Expires.UnixNano())
	if err != nil {
		return fmt.Errorf("note copy: %w", err)
	}
	return nil
}

// Forget notes that a holder has erased its copy of a list.
func (c *Copies) Forget(ctx context.Context, holder, list string) error {
	if _, err := c.db.ExecContext(ctx, "DELETE FROM copies WHERE holder = $1 AND list = $2", holder, list); err != nil {
		return fmt.Errorf("forget copy: %w", err)
	}
	return nil
}

// List lists all copies by holder and list.
func (c *Copies) List(ctx context.Context) ([]Copy, error) { return c.where(ctx, 1<<62) }

// Overdue lists the copies whose life has ended.
func (c *Copies) Overdue(ctx context.Context, now time.Time) ([]Copy, error) {
	return c.where(ctx, now.UnixNano())
}

func (c *Copies) where(ctx context.Context, before int64) ([]Copy, error) {
	rows, err := c.db.QueryContext(ctx, "SELECT holder, list, version, taken, expires FROM copies WHERE expires <= $1 ORDER BY holder, list", before)
	if err != nil {
		return nil, fmt.Errorf("list copies: %w", err)
	}
	defer rows.Close()
	all := []Copy{}
	for rows.Next() {
		var k Copy
		var taken, expires int64
		if err := rows.Scan(&k.Holder, &k.List, &k.Version, &taken, &expires); err != nil {
			return nil, fmt.Errorf("list copies: %w", err)
		}
		k.Taken, k.Expires = time.Unix(0, taken).UTC(), time.Unix(0, expires).UTC()
		all = append(all, k)
	}
	return all, rows.Err()
}
