package testtool_test

import (
	"fmt"
	"path/filepath"
	"runtime"
	"testing"

	"boothd/internal/testtool"
)

// end notes how a test ended instead of ending it.
type end struct {
	testing.TB
	how string
}

func (e *end) Helper() {}

func (e *end) Skipf(format string, args ...any) {
	e.how = "skipped: " + fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func (e *end) Fatalf(format string, args ...any) {
	e.how = "failed: " + fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func TestMissingTool(t *testing.T) {
	tests := []struct{ name, require, program, want string }{
		{"a program in PATH is found", "1", "sh", "found"},
		{"a missing program skips the test", "", "no-such-program",
			"skipped: no-such-program is missing: install it with packaging/deps test"},
		{"a missing program fails a run that requires all", "1", "no-such-program",
			"failed: no-such-program is missing: install it with packaging/deps test"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("BOOTHD_REQUIRE_TOOLS", test.require)
			ended := &end{TB: t}
			done := make(chan struct{})
			go func() {
				defer close(done)
				testtool.Need(ended, test.program)
				if path := testtool.Path(ended, test.program); filepath.IsAbs(path) {
					ended.how = "found"
				}
			}()
			<-done
			if ended.how != test.want {
				t.Errorf("got %q, want %q", ended.how, test.want)
			}
		})
	}
}
