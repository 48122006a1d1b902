package office

import (
	"context"
	"crypto/rand"
	"net/http"
	"slices"
	"time"

	"boothd/capture/audit/chain"
	"boothd/cmd/centrald/release"
	"boothd/localmatch/gallery"
	"boothd/sync/exchange"
)

// proof is what the verification of the access log found.
type proof struct {
	Whole bool `json:"whole"`
	*chain.Report
}

func (c *call) proof() (proof, error) {
	var b proofBody
	if err := c.read(&b); err != nil {
		return proof{}, err
	}
	report, err := c.o.opt.Access.Verify(c.Context(), b.anchors()...)
	if err != nil {
		return proof{}, err
	}
	return proof{Whole: report.Whole(), Report: report}, nil
}

func (o *Office) postProof(c *call) error {
	p, err := c.proof()
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, p)
}

// logPage is what the page about the access log shows.
type logPage struct {
	Head     chain.Link
	From, To string // of the export, as the form has them
	Proof    *proof
}

func (c *call) logPage() (logPage, error) {
	head, err := c.o.opt.Access.Head(c.Context())
	to := c.o.opt.Now().In(c.o.opt.Where).Truncate(time.Minute)
	return logPage{Head: head, From: to.AddDate(0, 0, -1).Format(formTime), To: to.Format(formTime)}, err
}

func (o *Office) showLog(c *call) error {
	page, err := c.logPage()
	if err != nil {
		return err
	}
	c.show(http.StatusOK, "log", view{Title: "Access log", Data: page})
	return nil
}

func (o *Office) showProof(c *call) error {
	p, err := c.proof()
	if err != nil {
		return err
	}
	page, err := c.logPage()
	if err != nil {
		return err
	}
	page.Proof = &p
	c.show(http.StatusOK, "log", view{Title: "Access log", Data: page})
	return nil
}

// export sends a time of the log with its proof. One that fails half-way is broken off, so
// that it cannot be taken for whole.
func (o *Office) export(c *call) error {
	var b exportBody
	if err := c.read(&b); err != nil {
		return err
	}
	out := &download{ResponseWriter: c.w, name: "access-log-" + b.From.UTC().Format("20060102T150405Z") + ".jsonl"}
	err := o.opt.Access.Export(c.Context(), out, b.From, b.To, b.Recipient)
	if err != nil && out.begun {
		o.opt.Log.ErrorContext(c.Context(), "export broken off", "error", err)
		panic(http.ErrAbortHandler)
	}
	return err
}

// download names the file when its first bytes are written, not before: until then a
// problem can be answered.
type download struct {
	http.ResponseWriter
	name  string
	begun bool
}

func (d *download) Write(p []byte) (int, error) {
	if !d.begun {
		d.begun = true
		d.Header().Set("Content-Type", "application/jsonl")
		d.Header().Set("Content-Disposition", `attachment; filename="`+d.name+`"`)
	}
	return d.ResponseWriter.Write(p)
}

// released is what a release gives: the fields that may go and no others.
type released struct {
	ID       string          `json:"id"` // of the request in the log
	Fields   []release.Field `json:"fields"`
	Withheld []release.Field `json:"withheld"`
	Minor    bool            `json:"minor"`
	Grant    string          `json:"grant,omitempty"` // id
	Data     releasedData    `json:"data"`
}

// releasedData is an entry without its id. Personal data.
type releasedData struct {
	Names         []string                 `json:"names,omitempty"`
	BirthDates    []string                 `json:"birth_dates,omitempty"`
	Nationalities []string                 `json:"nationalities,omitempty"`
	Sex           string                   `json:"sex,omitempty"`
	Documents     []gallery.DocumentNumber `json:"documents,omitempty"`
	Fingers       []gallery.FingerTemplate `json:"fingers,omitempty"`
	Face          []byte                   `json:"face,omitempty"` // JPEG
	Category      string                   `json:"category,omitempty"`
	Action        string                   `json:"action,omitempty"`
}

func dataOf(e *gallery.Entry) releasedData {
	return releasedData{e.Names, e.BirthDates, e.Nationalities, e.Sex, e.Documents, e.Fingers, e.Face, e.Category, e.Action}
}

func (c *call) release() (released, error) {
	var b releaseBody
	if err := c.read(&b); err != nil {
		return released{}, err
	}
	entry, err := c.entry(b.System, b.Entry)
	if err != nil {
		return released{}, err
	}
	q := release.Request{
		ID: rand.Text(), Officer: c.who.Officer, To: b.To, Kind: b.Kind, Protocol: b.Protocol, Purpose: b.Purpose,
		LegalBasis: b.LegalBasis, System: b.System, Fields: b.Fields, Entry: *entry, Permission: b.Grant,
	}
	out, rel, err := c.o.opt.Releases.Release(context.WithoutCancel(c.Context()), q)
	if err != nil {
		return released{}, err
	}
	r := released{ID: q.ID, Fields: rel.Fields, Withheld: rel.Withheld, Minor: rel.Minor, Grant: rel.Grant, Data: dataOf(&out)}
	if r.Withheld == nil {
		r.Withheld = []release.Field{}
	}
	return r, nil
}

func (c *call) entry(system, id string) (*gallery.Entry, error) {
	people := c.o.opt.Registers[system]
	if people == nil {
		return nil, errBody("There is no such system whose entries can be released.")
	}
	e, err := people.Get(c.Context(), id)
	if err != nil {
		return nil, err
	}
	if e == nil {
		return nil, newProblem(http.StatusNotFound, "no-entry", "The system has no such entry.", "Look at the entry's id.")
	}
	return e, nil
}

// decision is a line of the log of releases. It does not tell about whom.
type decision struct {
	ID         string             `json:"id"`
	At         time.Time          `json:"at"`
	Officer    string             `json:"officer"`
	Booth      string             `json:"booth,omitempty"`
	To         string             `json:"to"`
	Kind       exchange.Recipient `json:"kind"`
	Protocol   string             `json:"protocol,omitempty"`
	Purpose    string             `json:"purpose"`
	LegalBasis string             `json:"legal_basis"`
	System     string             `json:"system"`
	Fields     []release.Field    `json:"fields"`
	Minor      bool               `json:"minor"`
	Grant      string             `json:"grant,omitempty"`
	Refused    release.Reason     `json:"refused,omitempty"`
}

// decisions reads the time that the address asks for: the last 30 days if it does not say.
func (c *call) decisions() ([]decision, error) {
	to := c.o.opt.Now()
	from := to.AddDate(0, 0, -30)
	var errs [2]error
	for i, p := range []struct {
		name string
		t    *time.Time
	}{{"from", &from}, {"to", &to}} {
		if text := c.param(p.name); text != "" {
			*p.t, errs[i] = time.Parse(time.RFC3339, text)
		}
	}
	if errs[0] != nil || errs[1] != nil || !isRange(from, to) {
		return nil, errBody("The end is not after the beginning, or the time is longer than 400 days.")
	}
	logged, err := c.o.opt.Releases.Between(c.Context(), from, to.Add(time.Nanosecond))
	if err != nil {
		return nil, err
	}
	all := []decision{}
	for _, l := range logged {
		d := decision(l)
		if d.Fields == nil {
			d.Fields = []release.Field{}
		}
		all = append(all, d)
	}
	return all, nil
}

func (o *Office) getReleases(c *call) error {
	all, err := c.decisions()
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, all)
}

func (o *Office) postRelease(c *call) error {
	r, err := c.release()
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, r)
}

func (o *Office) showReleases(c *call) error {
	all, err := c.decisions()
	if err != nil {
		return err
	}
	slices.Reverse(all)
	var systems []string
	for name := range o.opt.Registers {
		systems = append(systems, name)
	}
	slices.Sort(systems)
	c.show(http.StatusOK, "releases", view{Title: "Releases", Data: struct {
		Decisions []decision
		Systems   []string
		Kinds     []exchange.Recipient
		Fields    []release.Field
	}{all[:min(len(all), listed)], systems, []exchange.Recipient{exchange.Own, exchange.LawEnforcement, exchange.EUAgency, exchange.NGO}, release.All()}})
	return nil
}

// submitRelease shows what was released. It is not kept, so the page cannot be called up
// again.
func (o *Office) submitRelease(c *call) error {
	r, err := c.release()
	if err != nil {
		return err
	}
	c.show(http.StatusOK, "released", view{Title: "Released", Data: r})
	return nil
}
