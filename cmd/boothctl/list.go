package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"boothd/internal/keys"
	"boothd/localmatch/gallery"
	"boothd/localmatch/trust"
	"boothd/sync/watchlist"
)

type listCommand struct {
	Generate listGenerate  `cmd:"" help:"Invent people as entries of a list, on standard output."`
	Import   listImport    `cmd:"" help:"Turn a file of published sanctions or of certificates (JSON Lines) into entries, on standard output."`
	Build    listBuild     `cmd:"" help:"Build the next version of a list from all its entries."`
	Sign     listSign      `cmd:"" help:"Sign the newest version of a list, for all booths or for groups."`
	Rollout  listRollout   `cmd:"" help:"Have groups of booths, or all, take a version that is signed."`
	Urgent   listUrgent    `cmd:"" help:"Add or revoke a few entries at once: build, sign and publish."`
	Publish  listPublish   `cmd:"" help:"Publish the signed versions of a list, the keys and the orders over MQTT."`
	Keys     listKeys      `cmd:"" help:"Say which keys may sign lists and give orders."`
	Order    listOrder     `cmd:"" help:"Order booths to erase lists."`
	Prune    listPrune     `cmd:"" help:"Remove versions that no booth needs from a folder."`
	Inspect  listInspect   `cmd:"" help:"Tell of the versions in a folder, or of the lists on this booth."`
	Verify   listVerify    `cmd:"" help:"Prove a folder as a booth would: signatures, chain, contents."`
	Take     listTake      `cmd:"" help:"Have this booth take lists from a folder at once, as from a stick."`
	Copies   listInventory `cmd:"" name:"inventory" help:"Print the signed inventory of technical copies on all booths, or verify one."`
	Erase    listErase     `cmd:"" help:"Erase a list of this booth for ever by removing its key; boothd must be stopped."`
}

type listImport struct {
	File         string `arg:"" type:"existingfile" help:"Fields src, id, name, aliases, orig, weak, dob, nat, passport, gender."`
	Certificates bool   `help:"The file is what boothctl csca import wrote: fields kind, der, source."`

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
	if i.Certificates {
		n, err := trust.Convert(f, c.out)
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stderr).Encode(watchlist.Imported{Entries: n})
	}
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
	Dir     string   `required:"" type:"path" help:"The folder of all lists."`
	List    string   `required:"" help:"The list's name."`
	Key     string   `required:"" type:"existingfile" help:"The secret signing key."`
	Version uint64   `help:"The version; the newest if left out."`
	Group   []string `default:"*" help:"The groups of booths that are to have it; * for all that no other version is named for."`
}

func (s *listSign) Run(c *call) error {
	key, err := keys.ReadSigning(s.Key)
	if err != nil {
		return err
	}
	head, err := watchlist.Sign(watchlist.SignOptions{
		Dir: s.Dir, List: s.List, Version: s.Version, Groups: s.Group, Key: key, Now: time.Now(),
	})
	if err != nil {
		return err
	}
	sayHead(c, head)
	return nil
}

// sayHead tells of the newest version, and who is to have which.
func sayHead(c *call, head *watchlist.SignedHead) {
	c.say("%s version %d signed: %s", head.List, head.Version, head.Manifest)
	for _, group := range slices.Sorted(maps.Keys(head.Groups)) {
		name := "group " + group
		if group == watchlist.All {
			name = "all other booths"
			if len(head.Groups) == 1 {
				name = "all booths"
			}
		}
		c.say("%s: version %d", name, head.Groups[group].Version)
	}
}

type listRollout struct {
	Version uint64   `arg:"" help:"The version, which must be signed."`
	Dir     string   `required:"" type:"path" help:"The folder of all lists."`
	List    string   `required:"" help:"The list's name."`
	Key     string   `required:"" type:"existingfile" help:"The secret signing key."`
	Group   []string `default:"*" help:"The groups of booths that are to have it; * for all that no other version is named for."`
}

func (r *listRollout) Run(c *call) error {
	key, err := keys.ReadSigning(r.Key)
	if err != nil {
		return err
	}
	head, err := watchlist.Rollout(watchlist.SignOptions{
		Dir: r.Dir, List: r.List, Version: r.Version, Groups: r.Group, Key: key, Now: time.Now(),
	})
	if err != nil {
		return err
	}
	sayHead(c, head)
	return nil
}

type listPublish struct {
	Dir    string              `required:"" type:"path" help:"The folder of all lists."`
	List   string              `help:"The list's name; left out, only the keys and the orders are published."`
	Chunks watchlist.ChunkMode `name:"mqtt-chunks" enum:"small,always,never" default:"small" help:"Which contents the broker carries: small (deltas), always (snapshots too), never."`
	brokerFlags
}

func (p *listPublish) Run(c *call) error {
	return p.publish(c, watchlist.PublishOptions{Dir: p.Dir, List: p.List, Chunks: p.Chunks})
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
	k, err := booth.OpenKeys(c.ctx)
	if err != nil {
		return err
	}
	lists, err := gallery.Inspect(c.ctx, booth.GalleryPath(), booth.KeysDir(), k)
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
	Dir  string `required:"" type:"path" help:"The folder of all lists."`
	List string `required:"" help:"The list's name."`
	rootFlags
}

func (v *listVerify) Run(c *call) error {
	roots, err := v.roots()
	if err != nil {
		return err
	}
	newest, err := watchlist.Verify(watchlist.VerifyOptions{Dir: v.Dir, List: v.List, Roots: roots, Now: time.Now()})
	if err != nil {
		return err
	}
	c.say("%s is whole up to version %d: %d entries, expires %s", v.List, newest.Version, newest.Entries, newest.Expires.Format(time.RFC3339))
	return nil
}

type listPrune struct {
	Dir  string `required:"" type:"path" help:"The folder of all lists."`
	List string `required:"" help:"The list's name."`
}

func (p *listPrune) Run(c *call) error {
	n, err := watchlist.Prune(p.Dir, p.List)
	if err != nil {
		return err
	}
	c.say("%s: %d files removed", p.List, n)
	return nil
}
