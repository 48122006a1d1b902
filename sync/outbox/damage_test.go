package outbox

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"boothd/internal/sqlite"
	"boothd/sync/portal"
)

func TestADamagedItemGoesIntoQuarantineAndTheOthersGoOn(t *testing.T) {
	for column, value := range map[string]string{
		"booth": "'b9'", "epoch": "'e9'", "sequence": "77", "id": "'r9'", "journal": "'00'", "hash": "'00'",
		"sealed": "x'00'", "at": "-5", "journal_seq": "-5",
	} {
		t.Run(column, func(t *testing.T) {
			c := newCentral(t)
			path := dbPath(t)
			s := open(t, path, c)
			mustRecord(t, s, 0, 5)
			if _, err := s.writer.ExecContext(t.Context(), "UPDATE item SET "+column+" = "+value+" WHERE n = 3"); err != nil {
				t.Fatal(err)
			}
			if r := verify(t, s, c); len(r.Faults) == 0 {
				t.Error("Verify finds nothing")
			}
			s.Close()
			s = open(t, path, c)
			running(t, newSender(t, s, c).Run)
			await(t, s, "empty", empty)
			if committed, _, _ := c.counts(); committed != 4 || s.Stats().Quarantined != 1 {
				t.Errorf("committed %d, %+v", committed, s.Stats())
			}
			if got := kinds(t, s); !strings.HasSuffix(got, "quarantine") {
				t.Errorf("journal: %s", got)
			}
			if got := list(t, s); len(got) != 1 || got[0].Reason != reasonDamaged {
				t.Errorf("list = %+v", got)
			}
			verified(t, s, c)
		})
	}
}

// backlog makes a database of n records of which the first were delivered, closes it and
// returns its bytes.
func backlog(t *testing.T, c *central, n, delivered int) []byte {
	t.Helper()
	path := dbPath(t)
	s := open(t, path, c)
	mustRecord(t, s, 0, n)
	d := newSender(t, s, c, func(o *SenderOptions) { o.MaxItems = delivered })
	if got, trouble := d.once(t.Context()); got != delivered {
		t.Fatalf("once = %d, %q", got, trouble)
	}
	s.Close()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// recovers opens a damaged database, records more, delivers everything, and checks that
// nothing was lost in silence.
func recovers(t *testing.T, c *central, damaged []byte, n int) Stats {
	t.Helper()
	path := dbPath(t)
	if err := os.WriteFile(path, damaged, 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, path, c)
	mustRecord(t, s, 1000, 1005)
	stop := running(t, newSender(t, s, c).Run)
	await(t, s, "empty", empty)
	stop()
	st := s.Stats()
	ids := map[string]bool{}
	for _, it := range c.committed {
		ids[it.ID] = true
	}
	fresh, old := 0, 0
	for i := range 5 {
		if ids[fmt.Sprintf("r%d", 1000+i)] {
			fresh++
		}
	}
	for i := range n {
		if ids[fmt.Sprintf("r%d", i)] {
			old++
		}
	}
	if fresh != 5 {
		t.Errorf("%d of the 5 records made on the damaged file arrived: %+v, %+v", fresh, st, list(t, s))
	}
	if old+st.Quarantined+st.Missing < n && st.SetAside == "" {
		t.Errorf("%d of %d arrived, %d in quarantine, %d missing, and nothing tells of the others", old, n, st.Quarantined, st.Missing)
	}
	if st.SetAside != "" {
		if _, err := os.Stat(filepath.Join(filepath.Dir(path), st.SetAside)); err != nil {
			t.Errorf("the damaged file was not kept: %v", err)
		}
	}
	verify(t, s, c)
	s.Close()
	return st
}

// fork returns a central that knows what c knows.
func (c *central) fork() *central {
	f := &central{opening: c.opening, signing: c.signing, committed: map[string]portal.Item{}, came: make(chan struct{}, 1)}
	for k, v := range c.committed {
		f.committed[k] = v
	}
	return f
}

func TestFlippedBytesNeverStopTheStartNorLoseInSilence(t *testing.T) {
	const n = 40
	c := newCentral(t)
	whole := backlog(t, c, n, 10)
	var aside, quarantined, missing int
	for seed := range uint64(60) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 1))
			b := append([]byte(nil), whole...)
			for range 1 + rng.IntN(30) {
				b[rng.IntN(len(b))] ^= byte(1 + rng.IntN(255))
			}
			st := recovers(t, c.fork(), b, n)
			if st.SetAside != "" {
				aside++
			}
			quarantined += st.Quarantined
			missing += st.Missing
		})
	}
	t.Logf("%d of 60 files set aside, %d items in quarantine, %d missing", aside, quarantined, missing)
	if aside == 0 || quarantined == 0 {
		t.Error("the damage was too small to show anything")
	}
}

func TestFilesDamagedAsAWholeAreSetAside(t *testing.T) {
	const n = 40
	c := newCentral(t)
	whole := backlog(t, c, n, 10)
	for name, b := range map[string][]byte{
		"noise":                    noise(len(whole)),
		"noise in front":           append(noise(4096), whole[4096:]...),
		"zeros in front":           append(make([]byte, 4096), whole[4096:]...),
		"cut to half":              whole[:len(whole)/2],
		"cut to a few bytes":       whole[:10],
		"a text file":              []byte(strings.Repeat("this is no database\n", 1000)),
		"every page but the first": append(append([]byte(nil), whole[:4096]...), noise(len(whole)-4096)...),
	} {
		t.Run(name, func(t *testing.T) {
			if st := recovers(t, c.fork(), b, n); st.SetAside == "" {
				t.Errorf("not set aside: %+v", st)
			}
		})
	}
}

// SQLite takes a log that is damaged at some point for one that ends there: what follows
// is gone and cannot be missed here, but everything goes on.
func TestADamagedLogEndsWhereTheDamageIs(t *testing.T) {
	c := newCentral(t)
	from := dbPath(t)
	s := open(t, from, c)
	mustRecord(t, s, 0, 40)
	files := map[string][]byte{}
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(from + suffix)
		if err != nil {
			t.Fatal(err)
		}
		files[suffix] = b
	}
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 9))
		path := dbPath(t)
		for suffix, b := range files {
			b = append([]byte(nil), b...)
			if suffix == "-wal" {
				b[len(b)/2+rng.IntN(len(b)/2)] ^= byte(1 + rng.IntN(255))
			}
			if err := os.WriteFile(path+suffix, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s := open(t, path, c)
		before := s.Stats()
		mustRecord(t, s, 1000, 1005)
		if st := s.Stats(); before.Depth == 0 || before.Depth > 40 || st.Depth != before.Depth+5 || st.SetAside != "" {
			t.Errorf("seed %d: %+v, then %+v", seed, before, st)
		}
		verified(t, s, c)
		s.Close()
	}
}

func noise(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}

func TestADamageMetWhileRunningIsSurvivedWithoutARestart(t *testing.T) {
	c := newCentral(t)
	path := dbPath(t)
	s := open(t, path, c)
	running(t, s.Run)
	mustRecord(t, s, 0, 200)
	if err := s.tidy(t.Context()); err != nil { // nothing is left in the log
		t.Fatal(err)
	}
	var root int64
	if err := s.writer.QueryRowContext(t.Context(), "SELECT rootpage FROM sqlite_schema WHERE name = 'journal'").Scan(&root); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(noise(4096), (root-1)*4096); err != nil {
		t.Fatal(err)
	}
	f.Close()
	// Drops the cached page, as memory pressure would.
	if _, err := s.writer.ExecContext(t.Context(), "PRAGMA shrink_memory"); err != nil {
		t.Fatal(err)
	}
	mustRecord(t, s, 200, 210)
	if st := s.Stats(); st.SetAside == "" || st.Depth != 210 {
		t.Errorf("stats = %+v", st)
	}
	if got := kinds(t, s); !strings.HasPrefix(got, "begun salvage outcome") {
		t.Errorf("journal: %s", got)
	}
	running(t, newSender(t, s, c).Run)
	await(t, s, "empty", empty)
	if committed, _, _ := c.counts(); committed != 210 {
		t.Errorf("committed %d", committed)
	}
	verified(t, s, c)
}

func TestAStartAfterAPowerCutMakesUpForWhatWasNotCarriedOver(t *testing.T) {
	c := newCentral(t)
	path := dbPath(t)
	s := open(t, path, c)
	mustRecord(t, s, 0, 5)
	s.Close()
	aside, err := setAside(path, day0) // and there the power was cut
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		s = open(t, path, c)
		if st := s.Stats(); st.Depth != 5 || st.SetAside == "" {
			t.Errorf("stats = %+v", st)
		}
		s.Close()
		// Or only the last step was missing: nothing may be carried over twice.
		if err := rename(strings.TrimSuffix(aside, unsaved), aside); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAFileOfANewerVersionIsLeftAlone(t *testing.T) {
	c := newCentral(t)
	path := dbPath(t)
	s := open(t, path, c)
	mustRecord(t, s, 0, 1)
	if _, err := s.writer.ExecContext(t.Context(), "PRAGMA user_version = 9"); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if _, err := Open(t.Context(), path, s.opt); !errors.Is(err, sqlite.ErrNewer) {
		t.Errorf("error = %v", err)
	}
	if names, _ := filepath.Glob(path + ".damaged*"); len(names) != 0 {
		t.Errorf("set aside: %v", names)
	}
}

func TestAMissingFolderStopsTheStart(t *testing.T) {
	c := newCentral(t)
	path := filepath.Join(t.TempDir(), "no", "booth.db")
	if s, err := Open(t.Context(), path, Options{Booth: "b1", Central: c.opening.PublicKey(), Log: quiet()}); err == nil {
		s.Close()
		t.Error("opened")
	}
}

func TestDamagedFilesDoNotFillTheDisk(t *testing.T) {
	c := newCentral(t)
	now := day0
	s := open(t, dbPath(t), c, func(o *Options) { o.Now = func() time.Time { return now } })
	cause := errors.New("a damage")
	renew := func() error { return s.exclusive(func() error { return s.renew(t.Context(), cause) }) }
	if err := renew(); err != nil {
		t.Fatal(err)
	}
	if err := renew(); !errors.Is(err, cause) {
		t.Errorf("second file within a minute: %v", err)
	}
	now = now.Add(2 * time.Minute)
	if err := renew(); err != nil {
		t.Error(err)
	}
}
