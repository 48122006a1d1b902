// Package testtool finds the programs that tests start: a broker, a browser, a virtual
// machine. On a machine without them such a test is skipped and says what it wanted. Where
// the environment variable BOOTHD_REQUIRE_TOOLS is 1 it fails instead, so that a run which
// installed everything cannot leave out a test unseen; make test sets it.
package testtool

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Need skips the test, or fails it, unless every one of the programs is installed.
func Need(t testing.TB, programs ...string) {
	t.Helper()
	for _, program := range programs {
		Path(t, program)
	}
}

// Path returns the path of a program. It is sought in PATH, then where Debian keeps the
// administrator's programs, which the PATH of other users leaves out. Without it the test
// is skipped, or fails.
func Path(t testing.TB, program string) string {
	t.Helper()
	if path, err := exec.LookPath(program); err == nil {
		return path
	}
	for _, dir := range []string{"/usr/sbin", "/sbin"} {
		if path, err := exec.LookPath(filepath.Join(dir, program)); err == nil {
			return path
		}
	}
	Missing(t, program)
	return ""
}

// Missing ends a test that found something missing which is not a program, such as a
// device node or a kernel: it is skipped, or fails, naming what.
func Missing(t testing.TB, what string) {
	t.Helper()
	const remedy = "install it with packaging/deps test"
	if os.Getenv("BOOTHD_REQUIRE_TOOLS") == "1" {
		t.Fatalf("%s is missing: %s", what, remedy)
	}
	t.Skipf("%s is missing: %s", what, remedy)
}
