// Package discreet measures whether an officer without clearance could tell by time that a
// traveller is the subject of a discreet alert.
//
// A booth is set up in one process: a list in SQLite or a central search behind mutual TLS,
// the desk with its policy, the outbox that records, and the console whose event stream a
// listener without clearance reads over a real connection. Travellers pass one after the
// other. What is measured is what that officer could measure, from the moment at which the
// document was read to the arrival of an event:
//
//   - line: the view in which nothing is awaited any more;
//   - outcome: the view with the recommendation;
//   - gap: from the one to the other, for which nobody needs to know when the document was read.
//
// Travellers come in blocks of four, in an order that is drawn by lot: one whom nothing is
// held about, one with a discreet alert, and two controls that nothing is held about either.
// The control "same" shows what chance finds. The control "delayed" is read later by a known
// time and must be found, or else the study proves nothing.
//
// Several booths work side by side, for most of a check is waiting for a beat (see
// check.Beat). A listener reads beside them: what it does for an event does not depend on the
// arm, for the events are alike byte by byte but for their times.
//
// Each measure is compared with that of those whom nothing is held about, pair by pair (see
// twosample): the difference of the medians and of the 99th percentiles by permutation, and
// the whole distribution by Kolmogorov and Smirnov. An arm is told apart if one of its nine
// tests finds it at a ninth of [Alpha] (Bonferroni), so that where nothing is, something is found
// in at most one study of a hundred.
package discreet

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"time"

	"boothd/cmd/boothctl/discreet/twosample"
)

// Alpha is how often a study finds something where nothing is, at most.
const Alpha = 0.01

// Single is the level of a single test: an arm has three for each measure.
const Single = Alpha / (3 * float64(len(Measures)))

// Options say what to measure.
type Options struct {
	// Checks is how many are compared: half of them of travellers with a discreet alert.
	// The controls come on top and are as many again.
	Checks  int
	WarmUp  int           // blocks that are made before the first that counts
	Entries int           // of the list, at least WarmUp and half of Checks; all discreet
	Central bool          // central is asked instead of a list at the booth
	Beat    time.Duration // of the desk; check.Beat at booths
	Booths  int           // that work side by side; at least one
	Delay   time.Duration // of the control that must be found
	Rounds  int           // of permuting
	Seed    uint64        // of the lots that are drawn
	Dir     string        // an existing folder to work in; on a tmpfs the disk's noise is left out
}

// Arm is one kind of traveller.
type Arm int

// The arms.
const (
	Plain    Arm = iota // nothing is held about the traveller
	Discreet            // the traveller is the subject of a discreet alert
	Same                // control: as Plain
	Delayed             // control: as Plain, read later
	arms
)

func (a Arm) String() string { return [...]string{"plain", "discreet", "same", "delayed"}[a] }

// Measures names what is measured of each check, in order.
var Measures = [...]string{"line", "outcome", "gap"}

// Comparison is one measure of one arm beside that of Plain. Times are in µs.
type Comparison struct {
	Measure        string
	Arm            Arm
	Checks         int // in each of the two
	Median, P99    twosample.Difference
	PlainMedian    float64
	PlainP99       float64
	KS, KSCritical float64
	KSP            float64
	KSShift        float64 // the delay of every check that KS would find
	Found          bool    // by at least one of the three tests
}

// Least is the smallest p of the three tests.
func (c *Comparison) Least() float64 { return min(c.Median.P, c.P99.P, c.KSP) }

// Result is what a study found.
type Result struct {
	Comparisons []Comparison  // measure by measure, in the order of the arms
	Events      [arms]float64 // view events in a check, on average
	Took        time.Duration
}

// Tells reports whether the arm can be told from Plain by any measure.
func (r *Result) Tells(arm Arm) bool {
	for _, c := range r.Comparisons {
		if c.Arm == arm && c.Found {
			return true
		}
	}
	return false
}

// Run makes a study. The error may be that of ctx.
func Run(ctx context.Context, o Options) (r *Result, err error) {
	blocks := o.WarmUp + o.Checks/2
	if o.Checks < 2 || o.WarmUp < 0 || o.Entries < blocks || o.Rounds < 1 || o.Delay <= 0 || o.Booths < 1 {
		return nil, errors.New("a study needs two checks, an entry for every block, rounds, a delay and a booth")
	}
	dir, err := os.MkdirTemp(o.Dir, "boothd-discreet-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	start := time.Now()
	rng := rand.New(rand.NewPCG(o.Seed, 0))
	crowd := newCrowd(blocks, o.Entries, rng)
	source, err := openSource(ctx, o, filepath.Join(dir, "source"), crowd)
	if err != nil {
		return nil, fmt.Errorf("set up what is asked: %w", err)
	}
	defer func() { err = errors.Join(err, source.close()) }()
	m, err := measureAll(ctx, o, dir, source, crowd)
	if err != nil {
		return nil, err
	}
	r = m.compare(o.Rounds, rng)
	r.Took = time.Since(start)
	return r, nil
}

// measured holds the times of all checks in µs, block by block.
type measured struct {
	times  [len(Measures)][arms][]float64
	events [arms]int
}

// measureAll has the booths share the crowd.
func measureAll(ctx context.Context, o Options, dir string, s *source, c *crowd) (*measured, error) {
	all := make([]measured, o.Booths)
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	var wg sync.WaitGroup
	for i := range all {
		wg.Go(func() {
			if err := all[i].run(ctx, o, filepath.Join(dir, fmt.Sprint("booth-", i)), s, c, i); err != nil {
				fail(err)
			}
		})
	}
	wg.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	m := &measured{}
	for i := range all {
		for arm := range arms {
			m.events[arm] += all[i].events[arm]
			for k := range m.times {
				m.times[k][arm] = append(m.times[k][arm], all[i].times[k][arm]...)
			}
		}
	}
	return m, nil
}

// run has one booth check its share of the blocks: the one with the number first, and of those that
// follow every o.Booths-th.
func (m *measured) run(ctx context.Context, o Options, dir string, s *source, c *crowd, first int) (err error) {
	b, err := openBooth(ctx, dir, o.Beat, s)
	if err != nil {
		return fmt.Errorf("set up the booth: %w", err)
	}
	defer func() { err = errors.Join(err, b.close()) }()
	for n := first; n < len(c.blocks); n += o.Booths {
		all, err := b.block(ctx, c, n, o.Delay)
		if err != nil {
			return err
		}
		namesake := all[Plain].discreet || all[Same].discreet || all[Delayed].discreet
		switch {
		case !all[Discreet].discreet:
			return fmt.Errorf("block %d: the discreet alert was not found", n)
		case n < o.WarmUp || namesake:
			continue
		}
		for arm := range arms {
			m.note(arm, &all[arm])
		}
	}
	return nil
}

// block makes the checks of one block.
func (b *booth) block(ctx context.Context, c *crowd, n int, delay time.Duration) (all [arms]seen, err error) {
	for place, arm := range c.blocks[n] {
		late := time.Duration(0)
		if arm == Delayed {
			late = delay
		}
		if all[arm], err = b.check(ctx, c.lines(n, place), late); err != nil {
			return all, fmt.Errorf("check %d of block %d: %w", place, n, err)
		}
	}
	return all, nil
}

func (m *measured) note(arm Arm, s *seen) {
	m.events[arm] += s.events
	for i, t := range []time.Duration{s.line, s.outcome, s.outcome - s.line} {
		m.times[i][arm] = append(m.times[i][arm], float64(t.Nanoseconds())/1e3)
	}
}

func (m *measured) compare(rounds int, rng *rand.Rand) *Result {
	r := &Result{}
	n := len(m.times[0][Plain])
	for arm := range arms {
		r.Events[arm] = float64(m.events[arm]) / float64(n)
	}
	for i, name := range Measures {
		for arm := Discreet; arm < arms; arm++ {
			c := compare(m.times[i][Plain], m.times[i][arm], rounds, rng)
			c.Measure, c.Arm = name, arm
			r.Comparisons = append(r.Comparisons, c)
		}
	}
	return r
}

func compare(plain, other []float64, rounds int, rng *rand.Rand) Comparison {
	n := len(plain)
	c := Comparison{
		Checks:      n,
		PlainMedian: twosample.Quantile(plain, 0.5),
		PlainP99:    twosample.Quantile(plain, 0.99),
		Median:      twosample.Permute(plain, other, 0.5, Alpha, rounds, rng),
		P99:         twosample.Permute(plain, other, 0.99, Alpha, rounds, rng),
		KS:          twosample.KS(plain, other),
		KSCritical:  twosample.KSCritical(Alpha, n, n),
		KSShift:     twosample.KSShift(plain, Alpha),
	}
	c.KSP = twosample.KSP(c.KS, n, n)
	c.Found = c.Least() < Single
	return c
}
