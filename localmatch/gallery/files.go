package gallery

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"time"

	"boothd/internal/sqlite"
)

// files is the database, opened twice: to open a connection that may write takes the
// write lock for a moment, and a question must never wait for an update.
type files struct {
	write *sql.DB // nil if the gallery is only inspected
	read  *sql.DB
}

// maxReaders is how many questions are answered at a time.
const maxReaders = 8

// openFiles opens or creates the database. One that is damaged is set aside.
func openFiles(ctx context.Context, path string, log *slog.Logger, now func() time.Time) (*files, error) {
	f, err := openBoth(ctx, path)
	if sqlite.IsUnusable(err) {
		return replaceFiles(ctx, path, log, now)
	}
	return f, err
}

func openBoth(ctx context.Context, path string) (*files, error) {
	write, err := sqlite.Open(ctx, path, schema)
	if err != nil {
		return nil, err
	}
	read, err := sqlite.OpenReadOnly(ctx, path, schema)
	if err != nil {
		write.Close()
		return nil, err
	}
	read.SetMaxOpenConns(maxReaders)
	read.SetMaxIdleConns(maxReaders)
	f := &files{write, read}
	if err := probe(ctx, read); err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

// probe reads all that is in the file, so that one whose pages are gone is noticed at the start.
func probe(ctx context.Context, db *sql.DB) error {
	rows, err := db.QueryContext(ctx, "SELECT name, state FROM lists UNION ALL SELECT '', time FROM seen")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name, box []byte
		if err := rows.Scan(&name, &box); err != nil {
			return err
		}
	}
	return rows.Err()
}

// replaceFiles sets the file aside for whoever wants to know what happened to it, and
// opens an empty one.
func replaceFiles(ctx context.Context, path string, log *slog.Logger, now func() time.Time) (*files, error) {
	aside := fmt.Sprintf("%s.damaged-%d", path, now().Unix())
	log.Error("gallery file is damaged: set aside, the lists must be received again", "file", aside)
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	if err := os.Rename(path, aside); err != nil {
		return nil, err
	}
	return openBoth(ctx, path)
}

func (f *files) close() error {
	err := f.read.Close()
	if f.write != nil {
		err = errors.Join(err, f.write.Close())
	}
	return err
}

// startAgain replaces a file in which SQLite found damage by an empty one. Questions that
// are being answered meanwhile end with an error.
func (g *Gallery) startAgain(ctx context.Context) error {
	if err := g.database().close(); err != nil {
		return err
	}
	f, err := replaceFiles(ctx, g.path, g.log, g.now)
	if err != nil {
		return err
	}
	g.mu.Lock()
	lists := slices.Collect(maps.Values(g.lists))
	g.files = f
	g.mu.Unlock()
	for _, l := range lists {
		l.end(ErrAbsent)
	}
	return nil
}
