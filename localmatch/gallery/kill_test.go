//go:build unix

package gallery

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	childDir  = "BOOTHD_TEST_GALLERY"
	childSeed = "BOOTHD_TEST_SEED"
)

// killStories are the lists that the child updates, both at the same time.
func killStories() []*story { return []*story{{list: "sis", people: 400}, {list: "sltd", people: 60}} }

// TestChild is the process that is killed, by itself: it applies updates without end, and says
// which it begins and which it has done.
func TestChild(t *testing.T) {
	dir := os.Getenv(childDir)
	if dir == "" {
		t.Skip("runs only as the child of another test")
	}
	seed, err := strconv.ParseUint(os.Getenv(childSeed), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(seed, 1))
	deeds := r.IntN(6) // that are done before
	if deeds == 0 {
		killWithin(20*time.Millisecond, r)
	}
	g := openGallery(t, dir)
	var updating sync.WaitGroup
	for n, s := range killStories() {
		began := time.Now()
		updating.Go(func() {
			updateForEver(g, s, rand.New(rand.NewPCG(seed, uint64(2+n))), func(done int) {
				if n == 0 && done == deeds {
					killWithin(time.Since(began), r)
				}
				began = time.Now()
			})
		})
	}
	updating.Wait()
}

// killWithin kills the process soon. How long the deed before took is how long the next may take,
// so the moment falls into it on a fast machine as on a slow one.
func killWithin(most time.Duration, r *rand.Rand) {
	time.AfterFunc(time.Duration(r.Float64()*float64(most)), func() { syscall.Kill(os.Getpid(), syscall.SIGKILL) })
}

// updateForEver calls next before each deed, with the number of those that are done.
func updateForEver(g *Gallery, s *story, r *rand.Rand, next func(done int)) {
	ctx := context.Background()
	for done := 0; ; done++ {
		next(done)
		info, err := g.List(ctx, s.list)
		good := err == nil && !info.Erased && !info.Damaged
		if good && r.IntN(25) == 0 {
			fmt.Println("begin", s.list, 0)
			err = g.Erase(ctx, s.list)
			fmt.Println("done", s.list, 0, err)
			continue
		}
		u := s.update(info.Version+1, !good || r.IntN(15) == 0)
		fmt.Println("begin", s.list, u.Version)
		err = g.Apply(ctx, u)
		fmt.Println("done", s.list, u.Version, err)
	}
}

// progress is what is known of a list: its last version that was acknowledged, and what was
// under way. An erasure counts as 0.
type progress struct {
	done, begun uint64
	erased      bool
	part        bool // erased without the list being noted as such
}

func TestKilledAtAnyMomentEachListIsAtAVersionThatWasAppliedWhole(t *testing.T) {
	kills := steps(200)
	dir := t.TempDir()
	lists := map[string]*progress{}
	tally := map[string]int{}
	for turn := range kills {
		runChild(t, dir, turn, lists)
		afterKill(t, dir, turn%2 == 0, lists, tally)
	}
	t.Logf("%d kills: %v", kills, tally)
	if tally["good"] < kills || tally["left files behind"] == 0 {
		t.Errorf("%d kills: %v: they hardly ever met an update", kills, tally)
	}
}

// runChild runs a child until it is dead and notes what it said.
func runChild(t *testing.T, dir string, seed int, lists map[string]*progress) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(self, "-test.run=^TestChild$")
	child.Env = append(os.Environ(), childDir+"="+dir, childSeed+"="+fmt.Sprint(seed))
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	for _, s := range killStories() {
		if lists[s.list] == nil {
			lists[s.list] = &progress{}
		}
		lists[s.list].begun = lists[s.list].done
	}
	for in := bufio.NewScanner(out); in.Scan(); {
		var deed, list string
		var version uint64
		var fault string
		if n, _ := fmt.Sscan(in.Text(), &deed, &list, &version, &fault); n < 3 {
			continue // the testing package's own words
		}
		p := lists[list]
		switch {
		case deed == "begin":
			p.begun = version
		case fault != "<nil>":
			t.Fatal(in.Text())
		default:
			p.erased, p.part = version == 0, false
			if version != 0 {
				p.done = version
			}
			p.begun = p.done
		}
	}
	var exit *exec.ExitError
	if err := child.Wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("the child was not killed: %v", err)
	}
}

// afterKill proves that all is well, and takes note of the versions that are there. wait is
// whether it waits until all is merged.
func afterKill(t *testing.T, dir string, wait bool, lists map[string]*progress, tally map[string]int) {
	t.Helper()
	before := len(filesOf(t, dir))
	var part []string // lists erased in part
	g := openGallery(t, dir)
	defer g.Close()
	for _, s := range killStories() {
		p := lists[s.list]
		info, err := g.List(t.Context(), s.list)
		underway := p.begun != p.done
		erasing := underway && p.begun == 0
		switch {
		case errors.Is(err, ErrAbsent) && p.done == 0:
			tally["absent"]++
		case err != nil:
			t.Fatalf("list %s, %+v: %v", s.list, p, err)
		case info.Erased && (p.erased || erasing) && info.Version == p.done:
			tally["erased"]++
			p.erased, p.part = true, false
		case info.Damaged && (p.part || erasing) && info.Version == p.done:
			tally["erased in part"]++ // as good as erased
			p.erased, p.part = true, true
			part = append(part, s.list)
			g.work.Wait() // what carries the erasure on
			if keys, _ := filepath.Glob(filepath.Join(dir, "keys", s.list+".*")); len(keys) > 0 {
				t.Fatalf("keys left of a list whose erasure was begun: %v", keys)
			}
		case info.Erased || info.Damaged:
			t.Fatalf("list %s, %+v: %+v", s.list, p, info)
		case info.Version == p.done && !p.erased, underway && info.Version == p.begun:
			s.check(t, g, info.Version)
			tally["good"]++
			if underway && info.Version == p.begun {
				tally["in force, not acknowledged"]++
			}
			p.done, p.erased, p.part = info.Version, false, false
		default:
			t.Fatalf("list %s is at version %d, %+v", s.list, info.Version, p)
		}
	}
	if wait {
		g.work.Wait()
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	if len(filesOf(t, dir)) < before {
		tally["left files behind"]++
	}
	wantNoStrays(t, dir, part...)
}
