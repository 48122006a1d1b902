package trial

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"boothd/localmatch"
	"boothd/localmatch/gallery"
	"boothd/sync/watchlist"
)

const boothName = "booth-trial"

// booth receives the list.
type booth struct {
	dir     string
	roots   watchlist.Roots
	gallery *gallery.Gallery
	lists   *watched
	updates chan applied
	trouble chan error // the first
	halt    func()     // ends the subscriber; nil if there is none
}

// applied is an update that was applied.
type applied struct {
	watchlist.Applied
	begin, end time.Time // of applying it
}

func (a *applied) seconds() float64 { return seconds(a.end.Sub(a.begin)) }

// watched is the gallery as the subscriber sees it.
type watched struct {
	*gallery.Gallery
	failed     func(error)
	begin, end time.Time   // of the last update; the subscriber's
	damaged    atomic.Bool // has the subscriber receive the whole list again
}

func (w *watched) List(ctx context.Context, name string) (gallery.Info, error) {
	info, err := w.Gallery.List(ctx, name)
	info.Damaged = info.Damaged || w.damaged.Load()
	return info, err
}

func (w *watched) Apply(ctx context.Context, u gallery.Update) error {
	w.begin = time.Now()
	err := w.Gallery.Apply(ctx, u)
	w.end = time.Now()
	w.damaged.Store(false)
	if err != nil {
		w.failed(err)
	}
	return err
}

func newBooth(dir string, c *central) *booth {
	return &booth{dir: dir, roots: c.roots}
}

func (b *booth) open(ctx context.Context) (err error) {
	b.gallery, err = gallery.Open(ctx, filepath.Join(b.dir, "gallery.db"), filepath.Join(b.dir, "keys"), gallery.Options{})
	return err
}

// follow begins to receive the list.
func (b *booth) follow(w way) error {
	ctx, cancel := context.WithCancel(context.Background())
	b.updates, b.trouble = make(chan applied, 1), make(chan error, 1)
	b.lists = &watched{Gallery: b.gallery, failed: b.fail}
	o := watchlist.SubscriberOptions{
		Booth: boothName, Lists: []watchlist.Subscription{{List: localmatch.List{Name: listName, System: system}}}, Roots: b.roots,
		Gallery: b.lists, State: filepath.Join(b.dir, "lists"), Spool: filepath.Join(b.dir, "spool"), KeysDir: filepath.Join(b.dir, "keys"),
		Applied: func(a watchlist.Applied) {
			select {
			case b.updates <- applied{a, b.lists.begin, b.lists.end}:
			case <-ctx.Done():
			}
		},
		Refused: func(r watchlist.Refusal) { b.fail(fmt.Errorf("the booth refused version %d: %s", r.Version, r.Reason)) },
		Recheck: 50 * time.Millisecond,
	}
	w(&o)
	s, err := watchlist.NewSubscriber(o)
	if err != nil {
		cancel()
		return err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Run(ctx)
	}()
	b.halt = func() {
		cancel()
		<-done
	}
	return nil
}

// fail ends the trial.
func (b *booth) fail(err error) {
	select {
	case b.trouble <- err:
	default:
	}
}

// applied waits for the next update.
func (b *booth) applied(ctx context.Context) (applied, error) {
	select {
	case a := <-b.updates:
		return a, nil
	case err := <-b.trouble:
		return applied{}, err
	case <-ctx.Done():
		return applied{}, ctx.Err()
	}
}

// close ends the subscriber and closes the gallery.
func (b *booth) close() error {
	if b.halt != nil {
		b.halt()
	}
	g := b.gallery
	b.halt, b.lists, b.gallery = nil, nil, nil
	if g == nil {
		return nil
	}
	return g.Close()
}

// pollPause is how exactly is measured what tells of itself by being asked for only.
const pollPause = time.Millisecond

// poll asks until the answer is yes.
func poll(ctx context.Context, ask func() (bool, error)) error {
	tick := time.NewTicker(pollPause)
	defer tick.Stop()
	for {
		if done, err := ask(); done || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// waitVisible waits until a question for an entry's document finds it.
func (b *booth) waitVisible(ctx context.Context, e *gallery.Entry) error {
	return poll(ctx, func() (bool, error) {
		select {
		case err := <-b.trouble:
			return false, err
		default:
			return b.finds(ctx, e)
		}
	})
}

func (b *booth) finds(ctx context.Context, e *gallery.Entry) (bool, error) {
	found, err := b.gallery.Find(ctx, listName, gallery.Question{Document: e.Documents[0].Document()})
	for _, f := range found.Entries {
		if f.ID == e.ID {
			return true, nil
		}
	}
	return false, err
}

// patience is how long a booth may take to merge what it received.
const patience = 10 * time.Minute

// settled waits until the list has so many segments, with a cached index each.
func (b *booth) settled(ctx context.Context, segments int) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errors.New("the booth does not come to rest"))
	defer cancel()
	return poll(ctx, func() (bool, error) {
		records, err := b.files("*.records")
		indexes, _ := b.files("*.index") // the same pattern but for the ending
		return len(records) == segments && len(indexes) == segments, err
	})
}

func (b *booth) files(pattern string) ([]string, error) {
	return filepath.Glob(filepath.Join(b.dir, "segments", pattern))
}

// forgetIndexes removes the cached indexes.
func (b *booth) forgetIndexes() error {
	all, err := b.files("*.index")
	if err == nil && len(all) == 0 {
		err = errors.New("no indexes are cached")
	}
	for _, file := range all {
		err = errors.Join(err, os.Remove(file))
	}
	return err
}
