package main

import (
	"crypto/rand"
	"strings"
	"time"

	"boothd/internal/keys"
	"boothd/sync/watchlist"
)

type listOrder struct {
	Dir   string `required:"" type:"path" help:"The folder of all lists."`
	Key   string `required:"" type:"existingfile" help:"The secret key of whoever may give orders."`
	Booth string `xor:"whom" required:"" help:"The booth's id; * for all booths."`
	Group string `xor:"whom" required:"" help:"A group of booths."`
	List  string `required:"" help:"The list's name; * for all lists."`
	Deed  string `arg:"" enum:"erase" help:"What the booth is to do: erase."`
	Days  int    `default:"365" help:"How long the order counts for a booth that is away."`
}

// Run signs the order and puts it into the lists' folder, from where "list publish" takes it
// to the broker.
func (o *listOrder) Run(c *call) error {
	key, err := keys.ReadSigning(o.Key)
	if err != nil {
		return err
	}
	now := time.Now().UTC().Truncate(time.Second)
	b, err := watchlist.SignOrder(watchlist.Order{
		ID: strings.ToLower(rand.Text()), Booth: o.Booth, Group: o.Group, List: o.List, Deed: o.Deed,
		Issued: now, Expires: now.Add(time.Duration(o.Days) * day),
	}, key)
	if err != nil {
		return err
	}
	signed, err := watchlist.AddOrder(o.Dir, b, now)
	if err != nil {
		return err
	}
	c.say("order %s: %s, expires %s; not published yet", signed.ID, signed.Deed, signed.Expires.Format(time.RFC3339))
	return nil
}
