package watchlist

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"boothd/localmatch/gallery"
)

// watchedErase tells of each list before and after it is erased.
type watchedErase struct {
	*gallery.Gallery
	before, after func()
}

func (l watchedErase) Erase(ctx context.Context, name string) error {
	l.before()
	err := l.Gallery.Erase(ctx, name)
	l.after()
	return err
}

// TestAnOrderThatAPowerCutInterruptsIsGoneOnWith takes the disk of a booth as it is at
// moments of carrying out an order, and starts a booth with each. No order reaches that one.
func TestAnOrderThatAPowerCutInterruptsIsGoneOnWith(t *testing.T) {
	c := newCentral(t)
	c.build(people("A1"), false)
	s := serveFolder(t, c.dir)
	disks := map[string]string{}
	var x *booth
	take := func(when string) {
		if disks[when] == "" {
			disks[when] = t.TempDir()
			if err := os.CopyFS(disks[when], os.DirFS(x.dir)); err != nil {
				t.Error(err)
			}
		}
	}
	x = newBoothWith(t, c.trusted(), func(o *SubscriberOptions) {
		s.options(o)
		o.Gallery = watchedErase{o.Gallery.(*gallery.Gallery), func() { take("begun") }, func() { take("erased") }}
		tell := o.Ordered
		o.Ordered = func(c CarriedOut) error {
			err := tell(c)
			take("told of")
			return err
		}
	})
	x.waitVersion(1)
	c.order(wipe("lost-7", c.now, 24*time.Hour))
	until(t, "the order is remembered", func() bool { return len(x.sub.orders.of("sis")) == 1 })
	x.halt()
	disks["remembered"] = x.dir
	for when, toldAgain := range map[string]int{"begun": 1, "erased": 1, "told of": 1, "remembered": 0} {
		t.Run(when, func(t *testing.T) {
			y := &booth{t: t, dir: disks[when], roots: c.trusted(), now: x.now, options: func(o *SubscriberOptions) { o.Sticks = []string{"/nowhere"} }}
			t.Cleanup(y.halt)
			y.start()
			until(t, "the order is remembered", func() bool { return len(y.sub.orders.of("sis")) == 1 })
			if !y.erased() {
				t.Error("the list is not erased")
			}
			if told := y.carriedOut(); len(told) != toldAgain {
				t.Errorf("told %d times, want %d", len(told), toldAgain)
			}
			if done := y.sub.orders.of("sis")[0]; !slices.Equal(done.Lists, []string{"sis"}) {
				t.Errorf("erased %q", done.Lists)
			}
			y.restart()
			if _, barred := y.sub.orders.bars("sis"); !barred || len(y.carriedOut()) != toldAgain {
				t.Errorf("after another restart: barred %t, told %d times", barred, len(y.carriedOut()))
			}
		})
	}
}

func TestAnOrderThatCannotBeJournalledIsToldOfAgain(t *testing.T) {
	c := newCentral(t)
	c.build(people("A1"), false)
	s := serveFolder(t, c.dir)
	tries := make(chan CarriedOut, 100)
	x := newBoothWith(t, c.trusted(), func(o *SubscriberOptions) {
		s.options(o)
		tell := o.Ordered
		o.Ordered = func(c CarriedOut) error {
			if tries <- c; len(tries) < 3 {
				return errors.New("disk full")
			}
			return tell(c)
		}
	})
	x.waitVersion(1)
	c.order(wipe("lost-7", c.now, 24*time.Hour))
	until(t, "the order is told of", func() bool { return len(x.carriedOut()) == 1 })
	if len(tries) != 3 || !x.erased() {
		t.Errorf("tried %d times, erased %t", len(tries), x.erased())
	}
	for range 3 {
		if o := <-tries; !slices.Equal(o.Lists, []string{"sis"}) {
			t.Errorf("erased %q", o.Lists)
		}
	}
}

// stuckLists leave an update of more than one version under way, in the gallery itself, until
// it is interrupted.
type stuckLists struct {
	*gallery.Gallery
	underWay chan struct{}
}

func (l stuckLists) Apply(ctx context.Context, u gallery.Update) error {
	if u.Version == 1 {
		return l.Gallery.Apply(ctx, u)
	}
	lines := u.Lines
	u.Lines = func(yield func([]byte, error) bool) {
		for line, err := range lines {
			if !yield(line, err) {
				return
			}
			select {
			case l.underWay <- struct{}{}:
			default:
			}
			<-ctx.Done()
			yield(nil, ctx.Err())
			return
		}
	}
	return l.Gallery.Apply(ctx, u)
}

func TestAListIsErasedWhileTheGalleryAppliesIt(t *testing.T) {
	c := newCentral(t)
	c.build(people("A1"), false)
	s := serveFolder(t, c.dir)
	underWay := make(chan struct{}, 1)
	x := newBoothWith(t, c.trusted(), func(o *SubscriberOptions) {
		s.options(o)
		o.Gallery = stuckLists{o.Gallery.(*gallery.Gallery), underWay}
	})
	x.waitVersion(1)
	c.now = c.now.Add(time.Second)
	c.build(people("A1", "B2", "C3"), true)
	select {
	case <-underWay:
	case <-time.After(20 * time.Second):
		t.Fatal("the update did not begin")
	}
	c.order(wipe("lost-7", c.now, 24*time.Hour))
	until(t, "the order is carried out", func() bool { return len(x.carriedOut()) == 1 })
	if !x.erased() {
		t.Error("the list is not erased")
	}
	x.restart()
	if !x.erased() {
		t.Error("the list is there again after a restart")
	}
	if left, _ := filepath.Glob(filepath.Join(x.dir, "segments", "sis.*")); len(left) != 0 {
		t.Errorf("left on the disk: %q", fmt.Sprint(left))
	}
}
