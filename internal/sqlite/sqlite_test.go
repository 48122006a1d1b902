package sqlite

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

var schema = Schema{ApplicationID: 0x424f4f01, Migrations: []string{
	"CREATE TABLE a (x INTEGER); CREATE TABLE b (y TEXT)",
	"ALTER TABLE a ADD COLUMN z TEXT",
}}

func TestOpenMigratesOnceAndIsDurable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a strange ?name#.db")
	for range 2 {
		db, err := Open(t.Context(), path, schema)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec("INSERT INTO a (x, z) VALUES (1, 'one')"); err != nil {
			t.Fatal(err)
		}
		for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "user_version": "2", "auto_vacuum": "2"} {
			var got string
			if err := db.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil || got != want {
				t.Errorf("%s = %q, %v; want %q", pragma, got, err, want)
			}
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	db, err := OpenReadOnly(t.Context(), path, schema)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var n int
	if err := db.QueryRow("SELECT count(*) FROM a").Scan(&n); err != nil || n != 2 {
		t.Errorf("rows = %d, %v; want 2", n, err)
	}
	if _, err := db.Exec("DELETE FROM a"); err == nil {
		t.Error("a read-only database was written")
	}
}

func TestOpenRefusesOtherFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	db, err := Open(t.Context(), path, schema)
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	other := Schema{ApplicationID: 7, Migrations: schema.Migrations}
	if _, err := Open(t.Context(), path, other); !errors.Is(err, ErrOtherKind) || !IsUnusable(err) {
		t.Errorf("a database of another kind: error = %v", err)
	}
	older := Schema{ApplicationID: schema.ApplicationID, Migrations: schema.Migrations[:1]}
	if _, err := Open(t.Context(), path, older); !errors.Is(err, ErrNewer) {
		t.Errorf("error = %v, want ErrNewer", err)
	}
}

func TestOpenTellsDamageFromOtherTrouble(t *testing.T) {
	dir := t.TempDir()
	noise := filepath.Join(dir, "noise.db")
	if err := os.WriteFile(noise, bytes.Repeat([]byte("noise"), 4096), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), noise, schema); !IsUnusable(err) {
		t.Errorf("a file of noise: error = %v, want an unusable file", err)
	}
	if _, err := Open(t.Context(), filepath.Join(dir, "no", "such.db"), schema); err == nil || IsUnusable(err) {
		t.Errorf("a missing folder: error = %v, want one that is not about the content", err)
	}
	for _, version := range []string{"-1", "1000000"} {
		path := filepath.Join(dir, "v"+version)
		db, err := Open(t.Context(), path, schema)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec("PRAGMA user_version = " + version); err != nil {
			t.Fatal(err)
		}
		db.Close()
		if _, err := Open(t.Context(), path, schema); !IsUnusable(err) {
			t.Errorf("schema version %s: error = %v, want an unusable file", version, err)
		}
	}
}

func TestNewConnectionDoesNotWaitForAWriter(t *testing.T) {
	db, err := Open(t.Context(), filepath.Join(t.TempDir(), "x.db"), schema)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	writer, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Rollback()
	if _, err := writer.Exec("INSERT INTO a (x) VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	var n, synchronous int
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM a").Scan(&n); err != nil || n != 0 {
		t.Errorf("a reader on a new connection: %d rows, %v", n, err)
	}
	if err := db.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&synchronous); err != nil || synchronous != 2 {
		t.Errorf("synchronous = %d, %v; want 2", synchronous, err)
	}
}
