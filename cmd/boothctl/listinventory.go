package main

import (
	"errors"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"boothd/internal/keys"
	"boothd/sync/watchlist"
)

type listInventory struct {
	Root         []string `type:"existingfile" help:"The public root keys, each once, by which the heads are judged."`
	Threshold    int      `default:"2" help:"How many of them must have signed."`
	Broker       string   `help:"ssl://host:8883 or tcp://host:1883, where booths tell what they hold."`
	BrokerCA     string   `type:"existingfile" help:"The broker's authority."`
	BrokerCert   string   `type:"existingfile" help:"Our certificate."`
	BrokerKey    string   `type:"existingfile" help:"Its key."`
	Username     string   `help:"Our name's account at the broker."`
	PasswordFile string   `type:"existingfile" help:"The file of the password; else it is taken from the environment variable BOOTHCTL_MQTT_PASSWORD."`
	ClientID     string   `default:"boothctl-inventory" help:"Our name at the broker."`
	List         string   `help:"This list only."`
	Key          string   `type:"existingfile" help:"The secret key that signs the inventory."`
	Verify       string   `type:"existingfile" help:"Do not ask: verify this inventory and print it."`
	Signer       []string `type:"existingfile" help:"Public keys of which one must have signed, with --verify."`
	JSON         bool     `help:"Print JSON, with --verify."`
}

// Run prints the signed inventory of technical copies, or verifies one.
func (i *listInventory) Run(c *call) error {
	if i.Verify != "" {
		return i.verify(c)
	}
	if i.Key == "" {
		return errors.New("no key to sign with: --key says which")
	}
	key, err := keys.ReadSigning(i.Key)
	if err != nil {
		return err
	}
	broker := brokerFlags{
		Broker: i.Broker, CA: i.BrokerCA, Cert: i.BrokerCert, Key: i.BrokerKey,
		Username: i.Username, PasswordFile: i.PasswordFile, ClientID: i.ClientID,
	}
	all, err := askFleet(c, &broker, &rootFlags{i.Root, i.Threshold}, i.List)
	if err != nil {
		return err
	}
	return watchlist.WriteInventory(c.out, watchlist.Copies(all), time.Now(), key)
}

func (i *listInventory) verify(c *call) error {
	trusted, err := keys.ReadVerifyingAll(i.Signer)
	if err != nil {
		return err
	}
	f, err := os.Open(i.Verify)
	if err != nil {
		return err
	}
	defer f.Close()
	inventory, err := watchlist.ReadInventory(f, trusted)
	if err != nil {
		return fmt.Errorf("verify %s: %w", i.Verify, err)
	}
	if i.JSON {
		return c.json(inventory)
	}
	c.say("%d technical copies at %s", inventory.Total, inventory.At.Format(time.RFC3339))
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "BOOTH\tSYSTEM\tLIST\tVERSION\tENTRIES\tDRAWN\tSINCE\tUNTIL\tPROOF")
	for _, t := range inventory.Copies {
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%s\t%s\t%s\t%s\n", t.Booth, t.System, t.List, t.Version, t.Entries,
			t.Drawn.Format(time.RFC3339), t.Since.Format(time.RFC3339), t.Until.Format(time.RFC3339), t.Proof)
	}
	return w.Flush()
}
