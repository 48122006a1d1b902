package devicestest_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"boothd/devices"
	"boothd/devices/devicestest"
)

// broken names one promise that the fake device does not keep.
type broken string

// wall is the fake device's side of the wire: one document reader that is in memory.
type wall struct {
	broken  broken
	mu      sync.Mutex
	plugged bool
	open    *reader
	early   bool // a document was presented while nobody read
}

func (w *wall) Address() string { return "wall:1" }
func (w *wall) ID() devices.ID  { return devices.ID{} }
func (w *wall) Driver() string  { return "fake" }

func (w *wall) openReader() (devices.Device, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.plugged {
		return nil, devices.ErrGone
	}
	if w.open != nil && w.broken != "shares the device" {
		return nil, devices.ErrBusy
	}
	w.open = &reader{wall: w, sent: make(chan sent), gone: make(chan struct{}), closed: make(chan struct{})}
	if w.broken == "leaves a goroutine" {
		go func() { select {} }()
	}
	return w.open, nil
}

type sent struct {
	lines []string
	err   error
}

var golden = []string{"I<UTO", "SPECIMEN"}

func (w *wall) present(s sent) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open == nil {
		return
	}
	select {
	case w.open.sent <- s:
	case <-time.After(10 * time.Millisecond):
		w.early = true
	}
}

func (w *wall) plug(in bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.plugged = in
	if !in && w.open != nil {
		close(w.open.gone)
		w.open = nil
	}
}

type reader struct {
	wall         *wall
	sent         chan sent
	gone, closed chan struct{}
	once         sync.Once
}

func (r *reader) Info() devices.Info {
	info := devices.Info{Driver: "fake", Kind: devices.KindDocumentReader, Address: "wall:1", Model: "Fake"}
	if r.wall.broken == "names no model" {
		info.Model = ""
	}
	return info
}

func (r *reader) ReadMRZ(ctx context.Context) ([]string, error) {
	switch b := r.wall.broken; {
	case b == "returns an early document" && r.wall.early:
		r.wall.early = false
		return golden, nil
	case b == "ignores its context":
		ctx = context.Background()
	}
	var end <-chan struct{} = r.closed
	if r.wall.broken == "captures on after close" {
		end = nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	select {
	case s := <-r.sent:
		return s.lines, s.err
	case <-r.gone:
		if r.wall.broken == "calls unplugging something else" {
			return nil, errors.New("read failed")
		}
		return nil, devices.ErrGone
	case <-end:
		return nil, errors.New("closed")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (r *reader) Close() error {
	r.once.Do(func() {
		close(r.closed)
		r.wall.mu.Lock()
		defer r.wall.mu.Unlock()
		if r.wall.open == r {
			r.wall.open = nil
		}
	})
	return nil
}

func newRig(b broken) *devicestest.Rig {
	w := &wall{broken: b, plugged: true}
	bad := sent{err: &devices.RetryError{Hint: devices.HintPresentAgain}}
	if b == "returns garbage" {
		bad = sent{lines: []string{"I<UT0"}}
	}
	good := sent{lines: golden}
	if b == "returns another document" {
		good.lines = []string{"I<UTO", "SPECIMEM"}
	}
	return &devicestest.Rig{
		Driver: devices.Driver{
			Name: "fake",
			Kind: devices.KindDocumentReader,
			Open: func(context.Context, devices.Port) (devices.Device, error) { return w.openReader() },
		},
		Port:     func() devices.Port { return w },
		Golden:   golden,
		Present:  func() { w.present(good) },
		Withdraw: func() {},
		Unplug:   func() { w.plug(false) },
		Replug:   func() { w.plug(true) },
		Garble:   func() { w.present(bad) },
		Truncate: func() { w.present(sent{err: errors.New("answer too short")}) },
		Faults:   map[string]func(){"a slow answer": func() {}},
	}
}

func TestAGoodDriverPasses(t *testing.T) {
	devicestest.Run(t, func(*testing.T) *devicestest.Rig { return newRig("") })
}

// TestABrokenDriverFails runs the suite in a process of its own for every promise that the
// fake device can break, and expects the subtest that is about it to fail.
func TestABrokenDriverFails(t *testing.T) {
	const variable = "DEVICESTEST_BROKEN"
	if b := os.Getenv(variable); b != "" {
		devicestest.Run(t, func(*testing.T) *devicestest.Rig { return newRig(broken(b)) })
		return
	}
	tests := []struct {
		broken broken
		fails  string
	}{
		{"names no model", "info after open"},
		{"returns another document", "the golden capture"},
		{"ignores its context", "a cancelled capture"},
		{"ignores its context", "a capture past its deadline"},
		{"calls unplugging something else", "unplugged during"},
		{"calls unplugging something else", "unplugged between"},
		{"shares the device", "a second open"},
		{"captures on after close", "close ends"},
		{"leaves a goroutine", "nothing runs on after close"},
		{"leaves a goroutine", "nothing runs on after unplug"},
		{"returns an early document", "a document presented before"},
		{"returns garbage", "a garbage answer"},
	}
	for _, tt := range tests {
		t.Run(string(tt.broken)+": "+tt.fails, func(t *testing.T) {
			t.Parallel()
			run := "^TestABrokenDriverFails$/^" + strings.ReplaceAll(tt.fails, " ", "_")
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run="+run, "-test.v")
			cmd.Env = append(os.Environ(), variable+"="+string(tt.broken))
			out, err := cmd.CombinedOutput()
			want := []byte("--- FAIL: TestABrokenDriverFails/" + strings.ReplaceAll(tt.fails, " ", "_"))
			if err == nil || !bytes.Contains(out, want) {
				t.Errorf("the suite passed, or failed elsewhere:\n%s", out)
			}
		})
	}
}
