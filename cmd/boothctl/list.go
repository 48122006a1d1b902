package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"boothd/cmd/boothd/config"
	"boothd/internal/keys"
	"boothd/localmatch/gallery"
	"boothd/sync/watchlist"
)

type listCommand struct {
	Import  listImport  `cmd:"" help:"Turn a file of published sanctions (JSON Lines) into entries, on standard output."`
	Build   listBuild   `cmd:"" help:"Build the next version of a list from all its entries."`
	Sign    listSign    `cmd:"" help:"Sign the newest version of a list."`
	Publish listPublish `cmd:"" help:"Publish the signed versions of a list over MQTT."`
	Inspect listInspect `cmd:"" help:"Tell of the versions in a folder, or of the lists on this booth."`
	Verify  listVerify  `cmd:"" help:"Prove a folder as a booth would: signatures, chain, contents."`
}

type listImport struct {
	File     string `arg:"" type:"existingfile" help:"Fields src, id, name, aliases, orig, weak, dob, nat, passport, gender."`
	Category string `help:"The alert's category, of every entry."`
	Action   string `help:"The action to take, of every entry."`
	Weak     bool   `help:"Take aliases of little worth too."`
}

func (i *listImport) Run(c *call) error {
	f, err := os.Open(i.File)
	if err != nil {
		return err
	}
	defer f.Close()
	n, err := watchlist.Import(watchlist.ImportOptions{In: f, Out: c.out, Category: i.Category, Action: i.Action, Weak: i.Weak})
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stderr).Encode(n)
}

type listBuild struct {
	Dir      string        `required:"" type:"path" help:"The folder of all lists."`
	List     string        `required:"" help:"The list's name."`
	System   string        `required:"" help:"Whose data it is: SIS, SLTD, …"`
	Entries  string        `arg:"" type:"existingfile" help:"JSON Lines, the whole list."`
	Lease    time.Duration `default:"48h" help:"How long booths may use this version."`
	SoftAge  time.Duration `default:"24h" help:"From which age on booths call it old."`
	Snapshot bool          `help:"Build a snapshot also where a delta would do."`
}

func (b *listBuild) Run(c *call) error {
	f, err := os.Open(b.Entries)
	if err != nil {
		return err
	}
	defer f.Close()
	m, err := watchlist.Build(watchlist.BuildOptions{
		Dir: b.Dir, List: b.List, System: b.System, Entries: f, Now: time.Now(),
		Lease: b.Lease, SoftAge: b.SoftAge, Snapshot: b.Snapshot,
	})
	if err != nil {
		return err
	}
	c.say("%s version %d: %d entries, issued %s, expires %s; not signed yet", m.List, m.Version, m.Entries,
		m.Issued.Format(time.RFC3339), m.Expires.Format(time.RFC3339))
	return nil
}

type listSign struct {
	Dir     string `required:"" type:"path" help:"The folder of all lists."`
	List    string `required:"" help:"The list's name."`
	Key     string `required:"" type:"existingfile" help:"The secret signing key."`
	Version uint64 `help:"The version; the newest if left out."`
}

func (s *listSign) Run(c *call) error {
	key, err := keys.ReadSigning(s.Key)
	if err != nil {
		return err
	}
	signed, err := watchlist.Sign(watchlist.SignOptions{Dir: s.Dir, List: s.List, Version: s.Version, Key: key})
	if err != nil {
		return err
	}
	c.say("%s version %d signed: %s", signed.List, signed.Version, signed.Hash)
	return nil
}

type listPublish struct {
	Dir      string `required:"" type:"path" help:"The folder of all lists."`
	List     string `required:"" help:"The list's name."`
	Broker   string `required:"" help:"ssl://host:8883 or tcp://host:1883."`
	CA       string `type:"existingfile" help:"The broker's authority."`
	Cert     string `type:"existingfile" help:"Our certificate."`
	Key      string `type:"existingfile" help:"Its key."`
	Username string

	PasswordFile string `type:"existingfile" help:"The file of the password; else it is taken from the environment variable BOOTHCTL_MQTT_PASSWORD."`

	ClientID string `default:"boothctl-publish" help:"Our name at the broker."`
}

func (p *listPublish) Run(c *call) error {
	password, err := p.password()
	if err != nil {
		return err
	}
	broker := watchlist.Broker{URL: p.Broker, ClientID: p.ClientID, Username: p.Username, Password: password}
	if p.CA != "" || p.Cert != "" {
		broker.TLS, err = config.MQTT{CA: p.CA, Cert: p.Cert, Key: p.Key}.TLS()
		if err != nil {
			return err
		}
	}
	done, err := watchlist.Publish(c.ctx, watchlist.PublishOptions{Dir: p.Dir, List: p.List, Broker: broker})
	if err != nil {
		return err
	}
	c.say("%s version %d published: %d messages, %d bytes, %d old ones cleared", p.List, done.Version, done.Sent, done.Bytes, done.Cleared)
	return nil
}

// password is never an argument: those are in the list of processes.
func (p *listPublish) password() (string, error) {
	if p.PasswordFile == "" {
		return os.Getenv("BOOTHCTL_MQTT_PASSWORD"), nil
	}
	b, err := os.ReadFile(p.PasswordFile)
	return strings.TrimSpace(string(b)), err
}

type listInspect struct {
	Dir  string `type:"path" help:"The folder of all lists; the booth's own lists if left out."`
	List string `help:"The list's name; needed with --dir."`
	JSON bool   `help:"Print JSON."`
}

func (i *listInspect) Run(c *call) error {
	if i.Dir == "" {
		return i.booth(c)
	}
	versions, err := watchlist.Inspect(i.Dir, i.List)
	if err != nil {
		return err
	}
	if i.JSON {
		return c.json(versions)
	}
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "VERSION\tSIGNED\tENTRIES\tCHANGES\tDELTA\tSNAPSHOT\tISSUED\tEXPIRES")
	for _, v := range versions {
		fmt.Fprintf(w, "%d\t%t\t%d\t%d\t%d\t%d\t%s\t%s\n", v.Version, v.Signed, v.Entries, v.Changes, v.Delta, v.Snapshot,
			v.Issued.Format(time.RFC3339), v.Expires.Format(time.RFC3339))
	}
	return w.Flush()
}

// booth tells of the lists on this booth.
func (i *listInspect) booth(c *call) error {
	booth, err := c.booth()
	if err != nil {
		return err
	}
	lists, err := gallery.Inspect(c.ctx, booth.GalleryPath(), booth.KeysDir())
	if err != nil {
		return err
	}
	if i.JSON {
		return c.json(lists)
	}
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "LIST\tSYSTEM\tVERSION\tENTRIES\tISSUED\tEXPIRES\tNOTE")
	for _, l := range lists {
		note := ""
		switch {
		case l.Erased:
			note = "erased"
		case l.Damaged:
			note = "damaged"
		case time.Now().After(l.Expires):
			note = "expired"
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%s\t%s\t%s\n", l.Name, l.System, l.Version, l.Entries,
			l.Issued.Format(time.RFC3339), l.Expires.Format(time.RFC3339), note)
	}
	return w.Flush()
}

type listVerify struct {
	Dir  string   `required:"" type:"path" help:"The folder of all lists."`
	List string   `required:"" help:"The list's name."`
	Key  []string `required:"" type:"existingfile" help:"Public keys of which one must have signed each version."`
}

func (v *listVerify) Run(c *call) error {
	trusted, err := keys.ReadVerifyingAll(v.Key)
	if err != nil {
		return err
	}
	newest, err := watchlist.Verify(watchlist.VerifyOptions{Dir: v.Dir, List: v.List, Keys: trusted})
	if err != nil {
		return err
	}
	c.say("%s is whole up to version %d: %d entries, expires %s", v.List, newest.Version, newest.Entries, newest.Expires.Format(time.RFC3339))
	return nil
}
