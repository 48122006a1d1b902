package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"boothd/capture"
	"boothd/capture/check"
	"boothd/cmd/boothd/console"
	"boothd/devices"
)

type checkCommand struct {
	Officer string `help:"The officer whose token is used. If left out, the first one configured; decide and abandon need it where there are several."`

	Start    checkStart    `cmd:"" help:"Start a check and print its id, as soon as the document reader waits for a document or after 2 seconds."`
	Zone     checkZone     `cmd:"" help:"Read a machine-readable zone from standard input into the check."`
	Finger   checkFinger   `cmd:"" help:"Say why no finger can be taken."`
	Chip     checkChip     `cmd:"" help:"Say why no chip can be inspected."`
	Conclude checkConclude `cmd:"" help:"Ask for the outcome now."`
	Wait     checkWait     `cmd:"" help:"Wait until the outcome is there and print it with its reasons."`
	Decide   checkDecide   `cmd:"" help:"Record the officer's disposition."`
	Abandon  checkAbandon  `cmd:"" help:"End the check without an outcome."`
	Show     checkShow     `cmd:"" help:"Print the current view as JSON."`
}

// desk is the daemon's check desk.
type desk struct {
	*api
	c *call
}

func (p *checkCommand) desk(c *call) (*desk, error) {
	a, err := c.api(p.Officer)
	if err != nil {
		return nil, err
	}
	return &desk{a, c}, nil
}

// own is the desk of the officer who answers for the deed, who must be named where there
// are several.
func (p *checkCommand) own(c *call, deed string) (*desk, error) {
	booth, err := c.booth()
	if err != nil {
		return nil, err
	}
	if p.Officer == "" && len(booth.Officers) > 1 {
		var ids []string
		for _, o := range booth.Officers {
			ids = append(ids, o.ID)
		}
		return nil, fmt.Errorf("several officers are configured: name who %s with --officer: %s", deed, strings.Join(ids, ", "))
	}
	return p.desk(c)
}

func (d *desk) view() (*check.View, error) {
	var v check.View
	return &v, d.do(d.c.ctx, "GET", "/api/v1/view", nil, &v)
}

// post does a deed of the current check.
func (d *desk) post(deed string, body any) error {
	v, err := d.view()
	if err != nil {
		return err
	}
	if v.Check == nil {
		return errors.New("there is no check: start one")
	}
	return d.do(d.c.ctx, "POST", "/api/v1/checks/"+v.Check.ID+"/"+deed, body, nil)
}

type checkStart struct{}

func (checkStart) Run(c *call, p *checkCommand) error {
	d, err := p.desk(c)
	if err != nil {
		return err
	}
	var started struct{ ID string }
	if err := d.do(c.ctx, "POST", "/api/v1/checks", nil, &started); err != nil {
		return err
	}
	waits, err := d.awaitReader()
	if err != nil {
		return err
	}
	c.say("%s", started.ID)
	if !waits {
		fmt.Fprintln(os.Stderr, "boothctl: no document reader waits for a document yet: see boothctl devices")
	}
	return nil
}

const (
	readerPatience = 2 * time.Second
	// readerQuiet is how long a reader that was just asked discards what it sends: that was
	// another traveller's.
	readerQuiet = 200 * time.Millisecond
)

// awaitReader waits until a document presented now will be read, and reports whether it
// will.
func (d *desk) awaitReader() (bool, error) {
	for deadline := time.Now().Add(readerPatience); time.Now().Before(deadline); {
		var status console.BoothStatus
		if err := d.do(d.c.ctx, "GET", "/api/v1/status", nil, &status); err != nil {
			return false, err
		}
		waits := slices.ContainsFunc(status.Devices, func(s devices.Status) bool {
			return s.Kind == devices.KindDocumentReader && s.State == devices.Busy
		})
		if waits {
			return true, d.c.pause(readerQuiet)
		}
		if err := d.c.pause(50 * time.Millisecond); err != nil {
			return false, err
		}
	}
	return false, nil
}

// pause waits, unless boothctl is interrupted.
func (c *call) pause(t time.Duration) error {
	select {
	case <-time.After(t):
		return nil
	case <-c.ctx.Done():
		return c.ctx.Err()
	}
}

type checkZone struct{}

func (checkZone) Run(c *call, p *checkCommand) error {
	d, err := p.desk(c)
	if err != nil {
		return err
	}
	lines, err := c.readLines(3)
	if err != nil {
		return err
	}
	return d.post("zone", map[string]any{"lines": lines})
}

type checkFinger struct {
	Reason  capture.Missing          `arg:"" help:"permanent or temporary."`
	Fingers []capture.FingerPosition `arg:"" optional:"" help:"Which, 1 to 10 as in ISO/IEC 19794-2, where several are taken; all that are awaited if left out."`
}

func (f *checkFinger) Run(c *call, p *checkCommand) error {
	d, err := p.desk(c)
	if err != nil {
		return err
	}
	body := map[string]any{"reason": f.Reason}
	if len(f.Fingers) > 0 {
		body["fingers"] = f.Fingers
	}
	return d.post("missing-finger", body)
}

type checkChip struct {
	Reason capture.MissingChip `arg:"" help:"no_chip: the document bears no chip symbol; silent: it should have a chip, and none answers."`
}

func (f *checkChip) Run(c *call, p *checkCommand) error {
	d, err := p.desk(c)
	if err != nil {
		return err
	}
	return d.post("missing-chip", map[string]any{"reason": f.Reason})
}

type checkConclude struct{}

func (checkConclude) Run(c *call, p *checkCommand) error {
	d, err := p.desk(c)
	if err != nil {
		return err
	}
	return d.post("conclude", nil)
}

type checkWait struct {
	Timeout time.Duration `default:"60s" help:"How long to wait."`
}

func (w *checkWait) Run(c *call, p *checkCommand) error {
	d, err := p.desk(c)
	if err != nil {
		return err
	}
	deadline := time.Now().Add(w.Timeout)
	for {
		v, err := d.view()
		if err != nil {
			return err
		}
		switch {
		case v.Check == nil:
			return errors.New("there is no check: start one")
		case v.Check.Phase == check.PhaseClosed:
			return errors.New("the check is closed: it was decided already")
		case v.Check.Phase == check.PhaseAbandoned:
			return errors.New("the check was abandoned: it has no outcome")
		case v.Check.Fault != "":
			return errors.New(v.Check.Fault)
		case v.Check.Recommendation != nil:
			printOutcome(c, v.Check)
			return nil
		case time.Now().After(deadline):
			return fmt.Errorf("no outcome yet: %s, awaited %v", v.Check.Phase, v.Check.Wanted)
		}
		if err := c.pause(100 * time.Millisecond); err != nil {
			return err
		}
	}
}

func printOutcome(c *call, v *check.CheckView) {
	c.say("outcome %s", v.Recommendation.Outcome)
	for _, r := range v.Recommendation.Reasons {
		c.say("reason %s %s: %s", r.Outcome, r.Code, r.Text)
	}
	for _, l := range v.Lines {
		c.say("answer %s %s %s", l.System, l.Source, l.State)
	}
}

type checkDecide struct {
	Decision capture.Outcome `arg:"" help:"clear, refer or stop."`
	Why      string          `help:"The reason; needed if the decision departs from the outcome."`
}

func (r *checkDecide) Run(c *call, p *checkCommand) error {
	d, err := p.own(c, "decides")
	if err != nil {
		return err
	}
	return d.post("disposition", map[string]any{"decision": r.Decision, "why": r.Why})
}

type checkAbandon struct {
	Why string `arg:"" help:"The reason."`
}

func (r *checkAbandon) Run(c *call, p *checkCommand) error {
	d, err := p.own(c, "abandons")
	if err != nil {
		return err
	}
	return d.post("abandon", map[string]any{"why": r.Why})
}

type checkShow struct{}

func (checkShow) Run(c *call, p *checkCommand) error {
	d, err := p.desk(c)
	if err != nil {
		return err
	}
	v, err := d.view()
	if err != nil {
		return err
	}
	return c.json(v)
}

// readLines reads at most n lines of standard input.
func (c *call) readLines(n int) ([]string, error) {
	b, err := io.ReadAll(io.LimitReader(c.in, 4096))
	if err != nil {
		return nil, err
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	if len(lines) > n {
		return nil, fmt.Errorf("more than %d lines", n)
	}
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return lines, nil
}
