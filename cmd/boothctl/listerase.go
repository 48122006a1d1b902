package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"boothd/capture/audit"
	"boothd/cmd/boothd/config"
	"boothd/cmd/boothd/statelock"
	"boothd/internal/keys/rest"
	"boothd/localmatch/gallery"
	"boothd/sync/outbox"
	"boothd/sync/watchlist"
)

type listErase struct {
	List string `arg:"" help:"The list's name."`
}

// Run erases a list of this booth by removing its key, then what was fetched of its next
// version. The daemon must not run: it has the key in memory.
func (e *listErase) Run(c *call) error {
	booth, err := c.booth()
	if err != nil {
		return err
	}
	if _, err := os.Stat(booth.GalleryPath()); err != nil {
		return fmt.Errorf("look for the booth's lists: %w", err)
	}
	lock, err := statelock.Take(booth.LockPath())
	if err != nil {
		return fmt.Errorf("boothd has the lists open: stop it first (systemctl stop boothd): %w", err)
	}
	defer lock.Close()
	erased, err := e.erase(c.ctx, booth)
	if err != nil {
		return err
	}
	c.say("%s version %d is erased: its key is gone, and with it %d entries", e.List, erased.Version, erased.Entries)
	// The deed is done; from here on it is told, whatever fails.
	err = errors.Join(eraseSpool(booth, e.List), journalErasure(c, booth, erased))
	if err == nil {
		c.say("what was fetched of its next version is erased too; the erasure is in the journal")
	}
	c.say("alerts that name an entry stay until an officer dismisses them")
	for _, l := range booth.Lists {
		if l.Name == e.List {
			c.say("boothd.toml names the list: when boothd starts, it comes again from central. Take it out to keep it away")
		}
	}
	return err
}

// erase has the gallery erase the list and tells what it was.
func (e *listErase) erase(ctx context.Context, booth *config.Config) (gallery.Info, error) {
	info := gallery.Info{Name: e.List}
	k, err := rest.Open(ctx, booth.KeysAtRest(nil))
	if err != nil {
		return info, err
	}
	g, err := gallery.Open(ctx, booth.GalleryPath(), booth.KeysDir(), gallery.Options{Keys: k})
	if err != nil {
		return info, err
	}
	all, err := g.Lists(ctx)
	for _, i := range all {
		if i.Name == e.List {
			info = i
		}
	}
	if err == nil {
		err = g.Erase(ctx, e.List)
	}
	return info, errors.Join(err, g.Close())
}

// eraseSpool erases what was fetched of an update that is not whole yet.
func eraseSpool(booth *config.Config, list string) error {
	var plain *rest.Keeper // erasing is the same for wrapped keys
	return watchlist.EraseSpool(booth.SpoolDir(), booth.KeysDir(), list, plain)
}

func journalErasure(c *call, booth *config.Config, erased gallery.Info) error {
	entry := audit.Entry{Kind: audit.KindListErased, At: time.Now(), Booth: booth.Booth.ID, Officer: whoami(), Detail: map[string]string{
		"list": erased.Name, "version": strconv.FormatUint(erased.Version, 10),
	}}
	if err := outbox.Journal(context.WithoutCancel(c.ctx), booth.OutboxPath(), entry); err != nil {
		return fmt.Errorf("the list is erased, but that is not in the journal: %w", err)
	}
	return nil
}
