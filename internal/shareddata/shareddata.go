// Package shareddata finds the recordings and test vectors that tests use and that are
// not part of the repository.
package shareddata

import (
	"os"
	"path/filepath"
	"testing"
)

// Path returns the path of a file or folder of the shared data, such as
// "data/mrz/mrz.jsonl". The data lies in the folder that the environment variable
// BOOTHD_SHARED names, or in "shared" beside the project's folder. If it is not there the
// test is skipped, saying what it wanted.
func Path(t testing.TB, name string) string {
	t.Helper()
	root := os.Getenv("BOOTHD_SHARED")
	if root == "" {
		root = filepath.Join(filepath.Dir(projectRoot(t)), "shared")
	}
	path := filepath.Join(root, filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		t.Skipf("shared data %s is missing: set BOOTHD_SHARED", name)
	}
	return path
}

func projectRoot(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the working directory")
		}
		dir = parent
	}
}
