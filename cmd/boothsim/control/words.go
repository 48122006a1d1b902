package control

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"boothd/cmd/boothsim/hardware"
	"boothd/cmd/boothsim/line"
	"boothd/cmd/boothsim/stage"
)

// Words is the language of the control: what the page's buttons, the command line and
// scripts all say.
type Words struct {
	JSON bool `help:"Print JSON."`

	Present  presentWords  `cmd:"" help:"Lay the document of traveller N on the readers: its page and its chip."`
	Take     takeWords     `cmd:"" help:"Take the document off the readers."`
	Lay      layWords      `cmd:"" help:"Lay a finger of traveller N on the scanner."`
	Lift     liftWords     `cmd:"" help:"Lift the finger from the scanner."`
	Stand    standWords    `cmd:"" help:"Let traveller N stand before the camera; 0 is nobody."`
	Plug     plugWords     `cmd:"" help:"Plug a device in."`
	Unplug   unplugWords   `cmd:"" help:"Pull a device out."`
	Cut      cutWords      `cmd:"" help:"Cut a line: to the portal, the nation's own systems or the broker."`
	Restore  restoreWords  `cmd:"" help:"Restore a line."`
	List     listWords     `cmd:"" help:"Change a local list; the booth gets it as a signed update over MQTT."`
	System   systemWords   `cmd:"" help:"Make a system of the portal slow, failing or well."`
	Drill    drillWords    `cmd:"" help:"Let central order a drill: portal, or a system, is taken for down."`
	Learn    learnWords    `cmd:"" help:"Let central learn what it did not know when some travellers passed."`
	Grant    grantWords    `cmd:"" help:"Let the court authorise a question about traveller N; prints the file."`
	Person   personWords   `cmd:"" help:"Put a traveller into a system of the portal, or take one out."`
	Received receivedWords `cmd:"" help:"Count what central has received."`
	Records  recordsWords  `cmd:"" help:"List the records that central received last."`
	Checks   checksWords   `cmd:"" help:"List what central's records of a check tell of the chip."`
	Chips    chipsWords    `cmd:"" help:"List the words for how a chip is."`
	State    stateWords    `cmd:"" help:"Tell how everything is."`
}

// deed is one command being done.
type deed struct {
	ctx   context.Context
	stage *stage.Stage
	said  string
	data  any
}

type presentWords struct {
	Traveller int    `arg:"" help:"The traveller's number."`
	Chip      string `help:"How its chip is: genuine, none, silent, or a fault such as cloned or altered=DG1 (chips lists them); the traveller's own if left out." placeholder:"WORD"`
}

// Validate refuses words that are none.
func (w *presentWords) Validate() error { return stage.CheckChip(w.Chip) }

func (w *presentWords) Run(d *deed) error {
	chip, err := d.stage.Present(d.ctx, w.Traveller, w.Chip)
	d.said = fmt.Sprintf("document of traveller %d presented", w.Traveller)
	if chip != "" && chip != stage.ChipGenuine {
		d.said += ", chip: " + chip
	}
	return err
}

type takeWords struct{}

func (takeWords) Run(d *deed) error {
	d.said = "document taken away"
	d.stage.Hardware.Take()
	return nil
}

type chipsWords struct{}

func (chipsWords) Run(d *deed) error {
	var lines []string
	for _, c := range stage.ChipWords() {
		lines = append(lines, fmt.Sprintf("%-16s %s", c.Word, c.What))
	}
	d.said, d.data = strings.Join(lines, "\n"), stage.ChipWords()
	return nil
}

type layWords struct {
	Traveller int             `arg:"" help:"The traveller's number."`
	How       hardware.Manner `arg:"" default:"good" enum:"good,short,wrong" help:"good; short: lifted too early; wrong: another finger."`
}

func (w *layWords) Run(d *deed) error {
	d.said = fmt.Sprintf("finger of traveller %d laid: %s", w.Traveller, w.How)
	return d.stage.Hardware.Lay(w.Traveller, w.How)
}

type liftWords struct{}

func (liftWords) Run(d *deed) error {
	d.said = "finger lifted"
	d.stage.Hardware.Lift()
	return nil
}

type standWords struct {
	Traveller int `arg:"" help:"The traveller's number, 0 for nobody."`
}

func (w *standWords) Run(d *deed) error {
	d.said = fmt.Sprintf("traveller %d stands before the camera", w.Traveller)
	if w.Traveller == 0 {
		d.said = "nobody stands before the camera"
	}
	return d.stage.Hardware.Stand(w.Traveller)
}

type plugWords struct {
	Device hardware.Device `arg:"" enum:"scanner,reader,camera,chip-reader" help:"scanner, reader, camera or chip-reader."`
}

func (w *plugWords) Run(d *deed) error {
	d.said = string(w.Device) + " plugged in"
	return d.stage.Hardware.Plug(w.Device)
}

type unplugWords struct {
	Device hardware.Device `arg:"" enum:"scanner,reader,camera,chip-reader" help:"scanner, reader, camera or chip-reader."`
}

func (w *unplugWords) Run(d *deed) error {
	d.said = string(w.Device) + " pulled out"
	return d.stage.Hardware.Unplug(w.Device)
}

type cutWords struct {
	Line   string `arg:"" enum:"portal,national,broker,all" help:"portal, national, broker or all."`
	Silent bool   `help:"Let everything vanish on the way instead of breaking connections."`
}

func (w *cutWords) Run(d *deed) error {
	state := line.Cut
	if w.Silent {
		state = line.Silent
	}
	d.said = fmt.Sprintf("line to %s %s", w.Line, state)
	d.stage.SetLine(w.Line, state)
	return nil
}

type restoreWords struct {
	Line string `arg:"" enum:"portal,national,broker,all" help:"portal, national, broker or all."`
}

func (w *restoreWords) Run(d *deed) error {
	d.said = "line to " + w.Line + " up"
	d.stage.SetLine(w.Line, line.Up)
	return nil
}

type listWords struct {
	Add    listAddWords    `cmd:"" help:"Add traveller N to a list."`
	Remove listRemoveWords `cmd:"" help:"Remove traveller N from a list."`
	Expire listExpireWords `cmd:"" help:"Let a list's lease end: booths must not use it any more."`
	Renew  listRenewWords  `cmd:"" help:"Publish a list under a new lease."`
}

type listExpireWords struct {
	List string `arg:"" help:"The list's name."`
}

func (w *listExpireWords) Run(d *deed) error {
	version, err := d.stage.ExpireList(d.ctx, w.List)
	d.said = fmt.Sprintf("%s version %d published, its lease ends at once", w.List, version)
	return err
}

type listRenewWords struct {
	List string `arg:"" help:"The list's name."`
}

func (w *listRenewWords) Run(d *deed) error {
	version, err := d.stage.RenewList(d.ctx, w.List)
	d.said = fmt.Sprintf("%s version %d published under a new lease", w.List, version)
	return err
}

type listAddWords struct {
	Traveller int    `arg:"" help:"The traveller's number."`
	List      string `arg:"" default:"national" help:"The list's name."`
	Discreet  bool   `help:"The traveller must not notice the hit."`
	Finger    bool   `help:"Put the traveller's finger there alone, as somebody of unknown name."`
}

func (w *listAddWords) Run(d *deed) error {
	version, err := d.stage.AddToList(d.ctx, w.List, w.Traveller, stage.Added{Discreet: w.Discreet, ByFinger: w.Finger})
	d.said = fmt.Sprintf("traveller %d added to %s, version %d published", w.Traveller, w.List, version)
	return err
}

type listRemoveWords struct {
	Traveller int    `arg:"" help:"The traveller's number."`
	List      string `arg:"" default:"national" help:"The list's name."`
}

func (w *listRemoveWords) Run(d *deed) error {
	version, err := d.stage.RemoveFromList(d.ctx, w.List, w.Traveller)
	d.said = fmt.Sprintf("traveller %d removed from %s, version %d published", w.Traveller, w.List, version)
	return err
}

type drillWords struct {
	Target  string `arg:"" default:"portal" help:"portal, or a system such as VIS."`
	Minutes int    `default:"5" help:"For how long."`
}

func (w *drillWords) Run(d *deed) error {
	d.said = fmt.Sprintf("drill ordered: %s is taken for down for %d minutes", w.Target, w.Minutes)
	return d.stage.OrderDrill(d.ctx, w.Target, w.Minutes)
}

type learnWords struct{}

func (learnWords) Run(d *deed) error {
	d.said = "central knows more now"
	return d.stage.Learn(d.ctx)
}

type grantWords struct {
	Traveller int    `arg:"" help:"The traveller's number."`
	System    string `arg:"" default:"ECRIS-TCN" help:"The system that may be asked."`
}

func (w *grantWords) Run(d *deed) error {
	path, err := d.stage.Grant(w.Traveller, w.System)
	d.said = path
	return err
}

type systemWords struct {
	Name    string        `arg:"" help:"The system, such as SIS."`
	How     string        `arg:"" enum:"well,slow,failing" help:"well, slow or failing."`
	Latency time.Duration `default:"2s" help:"How slow: the time until it answers."`
}

func (w *systemWords) Run(d *deed) error {
	latency := time.Duration(0)
	d.said = fmt.Sprintf("%s is %s", w.Name, w.How)
	if w.How == "slow" {
		latency = w.Latency
		d.said += " by " + latency.String()
	}
	return d.stage.Portal.SetSystem(w.Name, latency, w.How == "failing")
}

type personWords struct {
	Add    personAddWords    `cmd:"" help:"Put traveller N into a system."`
	Remove personRemoveWords `cmd:"" help:"Take traveller N out of a system."`
}

type personAddWords struct {
	Traveller int    `arg:"" help:"The traveller's number."`
	System    string `arg:"" help:"The system, such as SIS."`
	Discreet  bool   `help:"The traveller must not notice the hit."`
	Finger    bool   `help:"Put the traveller's finger there alone, as somebody of unknown name."`
}

func (w *personAddWords) Run(d *deed) error {
	d.said = fmt.Sprintf("traveller %d put into %s", w.Traveller, w.System)
	return d.stage.AddToSystem(d.ctx, w.System, w.Traveller, stage.Added{Discreet: w.Discreet, ByFinger: w.Finger})
}

type personRemoveWords struct {
	Traveller int    `arg:"" help:"The traveller's number."`
	System    string `arg:"" help:"The system, such as SIS."`
}

func (w *personRemoveWords) Run(d *deed) error {
	d.said = fmt.Sprintf("traveller %d taken out of %s", w.Traveller, w.System)
	return d.stage.RemoveFromSystem(d.ctx, w.System, w.Traveller)
}

type receivedWords struct{}

func (receivedWords) Run(d *deed) error {
	r, err := d.stage.Portal.Intake.Received(d.ctx)
	d.data = r
	d.said = fmt.Sprintf("%d records (%s), %d delivered again, %d doubled, %d refused, %d missing",
		r.Records, counts(r.Kinds), r.Repeated, r.Doubled, r.Refused, r.Missing)
	return err
}

type recordsWords struct {
	Limit int `default:"20" help:"How many at most."`
}

func (w *recordsWords) Run(d *deed) error {
	list, err := d.stage.Portal.Intake.Records(d.ctx, min(max(w.Limit, 1), 100_000))
	d.data = list
	lines := make([]string, len(list))
	for i, s := range list {
		lines[i] = strings.TrimSpace(fmt.Sprintf("%s %d %s %s %s %s", s.Booth, s.Sequence, s.Kind, s.Check, s.Outcome, s.Decision))
	}
	d.said = strings.Join(lines, "\n")
	return err
}

type checksWords struct {
	Check string `arg:"" help:"The check's id; the check whose record came last if left out." optional:""`
}

func (w *checksWords) Run(d *deed) error {
	list, err := d.stage.ChecksAtCentral(d.ctx, w.Check)
	d.data = list
	lines := make([]string, len(list))
	for i, c := range list {
		lines[i] = c.String()
	}
	d.said = strings.Join(lines, "\n")
	return err
}

type stateWords struct{}

func (stateWords) Run(d *deed) error {
	s, err := d.stage.State(d.ctx)
	d.data = s
	d.said = s.String()
	return err
}

// UsageError says that words make no sense, or are a question for help; it reads as what
// to tell the person.
type UsageError struct {
	Text string
	Help bool // help was asked for
}

func (e *UsageError) Error() string { return e.Text }

// Parse reads words. Its error is a *UsageError.
func Parse(words []string) (*Words, *kong.Context, error) {
	var w Words
	var out bytes.Buffer
	helped := false
	parser, err := kong.New(&w, kong.Name("boothsim ctl"), kong.Writers(&out, &out), kong.Exit(func(int) { helped = true }))
	if err != nil {
		return nil, nil, err
	}
	ctx, err := parser.Parse(words)
	var bad *kong.ParseError
	switch {
	case helped:
		return nil, nil, &UsageError{Text: strings.TrimSpace(out.String()), Help: true}
	case errors.As(err, &bad):
		return nil, nil, &UsageError{Text: bad.Error()}
	case err != nil:
		return nil, nil, &UsageError{Text: err.Error()}
	}
	return &w, ctx, nil
}

// Reply is what the control answers.
type Reply struct {
	Said string `json:"said,omitempty"`
	Data any    `json:"data,omitempty"`
}

// do does what the words say.
func do(ctx context.Context, s *stage.Stage, words []string) (Reply, error) {
	_, parsed, err := Parse(words)
	if err != nil {
		return Reply{}, err
	}
	d := &deed{ctx: ctx, stage: s}
	if err := parsed.Run(d); err != nil {
		return Reply{}, err
	}
	return Reply{Said: d.said, Data: d.data}, nil
}

// counts writes "2 disposition, 3 outcome".
func counts(kinds map[string]int) string {
	if len(kinds) == 0 {
		return "none"
	}
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(kinds)) {
		parts = append(parts, fmt.Sprintf("%d %s", kinds[k], k))
	}
	return strings.Join(parts, ", ")
}
