package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"boothd/cmd/boothd/config"
	"boothd/localmatch/gallery"
	"boothd/sync/watchlist"
)

type listTake struct {
	Path string        `arg:"" type:"existingdir" help:"The folder of all lists, as on a stick."`
	Wait time.Duration `default:"10m" help:"How long to wait until the booth has them."`
}

// Run has the running daemon take lists from a folder: it looks there as at a stick. What it
// takes it proves as always.
func (t *listTake) Run(c *call) error {
	booth, err := c.booth()
	if err != nil {
		return err
	}
	want, err := t.targets(booth)
	if err != nil {
		return err
	}
	if err := os.Symlink(t.Path, booth.TakePath()); err != nil {
		return fmt.Errorf("show the folder to boothd: %w", err)
	}
	defer os.Remove(booth.TakePath())
	return t.follow(c, booth, want)
}

// targets are the versions in the folder that are meant for this booth.
func (t *listTake) targets(booth *config.Config) (map[string]uint64, error) {
	want := map[string]uint64{}
	for _, l := range booth.Lists {
		b, err := os.ReadFile(filepath.Join(t.Path, l.Name, "head.json"))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		head, err := watchlist.ParseHead(b)
		if err != nil {
			return nil, fmt.Errorf("head of list %s: %w", l.Name, err)
		}
		want[l.Name] = head.For(booth.Booth.Group).Version
	}
	if len(want) == 0 {
		return nil, fmt.Errorf("%s holds none of this booth's lists", t.Path)
	}
	return want, nil
}

// follow tells of each list when the booth has it.
func (t *listTake) follow(c *call, booth *config.Config, want map[string]uint64) error {
	keeper, err := booth.OpenKeys(c.ctx)
	if err != nil {
		return err
	}
	end := time.NewTimer(t.Wait)
	defer end.Stop()
	look := time.NewTicker(time.Second)
	defer look.Stop()
	for {
		lists, err := gallery.Inspect(c.ctx, booth.GalleryPath(), booth.KeysDir(), keeper)
		if err != nil {
			return err
		}
		for _, l := range lists {
			if v, ok := want[l.Name]; ok && l.Version >= v && !l.Erased && !l.Damaged {
				c.say("%s: version %d is at hand", l.Name, l.Version)
				delete(want, l.Name)
			}
		}
		if len(want) == 0 {
			return nil
		}
		select {
		case <-look.C:
		case <-end.C:
			return fmt.Errorf("%d lists were not taken within %s; the journal and the log of boothd say why", len(want), t.Wait)
		case <-c.ctx.Done():
			return c.ctx.Err()
		}
	}
}
