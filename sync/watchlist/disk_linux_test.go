package watchlist

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestAFullDiskLeavesTheListAsItIsAndSaysSo(t *testing.T) {
	c := newCentral(t)
	c.build(people("A1"), false)
	s := serveFolder(t, c.dir)
	spool := filepath.Join(t.TempDir(), "spool")
	if err := os.MkdirAll(spool, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", spool, "tmpfs", 0, "size=3m"); err != nil {
		t.Skipf("a small disk needs the right to mount: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(spool, syscall.MNT_DETACH) })
	x := newBoothWith(t, c.trusted(), func(o *SubscriberOptions) {
		s.options(o)
		o.Spool = spool
	})
	x.waitVersion(1)
	c.build(people("B2")+bulky(90), true)
	until(t, "the status says that the disk is full", func() bool {
		got := x.sub.Status()[0]
		return got.Problem == "the booth's disk is full" && got.Version == 1 && got.Known == 2
	})
	x.wantNumbers("A1")
	if err := syscall.Mount("tmpfs", spool, "tmpfs", syscall.MS_REMOUNT, "size=20m"); err != nil {
		t.Fatal(err)
	}
	x.waitVersion(2)
	x.wantNumbers("B2")
}
