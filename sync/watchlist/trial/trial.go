// Package trial measures lists of any size on the whole of their way: built and signed in
// central's folder, proved, unpacked and applied at a booth, changed, merged, and read again
// after a restart, while somebody asks.
//
// The entries are invented people (package localmatch/names/trial). The booth is a real
// subscriber with a real gallery. It finds central's folder as it would find a stick; urgent
// changes come over mosquitto if that is installed.
//
// # What the figures mean
//
// Seconds are of the clock on the wall, and cpu_s what this program used of all cores
// meanwhile: on a machine that has other things to do they differ. Memory is what came on top
// of what the program had when the step began. Files that were just written are read
// from the system's cache.
//
// Delays are those of one goroutine that asks one question after the other, half of them about
// people who are listed. It takes a core for itself, as no officer does. How much longer a
// question took is told against the median of that very question while nothing else happened.
package trial

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"time"

	"boothd/localmatch/names/trial"
)

// Options say what to measure.
type Options struct {
	Entries int    // of the list: 64 up to MaxEntries
	Changes int    // of a delta: 8 up to an eighth of the entries
	Seed    uint64 // of the people
	Dir     string // where files are written, some 1,000 bytes for an entry, and left; of no trial before
	// Questions is how many different ones are asked, at least 2.
	Questions int
	// Mosquitto is the broker's program; urgent changes come without a broker if left out.
	Mosquitto string
	// Profile, if it is not nil, is written a CPU profile of how the whole list is received.
	Profile io.Writer
}

// MaxEntries leaves some of a seed's people for those who come later.
const MaxEntries = trial.MaxPeople / 2

const minEntries, minChanges = 64, 8

// Validate says why a trial cannot be; nil if it can.
func (o *Options) Validate() error {
	switch {
	case o.Entries < minEntries || o.Entries > MaxEntries:
		return fmt.Errorf("lists have %d to %d entries here", minEntries, MaxEntries)
	case o.Changes < minChanges || o.Changes > o.Entries/8:
		return fmt.Errorf("changes must be %d up to an eighth of the entries", minChanges)
	case o.Questions < 2:
		return errors.New("at least two questions are needed")
	case o.Dir == "":
		return errors.New("no folder to work in")
	}
	return nil
}

// Machine is what the figures were measured on.
type Machine struct {
	Cores   int    `json:"cores"`
	Load    string `json:"load"` // of the last minute, five and fifteen minutes; of Linux only
	Entries int    `json:"entries"`
	Changes int    `json:"changes"`
	Seed    uint64 `json:"seed"`
}

// Step is one thing that was timed.
type Step struct {
	Step      string  `json:"step"`
	Entries   int     `json:"entries"` // or changes
	Seconds   float64 `json:"s"`
	PerSecond float64 `json:"per_s"`
	CPU       float64 `json:"cpu_s,omitempty"`
	// Fetched is the share of Seconds in which pieces were fetched and proved; Applied that in
	// which they were unpacked, their contents proved, and applied.
	Fetched float64 `json:"fetched_s,omitempty"`
	Applied float64 `json:"applied_s,omitempty"`
	// Longest is of several times of which Seconds is the median.
	Longest float64 `json:"longest_s,omitempty"`
	Via     string  `json:"via,omitempty"`
	Bytes   int64   `json:"bytes,omitempty"` // to fetch
	Memory  *Memory `json:"memory,omitempty"`
}

// Memory is what a step took on top of what there was, in bytes.
type Memory struct {
	Peak     int64 `json:"peak,omitempty"`     // resident, at most, during it; of Linux only
	Resident int64 `json:"resident,omitempty"` // after it; of Linux only
	Heap     int64 `json:"heap"`               // after it
}

// Delay is how long questions took while something happened, in milliseconds.
type Delay struct {
	During    string  `json:"during"`
	Questions int     `json:"questions"`
	P50       float64 `json:"p50_ms"`
	P99       float64 `json:"p99_ms"`
	Max       float64 `json:"max_ms"`
	// ExtraP99 and Extra are how much longer than the same question took else: in 99 of 100
	// cases at most, and the longest.
	ExtraP99 float64 `json:"extra_p99_ms"`
	Extra    float64 `json:"extra_ms"`
}

// Report is told what was measured, as it is. The first error ends the trial.
type Report struct {
	Step  func(Step) error
	Delay func(Delay) error
}

// Run measures, and reports the steps in the order in which they are listed here:
//
//   - invented: the people are made up and written to a file
//   - built and signed: central makes the list's first version of that
//   - received: a booth that has nothing gets it
//   - received again, asked meanwhile: a booth that has it takes it for damaged
//   - delta visible: from signing the next version until a question finds one of its new entries
//   - delta applied, asked meanwhile; deltas merged, asked meanwhile: with one more version
//   - ready after restart; ready without cached indexes
//   - urgent change made: signed, by central
//   - urgent change visible: from publishing it until a question finds it
//
// Delays are reported while nothing happens, and while the whole list and a delta are applied
// and deltas are merged.
func Run(ctx context.Context, o Options, r Report) (err error) {
	if err := o.Validate(); err != nil {
		return err
	}
	c, err := newCentral(&o)
	if err != nil {
		return err
	}
	b := newBooth(filepath.Join(o.Dir, "booth"), c)
	defer func() { err = errors.Join(err, b.close()) }()
	t := &run{Options: o, report: r, central: c, booth: b}
	for _, step := range []func(context.Context) error{
		t.publishWhole, t.receiveWhole, t.askWhile, t.receiveDelta, t.merge, t.restart, t.urgent,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Here returns the machine and its load.
func (o *Options) Here() Machine {
	load, _ := os.ReadFile("/proc/loadavg") // missing elsewhere
	fields := strings.Fields(string(load))
	return Machine{
		Cores: runtime.GOMAXPROCS(0), Load: strings.Join(fields[:min(3, len(fields))], " "),
		Entries: o.Entries, Changes: o.Changes, Seed: o.Seed,
	}
}

// run is a trial under way.
type run struct {
	Options
	report  Report
	central *central
	booth   *booth
	asker   *asker
}

// step reports a step that began at a time, in which n entries were dealt with.
func (t *run) step(s Step, n int, seconds float64) error {
	s.Entries, s.Seconds, s.PerSecond = n, seconds, float64(n)/seconds
	return t.report.Step(s)
}

// publishWhole builds and signs the first version.
func (t *run) publishWhole(ctx context.Context) error {
	began, used := time.Now(), cpuTime()
	if err := t.central.write(ctx, 1); err != nil {
		return err
	}
	if err := t.step(Step{Step: "invented", CPU: cpuSince(used)}, t.Entries, since(began)); err != nil {
		return err
	}
	began, used = time.Now(), cpuTime()
	m, err := t.central.build(1)
	if err == nil {
		err = t.central.sign()
	}
	if err != nil {
		return err
	}
	return t.step(Step{Step: "built and signed", CPU: cpuSince(used), Bytes: m.Snapshot.Packed}, t.Entries, since(began))
}

// receiveWhole has a booth that has nothing receive the whole list.
func (t *run) receiveWhole(ctx context.Context) error {
	if err := t.booth.open(ctx); err != nil {
		return err
	}
	if t.Profile != nil {
		if err := pprof.StartCPUProfile(t.Profile); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	before := measure()
	began, used := time.Now(), cpuTime()
	if err := t.booth.follow(t.central.stick()); err != nil {
		return err
	}
	a, err := t.booth.applied(ctx)
	if err != nil {
		return err
	}
	s := Step{Step: "received", CPU: cpuSince(used), Fetched: seconds(a.begin.Sub(began)), Applied: a.seconds(), Via: a.Source}
	peak := peakMemory()
	if t.Profile != nil {
		pprof.StopCPUProfile()
	}
	if err := t.booth.settled(ctx, 1); err != nil {
		return err
	}
	s.Memory = before.more(peak)
	return t.step(s, t.Entries, seconds(a.end.Sub(began)))
}

// askWhile asks while nothing happens, and while the whole list is received again.
func (t *run) askWhile(ctx context.Context) error {
	t.asker = newAsker(t.booth.gallery, t.central, t.Questions)
	quiet, err := t.asker.learn(ctx)
	if err == nil {
		err = t.report.Delay(t.asker.delay("nothing", quiet))
	}
	if err != nil {
		return err
	}
	asking := t.asker.begin(ctx)
	defer asking.end()
	began, used := time.Now(), cpuTime()
	t.booth.lists.damaged.Store(true)
	a, err := t.booth.applied(ctx)
	if err != nil {
		return err
	}
	s := Step{Step: "received again, asked meanwhile", CPU: cpuSince(used), Fetched: seconds(a.begin.Sub(began)), Applied: a.seconds(), Via: a.Source}
	took := seconds(a.end.Sub(began))
	asked, err := asking.end()
	if err == nil {
		err = t.step(s, t.Entries, took)
	}
	if err == nil {
		err = t.report.Delay(t.asker.delay("whole list applied", within(asked, a.begin, a.end)))
	}
	if err != nil {
		return err
	}
	return t.booth.settled(ctx, 1)
}

// receiveDelta publishes changes and asks for one of them until it is there.
func (t *run) receiveDelta(ctx context.Context) error {
	m, err := t.central.next(ctx, 2)
	if err != nil {
		return err
	}
	began, used := time.Now(), cpuTime()
	if err := t.central.sign(); err != nil {
		return err
	}
	if err := t.booth.waitVisible(ctx, t.central.newest); err != nil {
		return err
	}
	visible := since(began)
	a, err := t.booth.applied(ctx)
	if err != nil {
		return err
	}
	return t.step(Step{
		Step: "delta visible", CPU: cpuSince(used), Fetched: seconds(a.begin.Sub(began)), Applied: a.seconds(), Via: a.Source, Bytes: m.Delta.Packed,
	}, m.Delta.Lines, visible)
}

// merge publishes as many changes again, so that both are merged, and asks meanwhile.
func (t *run) merge(ctx context.Context) error {
	m, err := t.central.next(ctx, 3)
	if err != nil {
		return err
	}
	asking := t.asker.begin(ctx)
	defer asking.end()
	if err := t.central.sign(); err != nil {
		return err
	}
	a, err := t.booth.applied(ctx)
	if err != nil {
		return err
	}
	if err := t.booth.settled(ctx, 2); err != nil {
		return err
	}
	merged := time.Now()
	asked, err := asking.end()
	if err != nil {
		return err
	}
	return errors.Join(
		t.step(Step{Step: "delta applied, asked meanwhile"}, m.Delta.Lines, a.seconds()),
		t.report.Delay(t.asker.delay("delta applied", within(asked, a.begin, a.end))),
		t.step(Step{Step: "deltas merged, asked meanwhile"}, 2*m.Delta.Lines, seconds(merged.Sub(a.end))),
		t.report.Delay(t.asker.delay("deltas merged", within(asked, a.end, merged))),
	)
}

// restart opens the gallery again, with the cached indexes and without.
func (t *run) restart(ctx context.Context) error {
	for _, name := range []string{"ready after restart", "ready without cached indexes"} {
		if err := t.booth.close(); err != nil {
			return err
		}
		t.asker = nil // it holds the gallery
		before := measure()
		began, used := time.Now(), cpuTime()
		if err := t.booth.open(ctx); err != nil {
			return err
		}
		if err := t.booth.gallery.Wait(ctx); err != nil {
			return err
		}
		took, s := since(began), Step{Step: name, CPU: cpuSince(used)}
		s.Memory = before.more(peakMemory())
		if found, err := t.booth.finds(ctx, t.central.newest); err != nil || !found {
			return errors.Join(errors.New("after the restart the list lacks an entry"), err)
		}
		if err := t.step(s, t.Entries, took); err != nil {
			return err
		}
		if err := t.booth.forgetIndexes(); err != nil {
			return err
		}
	}
	return nil
}

// urgentChanges is how many urgent changes are timed.
const urgentChanges = 5

// urgent makes urgent changes, and asks for each from the moment at which it is published.
func (t *run) urgent(ctx context.Context) error {
	way, publish, stop, err := t.central.wayOfUrgent(ctx, t.Mosquitto)
	if err != nil {
		return err
	}
	defer stop()
	if err := t.booth.follow(way); err != nil {
		return err
	}
	var made, visible []time.Duration
	var via string
	for i := range 1 + urgentChanges {
		began := time.Now()
		if err := t.central.change(); err != nil {
			return err
		}
		published := time.Now()
		done := make(chan error, 1)
		go func() { done <- publish(ctx) }()
		err := t.booth.waitVisible(ctx, t.central.newest)
		seen := time.Since(published)
		if err = errors.Join(err, <-done); err != nil {
			return err
		}
		a, err := t.booth.applied(ctx)
		if err != nil {
			return err
		}
		via = a.Source
		if i > 0 { // the first time the booth still connects, and the broker gets all there is
			made, visible = append(made, published.Sub(began)), append(visible, seen)
		}
	}
	return errors.Join(t.several("urgent change made", made, ""), t.several("urgent change visible", visible, via))
}

func (t *run) several(name string, took []time.Duration, via string) error {
	slices.Sort(took)
	return t.step(Step{Step: name, Longest: seconds(took[len(took)-1]), Via: via}, 1, seconds(took[len(took)/2]))
}

func seconds(d time.Duration) float64 { return d.Seconds() }

func since(began time.Time) float64 { return time.Since(began).Seconds() }

func cpuSince(used time.Duration) float64 { return (cpuTime() - used).Seconds() }
