// Package storetest runs a test on each kind of database.
package storetest

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"boothd/cmd/centrald/store"
	"boothd/internal/testtool"
)

// Each runs f with an empty SQLite database and with an empty one of a PostgreSQL server
// that is started for it. open opens the same database again, as another instance would.
func Each(t *testing.T, f func(t *testing.T, db *store.DB, open func() *store.DB)) {
	t.Run("sqlite", func(t *testing.T) { each(t, filepath.Join(t.TempDir(), "central.db"), f) })
	t.Run("postgres", func(t *testing.T) { each(t, Postgres(t), f) })
}

func each(t *testing.T, url string, f func(t *testing.T, db *store.DB, open func() *store.DB)) {
	open := func() *store.DB {
		t.Helper()
		db, err := store.Open(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		return db
	}
	f(t, open(), open)
}

// Postgres starts a PostgreSQL server for the test, without durability, and returns the
// address of an empty database.
func Postgres(t testing.TB) string {
	t.Helper()
	bin := programs(t)
	// Not t.TempDir: its parents are closed to the server's user.
	dir, err := os.MkdirTemp("", "boothd-postgres-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	as := serverUser(t, dir)
	data := filepath.Join(dir, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", "boothd", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	initdb.SysProcAttr = as
	initdb.Dir = dir
	if out, err := initdb.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	port := freePort(t)
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	server := exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-h", "127.0.0.1", "-p", strconv.Itoa(port), "-k", dir,
		"-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=200")
	server.SysProcAttr, server.Stdout, server.Stderr, server.Dir = as, log, log, dir
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Process.Signal(syscall.SIGINT) // fast shutdown
		server.Wait()
		log.Close()
	})
	url := fmt.Sprintf("postgres://boothd@127.0.0.1:%d/postgres?sslmode=disable", port)
	awaitServer(t, url, log.Name())
	return url
}

// programs returns the folder of Debian's newest PostgreSQL.
func programs(t testing.TB) string {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil || len(found) == 0 {
		testtool.Missing(t, "postgresql")
	}
	return filepath.Dir(found[len(found)-1])
}

// serverUser is who runs the server, which refuses root. The folder becomes that user's.
func serverUser(t testing.TB, dir string) *syscall.SysProcAttr {
	t.Helper()
	as := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if os.Getuid() != 0 {
		return as
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	if err := os.Chown(dir, uid, gid); err != nil {
		t.Fatal(err)
	}
	as.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return as
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func awaitServer(t testing.TB, url, log string) {
	t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		db, err := store.Open(context.Background(), url)
		if err == nil {
			db.Close()
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			text, _ := os.ReadFile(log)
			t.Fatalf("PostgreSQL does not answer: %v\n%s", err, text)
		}
	}
}
