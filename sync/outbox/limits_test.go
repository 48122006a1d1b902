//go:build linux

package outbox

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"boothd/capture"
	"boothd/capture/audit"
)

func limitOf(t testing.TB, err error) Limit {
	t.Helper()
	var l *LimitError
	if !errors.As(err, &l) {
		t.Fatalf("error = %v, want a limit", err)
	}
	if l.Text == "" || l.Error() != l.Text {
		t.Errorf("text = %q", l.Text)
	}
	return l.Limit
}

func TestAFullBacklogRefusesNewChecksAndKeepsTheRecordsOfOldOnes(t *testing.T) {
	c := newCentral(t)
	s := open(t, dbPath(t), c, func(o *Options) { o.MaxBytes, o.ReserveBytes = 10_000, 10_000 })
	n := 0
	for ; s.Ready(t.Context()) == nil; n++ {
		mustRecord(t, s, n, n+1)
	}
	if got := limitOf(t, s.Ready(t.Context())); got != LimitBytes {
		t.Errorf("limit = %s", got)
	}
	if st := s.Stats(); st.Bytes < 10_000 {
		t.Errorf("refused at %d bytes", st.Bytes)
	}
	begun := n
	var err error
	for ; n < 100; n++ {
		if err = s.Record(t.Context(), record(n)); err != nil {
			break
		}
	}
	if n-begun < 2 || limitOf(t, err) != LimitBytes || s.Stats().Bytes > 20_000 {
		t.Errorf("%d records went into the reserve, then %v", n-begun, err)
	}
	running(t, newSender(t, s, c).Run)
	await(t, s, "empty", empty)
	if err := s.Ready(t.Context()); err != nil {
		t.Errorf("not ready when it is empty: %v", err)
	}
	if committed, _, _ := c.counts(); committed != n {
		t.Errorf("central has %d of %d", committed, n)
	}
}

func TestAnOldItemRefusesNewChecksAndIsNeverDropped(t *testing.T) {
	c := newCentral(t)
	now := day0
	s := open(t, dbPath(t), c, func(o *Options) { o.MaxAge = time.Hour; o.Now = func() time.Time { return now } })
	mustRecord(t, s, 0, 1)
	now = now.Add(59 * time.Minute)
	if err := s.Ready(t.Context()); err != nil {
		t.Errorf("not ready: %v", err)
	}
	now = now.Add(1000 * time.Hour)
	if got := limitOf(t, s.Ready(t.Context())); got != LimitAge {
		t.Errorf("limit = %s", got)
	}
	if n, trouble := newSender(t, s, c).once(t.Context()); n != 1 {
		t.Errorf("once = %d, %q", n, trouble)
	}
	if err := s.Ready(t.Context()); err != nil {
		t.Errorf("not ready: %v", err)
	}
}

func TestARecordThatIsTooLargeIsRefused(t *testing.T) {
	c := newCentral(t)
	s := open(t, dbPath(t), c)
	r := record(1)
	r.Evidence[0] = capture.Evidence{ID: "face-1", Face: &capture.Face{JPEG: make([]byte, MaxRecord)}}
	if err := s.Record(t.Context(), r); err == nil {
		t.Error("kept a record that no report can carry")
	}
	mustRecord(t, s, 0, 1)
}

func TestAFullDiskKeepsTheCheckBegunAndRefusesTheNext(t *testing.T) {
	dir := smallDisk(t, "24m")
	c := newCentral(t)
	path := filepath.Join(dir, "booth.db")
	s := open(t, path, c, func(o *Options) { o.ReserveBytes = 4 << 20 })
	running(t, s.Run)
	if err := s.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	mustRecord(t, s, 0, 20)
	hog := fillDisk(t, dir)
	if got := limitOf(t, s.Ready(t.Context())); got != LimitDisk {
		t.Errorf("limit = %s", got)
	}
	mustRecord(t, s, 20, 400) // about a megabyte
	if held := s.Stats().Reserve; held == 4<<20 {
		t.Error("the reserve was not touched: the disk was not full")
	}
	verified(t, s, c)
	s.Close()
	s = open(t, path, c, func(o *Options) { o.ReserveBytes = 4 << 20 })
	if st := s.Stats(); st.Depth != 400 {
		t.Errorf("after a restart on a full disk: %+v", st)
	}
	d := newSender(t, s, c)
	running(t, d.Run)
	await(t, s, "empty", empty)
	if committed, _, _ := c.counts(); committed != 400 {
		t.Errorf("central has %d of 400", committed)
	}
	os.Remove(hog)
	if err := s.Ready(t.Context()); err != nil {
		t.Errorf("not ready when the disk has room again: %v", err)
	}
	if held := s.Stats().Reserve; held != 4<<20 {
		t.Errorf("reserve of %d bytes", held)
	}
}

func TestADiskFullBeyondTheReserveLosesNothingThatWasAcknowledged(t *testing.T) {
	dir := smallDisk(t, "16m")
	c := newCentral(t)
	path := filepath.Join(dir, "booth.db")
	s := open(t, path, c, func(o *Options) { o.ReserveBytes = 2 << 20 })
	hog := fillDisk(t, dir)
	n := 0
	var err error
	for ; n < 5000; n++ {
		if err = s.Record(t.Context(), record(n)); err != nil {
			break
		}
	}
	if err == nil {
		t.Fatal("the disk never got full")
	}
	os.Remove(hog)
	mustRecord(t, s, n, n+1)
	if st := s.Stats(); st.Depth != n+1 || st.Sequence != uint64(n+1) {
		t.Errorf("%d acknowledged, %+v", n+1, st)
	}
	verified(t, s, c)
}

func TestADatabaseAtItsSizeLimitRefusesAndGoesOn(t *testing.T) {
	c := newCentral(t)
	s := open(t, dbPath(t), c)
	if _, err := s.writer.ExecContext(t.Context(), "PRAGMA max_page_count = 60"); err != nil {
		t.Fatal(err)
	}
	n := 0
	for s.Record(t.Context(), record(n)) == nil {
		n++
	}
	if _, err := s.writer.ExecContext(t.Context(), "PRAGMA max_page_count = 100000"); err != nil {
		t.Fatal(err)
	}
	mustRecord(t, s, n, n+5)
	if st := s.Stats(); st.Depth != n+5 || n == 0 {
		t.Errorf("%d acknowledged, %+v", n+5, st)
	}
	verified(t, s, c)
}

func TestTheFileGivesItsPagesBackWhenTheBacklogIsGone(t *testing.T) {
	c := newCentral(t)
	path := dbPath(t)
	s := open(t, path, c)
	const bound = (slackPages + 1024) * 4096
	for i := range 40 {
		r := record(i)
		r.Evidence[0] = capture.Evidence{ID: "face-1", Face: &capture.Face{JPEG: bytes.Repeat([]byte{byte(i)}, 600<<10)}}
		if err := s.Record(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if held := s.Stats().Bytes; held < bound {
		t.Fatalf("a backlog of %d bytes shows nothing", held)
	}
	d := newSender(t, s, c)
	for s.Stats().Depth > 0 {
		if n, trouble := d.once(t.Context()); n == 0 {
			t.Fatal(trouble)
		}
	}
	if err := s.tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
	db, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	wal, err := os.Stat(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	if db.Size() > bound || wal.Size() != 0 {
		t.Errorf("after delivery the file has %d bytes, its log %d", db.Size(), wal.Size())
	}
	verified(t, s, c)
}

func TestErasureTakesTheEntriesOutOfTheFiles(t *testing.T) {
	c := newCentral(t)
	path := dbPath(t)
	now := day0
	s := open(t, path, c, func(o *Options) { o.Now = func() time.Time { return now } })
	const mark = "mark-of-an-entry-to-be-erased"
	for range 50 {
		if err := s.Journal(t.Context(), audit.Entry{Kind: audit.KindExport, Detail: map[string]string{"recipient": mark}}); err != nil {
			t.Fatal(err)
		}
	}
	now = now.Add(48 * time.Hour)
	if err := s.Journal(t.Context(), audit.Entry{Kind: audit.KindOpened}); err != nil {
		t.Fatal(err)
	}
	if err := s.tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !inFiles(t, path, mark) {
		t.Fatal("the mark was never in the files: the test shows nothing")
	}
	n, err := s.EraseBefore(t.Context(), now.Add(-time.Hour))
	if err != nil || n != 51 {
		t.Errorf("erased %d, %v; want the 50 and the first entry", n, err)
	}
	if inFiles(t, path, mark) {
		t.Error("erased entries are still in the files")
	}
	if r := verified(t, s, c); r.Journal.Erased != 51 {
		t.Errorf("report = %+v", r.Journal)
	}
	if n, err := s.EraseBefore(t.Context(), now.Add(-time.Hour)); err != nil || n != 0 {
		t.Errorf("erased %d once more, %v", n, err)
	}
}

func inFiles(t *testing.T, path, mark string) bool {
	t.Helper()
	for _, p := range []string{path, path + "-wal"} {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(b), mark) {
			return true
		}
	}
	return false
}
