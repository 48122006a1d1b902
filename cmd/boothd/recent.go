package main

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"boothd/capture/check"
	"boothd/internal/sqlite"
	"boothd/localmatch"
	"boothd/localmatch/gallery"
	"boothd/localmatch/recent"
	"boothd/sync/watchlist"
)

// recentApplication marks the file of the recent checks.
const recentApplication = 0x424f5243

// openRecent opens the memory of the last hours' checks. A file that is damaged is begun
// anew: what it held would have been erased within three days anyway.
func (b *booth) openRecent(ctx context.Context) error {
	secret, err := b.atRest.Secret(filepath.Join(b.config.KeysDir(), "recent.key"), recent.MinSecret)
	if err != nil {
		return err
	}
	path := b.config.RecentPath()
	schema := sqlite.Schema{ApplicationID: recentApplication, Migrations: []string{recent.Schema, recent.SchemaLists, recent.SchemaAsked}, Scrub: true}
	db, err := sqlite.Open(ctx, path, schema)
	if err != nil && sqlite.IsUnusable(err) {
		b.log.Error("the memory of recent checks is damaged and begins anew", "err", err)
		for _, end := range []string{"", "-wal", "-shm"} {
			os.Remove(path + end)
		}
		db, err = sqlite.Open(ctx, path, schema)
	}
	if err != nil {
		return err
	}
	b.closers = append(b.closers, func() { db.Close() })
	store, err := recent.New(db, secret, time.Now)
	if err != nil {
		return err
	}
	b.keeper = recent.NewKeeper(b.store, store, b.log)
	b.watch = recent.NewWatch(recent.Watch{
		Lists: b.gallery, Matcher: localmatch.New(b.gallery, localmatch.Options{Log: b.log}), Names: b.peopleLists(),
		Store: store, Found: b.foundLater, Log: b.log,
	})
	b.keeper.Remembered = b.watch.Remembered
	return nil
}

// watchedLists are the gallery's lists, whose updates tell whom of the last hours they name.
type watchedLists struct {
	*gallery.Gallery
	watch *recent.Watch
}

var _ watchlist.Lists = watchedLists{}

// Apply applies the update and looks whom it names.
func (w watchedLists) Apply(ctx context.Context, u gallery.Update) error {
	return w.watch.Apply(ctx, u)
}

// foundLater shows that a list update names somebody who was checked before. After an error it
// is called again.
func (b *booth) foundLater(f recent.Found) error {
	ctx, cancel := context.WithTimeout(context.Background(), foundTimeout)
	defer cancel()
	notice := check.Notice{
		Check: f.Check, Cause: check.CauseListUpdate, At: time.Now(), Checked: f.At, Answer: b.profiles.minimise(f.Profile, f.Answer),
	}
	return b.desk.Alert(ctx, notice)
}

const foundTimeout = 30 * time.Second
