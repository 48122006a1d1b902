package endtoend

import (
	"bytes"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"boothd/capture"
)

// kills is how often boothd is killed; -short does with fewer.
const kills = 200

// TestNothingAcknowledgedIsLostByKilling kills boothd at random moments, some of them
// while it opens, while two officers make checks as fast as they can and the line to
// central comes and goes. Whatever an officer was shown as recorded must be at central in
// the end, exactly once.
func TestNothingAcknowledgedIsLostByKilling(t *testing.T) {
	rounds := kills
	if testing.Short() {
		rounds = 20
	}
	b := newKilledBooth(t)
	for i := range rounds {
		if i%2 == 0 {
			b.line(t, i%4 == 0)
		}
		if i%5 == 4 {
			b.killOpening(t)
		} else {
			b.round(t, i%2 == 0)
		}
		if lines := errorsIn(b.log.String()); len(lines) > 0 {
			t.Fatalf("life %d: boothd logged %q", i, lines)
		}
	}
	b.line(t, false)
	shown := b.shown()
	t.Logf("%d kills, %d of them before it was ready; %d records shown", rounds, b.unready, len(shown))
	if len(shown) < rounds/2 || b.unready < rounds/40 {
		t.Fatal("too few checks, or too few kills while it opened: the test proves nothing")
	}
	b.start(t)
	b.everythingArrives(t, shown)
	b.endsWell(t)
}

type killedBooth struct {
	demo, address string
	sim           *exec.Cmd
	booth         *exec.Cmd
	log           bytes.Buffer // of the life that ended last
	officers      []*hammer
	unready       int // lives that ended before the daemon was ready
}

func newKilledBooth(t *testing.T) *killedBooth {
	t.Helper()
	address, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	b := &killedBooth{demo: filepath.Join(t.TempDir(), "demo"), address: address}
	b.sim = exec.Command(filepath.Join(programs, "boothsim"), "run", "--any-port", "--quiet", "--no-prints", "--no-chips", "--dir", b.demo, "--booth", address)
	if err := b.sim.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if b.booth != nil {
			b.booth.Process.Kill()
			b.booth.Wait()
		}
		b.sim.Process.Signal(syscall.SIGTERM)
		b.sim.Wait()
		if t.Failed() {
			t.Log(b.log.String())
		}
	})
	wait(t, "boothsim", func() bool {
		st, err := os.Stat(filepath.Join(b.demo, "addresses.json"))
		return err == nil && st.Size() > 0
	})
	for _, name := range []string{"officer-1", "officer-2"} {
		token, err := os.ReadFile(filepath.Join(b.demo, name+".token"))
		if err != nil {
			t.Fatal(err)
		}
		b.officers = append(b.officers, &hammer{
			address: address, token: strings.TrimSpace(string(token)), shown: map[string]bool{},
			client: http.Client{Timeout: 10 * time.Second},
		})
	}
	return b
}

// line cuts or restores the line to central.
func (b *killedBooth) line(t *testing.T, cut bool) {
	t.Helper()
	word := "restore"
	if cut {
		word = "cut"
	}
	if out, err := exec.Command(filepath.Join(programs, "boothsim"), "ctl", "--dir", b.demo, word, "portal").CombinedOutput(); err != nil {
		t.Fatalf("%s portal: %v\n%s", word, err, out)
	}
}

// launch starts the daemon and does not wait for it.
func (b *killedBooth) launch(t *testing.T) {
	t.Helper()
	b.log.Reset()
	b.booth = exec.Command(filepath.Join(programs, "boothd"), "run", "--config", filepath.Join(b.demo, "boothd.toml"))
	b.booth.Stderr = &b.log
	if err := b.booth.Start(); err != nil {
		t.Fatal(err)
	}
}

func (b *killedBooth) start(t *testing.T) {
	t.Helper()
	b.launch(t)
	client := http.Client{Timeout: 10 * time.Second}
	wait(t, "boothd", func() bool {
		resp, err := client.Get("http://" + b.address + "/healthz")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}

// kill kills the daemon after a moment of up to so many milliseconds.
func (b *killedBooth) kill(within int) {
	time.Sleep(time.Duration(rand.IntN(within*1000)) * time.Microsecond)
	b.booth.Process.Kill()
}

// killOpening lives a life that ends before or just as the daemon can be asked.
func (b *killedBooth) killOpening(t *testing.T) {
	t.Helper()
	b.launch(t)
	b.kill(60)
	b.booth.Wait()
	if !strings.Contains(b.log.String(), "booth ready") {
		b.unready++
	}
}

// round lives one life of the daemon: checks are made until it is killed, soon after it was
// ready or, if it is to get further, after a record was shown.
func (b *killedBooth) round(t *testing.T, further bool) {
	t.Helper()
	b.start(t)
	before := b.recorded()
	var life sync.WaitGroup
	for _, h := range b.officers {
		life.Go(func() {
			for h.check() {
			}
		})
	}
	if further {
		wait(t, "a record", func() bool { return b.recorded() > before })
	}
	b.kill(200)
	life.Wait()
	b.booth.Wait()
}

// recorded is how many records were shown so far.
func (b *killedBooth) recorded() (n int32) {
	for _, h := range b.officers {
		n += h.recorded.Load()
	}
	return n
}

// shown is every record that an officer was shown, as "outcome ID" or "disposition ID".
func (b *killedBooth) shown() map[string]bool {
	all := map[string]bool{}
	for _, h := range b.officers {
		for record := range h.shown {
			all[record] = true
		}
	}
	return all
}

// hammer is an officer who makes one check after the other. The other officer's check is
// in the way most of the time.
type hammer struct {
	address, token string
	client         http.Client
	shown          map[string]bool // records that this officer was shown
	recorded       atomic.Int32    // how many
}

// check makes one check as far as it comes and reports whether the daemon still lives.
func (h *hammer) check() bool {
	var started struct{ ID string }
	if done, alive := h.do("POST", "checks", nil, &started); !done {
		return alive
	}
	zone := map[string]any{"lines": []string{"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"}}
	if done, alive := h.do("POST", "checks/"+started.ID+"/zone", zone, nil); !done {
		return alive
	}
	if done, alive := h.do("POST", "checks/"+started.ID+"/conclude", nil, nil); !done {
		return alive
	}
	for {
		var view struct {
			Check struct {
				ID             string
				Recommendation *struct{ Outcome string }
			}
		}
		if done, alive := h.do("GET", "view", nil, &view); !done {
			return alive
		}
		if view.Check.ID != started.ID {
			return true
		}
		if view.Check.Recommendation != nil {
			break
		}
	}
	h.shown["outcome "+started.ID] = true
	h.recorded.Add(1)
	decided := map[string]any{"decision": "refer", "why": "expired document"}
	done, alive := h.do("POST", "checks/"+started.ID+"/disposition", decided, nil)
	if done {
		h.shown["disposition "+started.ID] = true
		h.recorded.Add(1)
	}
	return alive
}

// do reports whether the daemon did it, and whether it still answers.
func (h *hammer) do(method, path string, body, reply any) (done, alive bool) {
	var payload io.Reader
	if body != nil {
		j, _ := json.Marshal(body)
		payload = bytes.NewReader(j)
	}
	req, err := http.NewRequest(method, "http://"+h.address+"/api/v1/"+path, payload)
	if err != nil {
		return false, false
	}
	req.Header.Set("Authorization", "Bearer "+h.token)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := h.client.Do(req)
	if err != nil {
		return false, false
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return false, false
	}
	if resp.StatusCode >= 400 {
		return false, true
	}
	return reply == nil || json.Unmarshal(text, reply) == nil, true
}

// everythingArrives waits until the backlog is delivered and compares.
func (b *killedBooth) everythingArrives(t *testing.T, shown map[string]bool) {
	t.Helper()
	at := map[string]int{}
	wait(t, "every record at central", func() bool {
		var records []struct{ Kind, Check string }
		if !b.ask(&records, "records", "--limit", "100000") {
			return false
		}
		clear(at)
		for _, r := range records {
			// A check can have several late answers, and one that was being taken over when the
			// daemon was killed is taken over again.
			if r.Kind != string(capture.RecordLateAnswer) {
				at[r.Kind+" "+r.Check]++
			}
		}
		for record := range shown {
			if at[record] == 0 {
				return false
			}
		}
		return true
	})
	for record, times := range at {
		if times != 1 {
			t.Errorf("%s is at central %d times", record, times)
		}
	}
	var received struct{ Missing, Doubled, Refused int }
	if !b.ask(&received, "received") {
		t.Fatal("central does not say what it received")
	}
	if received.Missing != 0 || received.Doubled != 0 || received.Refused != 0 {
		t.Errorf("central counts %d missing, %d doubled, %d refused", received.Missing, received.Doubled, received.Refused)
	}
}

// endsWell stops the daemon as a service manager does, and has the journal proven.
func (b *killedBooth) endsWell(t *testing.T) {
	t.Helper()
	b.booth.Process.Signal(syscall.SIGTERM)
	if err := b.booth.Wait(); err != nil {
		t.Errorf("boothd asked to end: %v", err)
	}
	if lines := errorsIn(b.log.String()); len(lines) > 0 {
		t.Errorf("boothd logged %q", lines)
	}
	cmd := exec.Command(filepath.Join(programs, "boothctl"), "--config", filepath.Join(b.demo, "boothd.toml"), "outbox", "verify")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("outbox verify: %v\n%s", err, out)
	}
}

// ask asks central what it received.
func (b *killedBooth) ask(reply any, words ...string) bool {
	cmd := exec.Command(filepath.Join(programs, "boothsim"), append([]string{"ctl", "--dir", b.demo, "--json"}, words...)...)
	out, err := cmd.Output()
	return err == nil && json.Unmarshal(out, reply) == nil
}

// wait polls until ok.
func wait(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("waited in vain for %s", what)
}
