// Package vpcdtest starts pcscd with virtual readers for tests.
package vpcdtest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"boothd/devices/pcsc/vpcd"
	"boothd/internal/testtool"
)

// Start starts a daemon that ends with the test and leads this process and those that it
// starts to it. A process has one at a time: libpcsclite keeps to the path that it found
// first, and so do the daemons. Where pcscd is not installed, or the user may not mount, the
// test is skipped and says so.
func Start(t testing.TB) *vpcd.Daemon {
	t.Helper()
	testtool.Need(t, "pcscd")
	const driver = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"
	if _, err := os.Stat(driver); err != nil {
		testtool.Missing(t, driver)
	}
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("vpcd-%d", os.Getpid()))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	d, err := vpcd.Start(ctx, dir)
	if err != nil && os.Geteuid() != 0 {
		t.Skipf("pcscd cannot be started without being root: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Setenv(vpcd.SocketVariable, d.Socket())
	return d
}
