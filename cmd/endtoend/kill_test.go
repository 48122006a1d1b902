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
	"syscall"
	"testing"
	"time"
)

// kills is how often boothd is killed; -short does with fewer.
const kills = 200

// TestNothingAcknowledgedIsLostByKilling kills boothd at random moments while checks are
// made one after the other. Whatever the officer was shown as recorded must be at central
// in the end, exactly once.
func TestNothingAcknowledgedIsLostByKilling(t *testing.T) {
	rounds := kills
	if testing.Short() {
		rounds = 20
	}
	b := newKilledBooth(t)
	for range rounds {
		b.round(t)
	}
	t.Logf("%d kills, %d checks shown as recorded, %d dispositions", rounds, len(b.outcomes), len(b.dispositions))
	if len(b.outcomes) < rounds/4 {
		t.Fatalf("only %d checks were made: the test proves nothing", len(b.outcomes))
	}
	b.start(t)
	b.everythingArrives(t)
}

type killedBooth struct {
	demo, address, token string
	sim                  *exec.Cmd
	booth                *exec.Cmd
	log                  bytes.Buffer
	client               http.Client

	outcomes, dispositions map[string]bool // checks whose record the officer was shown
}

func newKilledBooth(t *testing.T) *killedBooth {
	t.Helper()
	address, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	b := &killedBooth{
		demo: filepath.Join(t.TempDir(), "demo"), address: address,
		client:   http.Client{Timeout: 10 * time.Second},
		outcomes: map[string]bool{}, dispositions: map[string]bool{},
	}
	b.sim = exec.Command(filepath.Join(programs, "boothsim"), "run", "--any-port", "--quiet", "--dir", b.demo, "--booth", address)
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
	token, err := os.ReadFile(filepath.Join(b.demo, "officer-1.token"))
	if err != nil {
		t.Fatal(err)
	}
	b.token = strings.TrimSpace(string(token))
	return b
}

func (b *killedBooth) start(t *testing.T) {
	t.Helper()
	b.booth = exec.Command(filepath.Join(programs, "boothd"), "run", "--config", filepath.Join(b.demo, "boothd.toml"))
	b.booth.Stderr = &b.log
	if err := b.booth.Start(); err != nil {
		t.Fatal(err)
	}
	wait(t, "boothd", func() bool {
		resp, err := b.client.Get("http://" + b.address + "/healthz")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}

// round lives one life of the daemon: checks are made until it is killed.
func (b *killedBooth) round(t *testing.T) {
	t.Helper()
	b.log.Reset()
	b.start(t)
	var killed sync.WaitGroup
	killed.Go(func() {
		time.Sleep(time.Duration(rand.IntN(200)) * time.Millisecond)
		b.booth.Process.Kill()
	})
	for b.check() {
	}
	killed.Wait()
	b.booth.Wait()
}

// check makes one check as far as it comes and reports whether the daemon still lives. What
// it notes was shown to the officer.
func (b *killedBooth) check() bool {
	var started struct{ ID string }
	if !b.do("POST", "checks", nil, &started) {
		return false
	}
	zone := map[string]any{"lines": []string{"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"}}
	if !b.do("POST", "checks/"+started.ID+"/zone", zone, nil) || !b.do("POST", "checks/"+started.ID+"/conclude", nil, nil) {
		return false
	}
	for {
		var view struct {
			Check struct {
				ID             string
				Recommendation *struct{ Outcome string }
			}
		}
		if !b.do("GET", "view", nil, &view) {
			return false
		}
		if view.Check.Recommendation != nil {
			break
		}
	}
	b.outcomes[started.ID] = true
	decided := map[string]any{"decision": "refer", "why": "expired document"}
	if !b.do("POST", "checks/"+started.ID+"/disposition", decided, nil) {
		return false
	}
	b.dispositions[started.ID] = true
	return true
}

func (b *killedBooth) do(method, path string, body, reply any) bool {
	var payload io.Reader
	if body != nil {
		j, _ := json.Marshal(body)
		payload = bytes.NewReader(j)
	}
	req, err := http.NewRequest(method, "http://"+b.address+"/api/v1/"+path, payload)
	if err != nil {
		return false
	}
	req.Header.Set("Authorization", "Bearer "+b.token)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := b.client.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 400 {
		return false
	}
	return reply == nil || json.NewDecoder(resp.Body).Decode(reply) == nil
}

// everythingArrives waits until the backlog is delivered and compares.
func (b *killedBooth) everythingArrives(t *testing.T) {
	t.Helper()
	at := map[string]int{}
	wait(t, "every record at central", func() bool {
		var records []struct{ Kind, Check string }
		if !b.ask(&records, "records", "--limit", "100000") {
			return false
		}
		clear(at)
		for _, r := range records {
			at[r.Kind+" "+r.Check]++
		}
		for id := range b.outcomes {
			if at["outcome "+id] == 0 {
				return false
			}
		}
		for id := range b.dispositions {
			if at["disposition "+id] == 0 {
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
