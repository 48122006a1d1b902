package outbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"boothd/capture/audit"
	"boothd/internal/sqlite"
)

// renewPause is the least time between two new files: a disk that damages whatever is
// written on it must not be filled with damaged files.
const renewPause = time.Minute

// unsaved ends the name of a damaged file from which nothing was carried over yet, so that
// a start after a power cut in between makes up for it.
const unsaved = ".unsaved"

// renew sets the damaged file aside, begins a new one with a new epoch and carries over
// what can be read. Whoever calls it holds turn.
func (s *Store) renew(ctx context.Context, cause error) error {
	now := s.opt.Now()
	if !s.renewed.IsZero() && now.Sub(s.renewed).Abs() < renewPause {
		return cause
	}
	s.renewed = now
	s.gate.Lock()
	s.detach()
	s.gate.Unlock()
	aside, err := setAside(s.path, now)
	if err != nil {
		return fmt.Errorf("set damaged file aside: %w", err)
	}
	s.opt.Log.Error("the outbox's file is damaged: it was set aside and a new one is begun", "set_aside", filepath.Base(aside), "error", cause)
	if _, err := s.attach(ctx, audit.Entry{Kind: audit.KindBegun, Detail: lastWords(ctx, aside)}); err != nil {
		return err
	}
	return s.makeUp(ctx)
}

// lastWords is what the journal's first entry tells of the damaged file before it.
func lastWords(ctx context.Context, aside string) map[string]string {
	detail := map[string]string{"set_aside": strings.TrimSuffix(filepath.Base(aside), unsaved)}
	old, err := sqlite.OpenUnchecked(aside)
	if err != nil {
		return detail
	}
	defer old.Close()
	if head, err := audit.Head(ctx, old); err == nil {
		detail["head"], detail["head_seq"] = head.Hash, strconv.FormatUint(head.Seq, 10)
	}
	return detail
}

// setAside renames the database with its write-ahead log and returns its new path.
func setAside(path string, now time.Time) (string, error) {
	stem := path + ".damaged-" + now.UTC().Format("20060102T150405Z")
	name := stem
	for i := 2; exists(name) || exists(name+unsaved); i++ {
		name = fmt.Sprintf("%s-%d", stem, i)
	}
	return name + unsaved, rename(path, name+unsaved)
}

// rename renames a database with its write-ahead log, which goes first: a log without its
// database is found again, a database without its log has lost what is in it.
func rename(from, to string) error {
	os.Remove(from + "-shm") // SQLite makes it anew
	if err := os.Rename(from+"-wal", to+"-wal"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Rename(from, to)
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// makeUp carries over what was not yet from files that were set aside, and takes stock.
func (s *Store) makeUp(ctx context.Context) error {
	entries, err := os.ReadDir(filepath.Dir(s.path))
	if err != nil {
		return err
	}
	for _, e := range entries {
		name, waits := strings.CutSuffix(e.Name(), unsaved)
		if waits && strings.HasPrefix(name, filepath.Base(s.path)+".damaged-") {
			if err := s.salvage(ctx, name); err != nil {
				s.opt.Log.Error("not carried over from the damaged file: the next start tries again", "set_aside", name, "error", err)
			}
		}
	}
	var st Stats
	if err := s.transact(0, func(ctx context.Context, tx *sql.Tx) error {
		st, err = recount(ctx, tx)
		return err
	}); err != nil {
		return err
	}
	s.recounted(st)
	nudge(s.wake)
	return nil
}

// salvage carries over what can be read of a file that was set aside. Items keep their
// epoch, number and hash, so that central takes each once whatever it had already.
func (s *Store) salvage(ctx context.Context, name string) error {
	s.update(func(st *Stats) { st.SetAside = name })
	aside := filepath.Join(filepath.Dir(s.path), name)
	old, err := sqlite.OpenUnchecked(aside + unsaved)
	if err != nil {
		return err
	}
	defer old.Close()
	found := map[string][]int64{}
	for _, table := range []string{"quarantine", "item"} {
		found[table] = findable(ctx, old, table)
	}
	if err := s.transact(0, func(ctx context.Context, tx *sql.Tx) error {
		return s.adopt(ctx, tx, old, name, found)
	}); err != nil {
		return err
	}
	old.Close()
	return rename(aside+unsaved, aside)
}

// adopt carries the rows over in one transaction, which also remembers that it did.
func (s *Store) adopt(ctx context.Context, tx *sql.Tx, old *sql.DB, name string, found map[string][]int64) error {
	res, err := tx.ExecContext(ctx, "INSERT OR IGNORE INTO salvaged (name) VALUES (?)", name)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); n == 0 {
		return err // it was done, only the file was not renamed
	}
	kept, lost := 0, 0
	for table, ns := range found {
		for _, n := range ns {
			raw, err := readRaw(ctx, old, table, n)
			if err != nil {
				lost++
				continue
			}
			if err := adoptOne(ctx, tx, raw, table, s.clock.UnixMilli()); err != nil {
				return err
			}
			kept++
		}
	}
	s.opt.Log.Error("carried over from the damaged file", "set_aside", name, "records", kept, "unreadable", lost)
	_, err = audit.Append(ctx, tx, audit.Entry{Kind: audit.KindSalvage, At: s.clock, Booth: s.opt.Booth, Detail: map[string]string{
		"set_aside": name, "records": strconv.Itoa(kept), "unreadable": strconv.Itoa(lost)}})
	return err
}

// adoptOne writes a row of a damaged file into the new one: into quarantine if it was
// there or is not whole.
func adoptOne(ctx context.Context, tx *sql.Tx, raw rawItem, table string, now int64) error {
	reason := "in quarantine before"
	if table == "item" {
		q, err := raw.item()
		if err == nil {
			if err := insert(ctx, tx, &q.item, 0, q.at.UnixMilli()); err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, "UPDATE life SET depth = depth + 1, bytes = bytes + ?", len(q.item.Sealed))
			return err
		}
		reason = reasonDamaged
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO quarantine ("+itemColumns+", reason, since) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		append(raw[:len(raw):len(raw)], reason, now)...)
	return err
}

// findable lists the rows of a damaged table that can be found, from the front up to the
// damage and from the end down to it.
func findable(ctx context.Context, q audit.Querier, table string) []int64 {
	up := upTo(ctx, q, "SELECT n FROM "+table+" ORDER BY n")
	down := upTo(ctx, q, "SELECT n FROM "+table+" ORDER BY n DESC")
	for i := len(down) - 1; i >= 0; i-- {
		if len(up) == 0 || down[i] > up[len(up)-1] {
			up = append(up, down[i])
		}
	}
	return up
}

// upTo lists what the query gives until it ends or fails. In a damaged file a number may
// come twice.
func upTo(ctx context.Context, q audit.Querier, query string) []int64 {
	rows, err := q.QueryContext(ctx, query)
	if err != nil {
		return nil
	}
	defer rows.Close()
	var ns []int64
	for rows.Next() {
		var n int64
		if rows.Scan(&n) != nil {
			break
		}
		ns = append(ns, n)
	}
	return ns
}
