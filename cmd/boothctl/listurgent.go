package main

import (
	"errors"
	"os"
	"time"

	"boothd/internal/keys"
	"boothd/sync/watchlist"
)

type listUrgent struct {
	Dir    string              `required:"" type:"path" help:"The folder of all lists."`
	List   string              `required:"" help:"The list's name."`
	Key    string              `required:"" type:"existingfile" help:"The secret signing key."`
	Add    string              `type:"existingfile" help:"JSON Lines: the new or changed entries alone."`
	Revoke []string            `help:"The ids of entries that are to go."`
	Group  []string            `default:"*" help:"The groups of booths that are to have it; * for all that no other version is named for."`
	MQTT   brokerFlags         `embed:"" prefix:"mqtt-"`
	Chunks watchlist.ChunkMode `name:"mqtt-chunks" enum:"small,always,never" default:"small" help:"Which contents the broker carries: small (deltas), always (snapshots too), never."`
}

// Run changes a few entries of the last version. They must also be in the file that the next
// version is built of, or that version takes them back.
func (u *listUrgent) Run(c *call) error {
	if u.Add == "" && len(u.Revoke) == 0 {
		return errors.New("nothing to do without --add or --revoke")
	}
	key, err := keys.ReadSigning(u.Key)
	if err != nil {
		return err
	}
	o := watchlist.UrgentOptions{Dir: u.Dir, List: u.List, Revoke: u.Revoke, Key: key, Now: time.Now(), Groups: u.Group}
	if u.Add != "" {
		f, err := os.Open(u.Add)
		if err != nil {
			return err
		}
		defer f.Close()
		o.Add = f
	}
	head, err := watchlist.Urgent(o)
	if err != nil {
		return err
	}
	sayHead(c, head)
	if u.MQTT.Broker == "" {
		return nil
	}
	return u.MQTT.publish(c, watchlist.PublishOptions{Dir: u.Dir, List: u.List, Chunks: u.Chunks})
}
