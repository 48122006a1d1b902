package office

import (
	"fmt"
	"net/http"
	"time"

	"boothd/cmd/centrald/register"
)

// silentAfter is how long a booth may not have told of its copies before its page says so.
// Booths tell hourly.
const silentAfter = 3 * time.Hour

// Copy is a technical copy of a list that a booth holds.
type Copy struct {
	register.Copy
	Overdue bool `json:"overdue"` // its life has ended
	Silent  bool `json:"silent"`  // the booth has not told of it for hours
}

// copies lists all copies by booth and list; none if there is no inventory.
func (c *call) copies(now time.Time) ([]Copy, error) {
	if c.o.opt.Copies == nil {
		return nil, nil
	}
	held, err := c.o.opt.Copies.List(c.Context())
	if err != nil {
		return nil, err
	}
	all := make([]Copy, len(held))
	for i, k := range held {
		all[i] = Copy{Copy: k, Overdue: k.Overdue(now), Silent: now.Sub(k.Told) >= silentAfter}
	}
	return all, nil
}

func (o *Office) getCopies(c *call) error {
	all, err := c.copies(o.opt.Now())
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, all)
}

func (o *Office) showSystems(c *call) error {
	now := o.opt.Now()
	copies, err := c.copies(now)
	if err != nil {
		return err
	}
	overdue := 0
	for i := range copies {
		if copies[i].Overdue {
			overdue++
		}
	}
	c.show(http.StatusOK, "systems", view{Title: "Systems", Data: struct {
		Systems []SystemState
		Kept    bool // there is an inventory
		Copies  []Copy
		Overdue int
		Most    time.Duration
		Now     time.Time
	}{o.systems(), o.opt.Copies != nil, copies, overdue, register.MaxCopyAge, now}})
	return nil
}

// sinceWord says how long ago something was, as exactly as is of use.
func sinceWord(now, then time.Time) string {
	d := now.Sub(then)
	switch {
	case d < time.Minute:
		return "just now"
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < register.MaxCopyAge:
		return fmt.Sprintf("%d h", d/time.Hour)
	}
	return fmt.Sprintf("%d days", d/(24*time.Hour))
}
