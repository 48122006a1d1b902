// Package storetest runs a test on each kind of database.
package storetest

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"boothd/cmd/centrald/store"
	"boothd/internal/testtool"
)

// Each runs f with an empty SQLite database and with an empty one of a PostgreSQL
// server. open opens the same database again, as another instance would.
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

// Postgres returns the address of an empty database of a PostgreSQL server without
// durability. The server is started once for all tests of a process and ends with it.
func Postgres(t testing.TB) string {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.address == "" {
		shared.address = start(t)
	}
	db, err := store.Open(t.Context(), shared.url("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	shared.databases++
	name := fmt.Sprintf("test_%d", shared.databases)
	if _, err := db.Exec("CREATE DATABASE " + name); err != nil {
		t.Fatal(err)
	}
	return shared.url(name)
}

// shared is the server of this process: a new one for each test takes a second.
var shared server

type server struct {
	sync.Mutex
	address   string // host and port
	databases int
	life      io.Closer // held open by this process alone
}

func (s *server) url(database string) string {
	return fmt.Sprintf("postgres://boothd@%s/%s?sslmode=disable", s.address, database)
}

// keeper runs the server until this process ends, however it does, for then its standard
// input ends; then it removes the server's folder.
const keeper = `dir=$1; shift; "$@" & cat >/dev/null; kill -INT $!; wait $!; rm -rf "$dir"`

// start starts the server and returns where it listens.
func start(t testing.TB) string {
	t.Helper()
	bin := programs(t)
	// Not t.TempDir: its parents are closed to the server's user, and the test ends before.
	dir, err := os.MkdirTemp("", "boothd-postgres-")
	if err != nil {
		t.Fatal(err)
	}
	as := serverUser(t, dir)
	data := filepath.Join(dir, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", "boothd", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	initdb.SysProcAttr, initdb.Dir = as, dir
	if out, err := initdb.CombinedOutput(); err != nil {
		os.RemoveAll(dir)
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	address := freeAddress(t)
	_, port, _ := net.SplitHostPort(address)
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	server := exec.Command("sh", "-c", keeper, "sh", dir, filepath.Join(bin, "postgres"), "-D", data, "-h", "127.0.0.1", "-p", port, "-k", dir,
		"-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=400")
	server.SysProcAttr, server.Stdout, server.Stderr, server.Dir = as, log, log, "/"
	if shared.life, err = server.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	awaitServer(t, fmt.Sprintf("postgres://boothd@%s/postgres?sslmode=disable", address), log.Name())
	return address
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
	as := &syscall.SysProcAttr{Setpgid: true}
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

func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
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
