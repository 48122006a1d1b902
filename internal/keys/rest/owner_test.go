//go:build unix

package rest

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestFilesThatRootMakesAreTheFolderOwners(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can make files for others")
	}
	o := Options{Dir: t.TempDir(), CredentialFile: credential(t)}
	if err := os.Chown(o.Dir, 12345, 12346); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(o.Dir, "sis.1.key")
	secretOf(t, mustOpen(t, o), path)
	for _, made := range []string{path, filepath.Join(o.Dir, RootFile)} {
		st, err := os.Stat(made)
		if err != nil {
			t.Fatal(err)
		}
		if s := st.Sys().(*syscall.Stat_t); s.Uid != 12345 || s.Gid != 12346 {
			t.Errorf("%s belongs to %d, group %d", filepath.Base(made), s.Uid, s.Gid)
		}
	}
}
