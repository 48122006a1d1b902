package secugen_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"boothd/devices"
	"boothd/devices/secugen"
	"boothd/devices/usb"
	"boothd/internal/shareddata"
	"boothd/internal/testtool"
)

// replayTo names the file for the picture; it is set in the process that umockdev plays to.
const replayTo = "BOOTHD_TEST_REPLAY_TO"

// recordedPicture is the SHA-256 of the picture that came with the recording, grey values row
// by row.
const recordedPicture = "277bbb8d30728357ca62c4306507b12235b3ae174a670acbbe6caccc312189ec"

// TestRecordingGivesItsPicture plays the recording of a real unit to libusb. The recording is
// one strictly ordered tape: a driver that asks for anything else, or in another order, gets no
// answer.
func TestRecordingGivesItsPicture(t *testing.T) {
	if os.Getenv(replayTo) != "" {
		replay(t)
		return
	}
	umockdev := testtool.Path(t, "umockdev-run")
	folder := shareddata.Path(t, "data/usb/secugen")
	taken := filepath.Join(t.TempDir(), "picture")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	run := exec.CommandContext(ctx, umockdev,
		"--device", filepath.Join(folder, "device"),
		"--pcap", "/sys/devices/pci0000:00/0000:00:1c.3/0000:05:00.0/usb7/7-4="+filepath.Join(folder, "capture.pcapng"),
		"--", os.Args[0], "-test.run=^TestRecordingGivesItsPicture$", "-test.v")
	run.Env = append(os.Environ(), replayTo+"="+taken)
	out, err := run.CombinedOutput()
	if err != nil {
		t.Fatalf("replay: %v\n%s", err, out)
	}
	got, err := os.ReadFile(taken)
	if err != nil {
		t.Fatalf("replay took no picture: %v\n%s", err, out)
	}
	want := shareddata.Grey(t, filepath.Join(folder, "capture.png"))
	if len(got) != len(want.Pix) {
		t.Fatalf("%d pixels; want %d", len(got), len(want.Pix))
	}
	differing := 0
	for i := range got {
		if got[i] != want.Pix[i] {
			differing++
		}
	}
	t.Logf("%d of %d pixels differ", differing, len(got))
	if differing > 0 {
		t.Errorf("%d of %d pixels differ from capture.png", differing, len(got))
	}
	if sum := fmt.Sprintf("%x", sha256.Sum256(got)); sum != recordedPicture {
		t.Errorf("picture's SHA-256 is %s; want %s", sum, recordedPicture)
	}
}

// replay captures from what umockdev plays.
func replay(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	ports, err := usb.Bus{}.Scan(ctx)
	if err != nil || len(ports) != 1 {
		t.Fatalf("scan: %d ports, %v", len(ports), err)
	}
	d, err := secugen.Config{AtOnce: true, Distorted: true}.Driver().Open(ctx, ports[0])
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", d.Info())
	if info := d.Info(); info.Model != "SecuGen Hamster Pro 20" || info.Serial != "H54200803643" || info.Firmware != "22.06" {
		t.Errorf("info %+v", info)
	}
	img, err := d.(devices.FingerScanner).CaptureFinger(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	if err := os.WriteFile(os.Getenv(replayTo), img.Pix, 0o600); err != nil {
		t.Fatal(err)
	}
}
