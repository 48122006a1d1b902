package recent

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"boothd/capture"
	"boothd/capture/check"
	"boothd/localmatch"
)

// Keeper is a check.Recorder that also remembers each check once its outcome is recorded.
type Keeper struct {
	check.Recorder
	// Remembered is called once a check is remembered; nil if nobody wants to know.
	Remembered func()
	store      *Store
	log        *slog.Logger
	queue      chan *capture.Record
}

// waiting is how many checks may wait to be remembered. An officer needs a minute for one.
const waiting = 64

// NewKeeper returns a Keeper. Its Run must be running.
func NewKeeper(r check.Recorder, s *Store, log *slog.Logger) *Keeper {
	return &Keeper{Recorder: r, store: s, log: log, queue: make(chan *capture.Record, waiting)}
}

// Record records. Remembering is done by Run, for it takes longer and must not hold an
// outcome up.
func (k *Keeper) Record(ctx context.Context, r *capture.Record) error {
	if err := k.Recorder.Record(ctx, r); err != nil {
		return err
	}
	if r.Kind == capture.RecordOutcome {
		select {
		case k.queue <- r:
		default:
			k.log.Error("check not remembered: too many wait", "check", r.Check)
		}
	}
	return nil
}

// eraseEvery is how often old checks are erased.
const eraseEvery = 10 * time.Minute

// Run remembers and erases until ctx ends, and then remembers what still waits.
func (k *Keeper) Run(ctx context.Context) error {
	tick := time.NewTicker(eraseEvery)
	defer tick.Stop()
	for {
		if _, err := k.store.Erase(ctx); err != nil && ctx.Err() == nil {
			k.log.Error("old checks not erased", "err", err)
		}
		for more := true; more; {
			select {
			case r := <-k.queue:
				k.remember(ctx, r)
			case <-tick.C:
				more = false
			case <-ctx.Done():
				k.drain(ctx)
				return nil
			}
		}
	}
}

// drain remembers the checks that wait.
func (k *Keeper) drain(ctx context.Context) {
	for {
		select {
		case r := <-k.queue:
			k.remember(ctx, r)
		default:
			return
		}
	}
}

func (k *Keeper) remember(ctx context.Context, r *capture.Record) {
	ctx = context.WithoutCancel(ctx)
	if err := k.store.Add(ctx, CheckOf(r)); err != nil {
		k.log.Error("check not remembered", "check", r.Check, "err", err)
		return
	}
	if k.Remembered != nil {
		k.Remembered()
	}
}

// CheckOf is what is remembered of a check whose outcome a record tells.
func CheckOf(r *capture.Record) Check {
	c := Check{ID: r.Check, Booth: r.Booth, Profile: r.Officer.Profile.Name, At: r.At, Systems: r.Officer.Profile.Systems}
	poor := map[string]bool{} // evidence that nobody can be asked about
	for _, e := range r.Evidence {
		switch {
		case e.Document != nil:
			c.Zones = append(c.Zones, e.Document.Zone)
		case e.Finger != nil && len(e.Finger.PNG) > 0:
			if t := template(e.Finger); t != nil {
				c.Prints = append(c.Prints, Print{e.Finger.Position, t})
			} else {
				poor[e.ID] = true
			}
		}
	}
	for _, a := range r.Answers {
		for _, f := range a.Findings {
			c.Seen = append(c.Seen, seen(a.System, f.Entry, f.State))
		}
		if len(a.Findings) == 0 && (a.State == capture.StateHit || a.State == capture.StatePossible) {
			c.Seen = append(c.Seen, seen(a.System, "", a.State))
		}
	}
	answers := slices.DeleteFunc(slices.Clone(r.Answers), func(a capture.Answer) bool { return a.Source != "local" || poor[a.Evidence] })
	c.Asked = asked(answers)
	return c
}

// asked returns the lists that answered each time without being unavailable, with the earliest
// version that did.
func asked(answers []capture.Answer) map[string]uint64 {
	all := map[string]uint64{}
	for _, a := range answers {
		if before, known := all[a.List]; a.List != "" && (!known || a.Version < before) {
			all[a.List] = a.Version
		}
	}
	for _, a := range answers {
		switch {
		case a.Silence: // it does not say of which of the system's lists
			for _, other := range answers {
				if other.System == a.System {
					delete(all, other.List)
				}
			}
		case !answered(a):
			delete(all, a.List)
		}
	}
	return all
}

// answered reports whether the answer tells all that the source held. Of findings that the
// officer's profile does not return it does not say what the source would have said besides.
func answered(a capture.Answer) bool {
	switch {
	case a.Rest != nil:
		return a.Rest.State != capture.StateUnavailable
	case len(a.Findings) == 0:
		return a.State == capture.StateNoHit || a.State == capture.StateStale
	}
	return true
}

// template reads a finger's picture; nil if it shows too little.
func template(f *capture.Finger) []byte {
	t, err := localmatch.ReadPrint(f)
	if err != nil {
		return nil
	}
	data, err := t.AppendBinary(nil)
	if err != nil {
		return nil
	}
	return data
}
