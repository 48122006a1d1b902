//go:build unix

package outbox

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"crypto/hpke"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

const (
	childPath = "BOOTHD_TEST_OUTBOX"
	childKey  = "BOOTHD_TEST_CENTRAL"
	childTurn = "BOOTHD_TEST_TURN"
)

// TestChild is the process that is killed: it records without end and prints the id of
// each record that was acknowledged.
func TestChild(t *testing.T) {
	path := os.Getenv(childPath)
	if path == "" {
		t.Skip("runs only as the child of another test")
	}
	key, err := hex.DecodeString(os.Getenv(childKey))
	if err != nil {
		t.Fatal(err)
	}
	pub, err := hpke.MLKEM768X25519().NewPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), path, Options{Booth: "b1", Central: pub, ReserveBytes: 1 << 20, Log: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	go s.Run(context.Background())
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := 0; ; i++ {
				r := record(i)
				r.ID = fmt.Sprintf("r%s-%d-%d", os.Getenv(childTurn), w, i)
				if s.Record(context.Background(), r) != nil {
					return
				}
				fmt.Println("kept", r.ID)
			}
		})
	}
	wg.Wait()
}

func TestKillingTheDaemonLosesNothingThatWasAcknowledged(t *testing.T) {
	c := newCentral(t)
	path := dbPath(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	kills := 20
	if testing.Short() {
		kills = 3
	}
	rng := rand.New(rand.NewPCG(5, 5))
	var kept []string
	for turn := range kills {
		child := exec.Command(self, "-test.run=^TestChild$")
		child.Env = append(os.Environ(), childPath+"="+path, childTurn+"="+fmt.Sprint(turn),
			childKey+"="+hex.EncodeToString(c.opening.PublicKey().Bytes()))
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		left := 1 + rng.IntN(60)
		for in := bufio.NewScanner(out); in.Scan(); {
			id, ok := strings.CutPrefix(in.Text(), "kept ")
			if !ok {
				continue
			}
			kept = append(kept, id)
			if left--; left == 0 {
				child.Process.Kill()
			}
		}
		child.Wait()
		if left > 0 {
			t.Fatal("the child ended by itself")
		}
	}
	s := open(t, path, c)
	verified(t, s, c)
	d := newSender(t, s, c, func(o *SenderOptions) { o.Keys = []ed25519.PublicKey{c.key()} })
	running(t, d.Run)
	await(t, s, "empty", empty)
	there := map[string]int{}
	for _, it := range c.committed {
		there[it.ID]++
	}
	for _, id := range kept {
		if there[id] != 1 {
			t.Errorf("record %s is at central %d times", id, there[id])
		}
	}
	if st := s.Stats(); st.SetAside != "" || st.Quarantined != 0 {
		t.Errorf("stats = %+v", st)
	}
	t.Logf("%d kills, %d records acknowledged, %d at central", kills, len(kept), len(there))
}
