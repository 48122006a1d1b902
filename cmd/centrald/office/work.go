package office

import (
	"net/http"
	"time"

	"boothd/capture"
	"boothd/cmd/centrald/identity"
)

func (o *Office) workRoutes() []route {
	return []route{
		{"GET /work", RoleSecondLine, "see the work", o.showWork},
		{"POST /work/{item}/take", RoleSecondLine, "take work", o.submitTake},
		{"POST /work/{item}/return", RoleSecondLine, "give work back", o.submitReturn},
		{"POST /links/{link}/verify", RoleSecondLine, "verify a link", o.submitVerify},
		{"GET /v1/work", RoleSecondLine, "see the work", o.getWork},
		{"POST /v1/work/{item}/take", RoleSecondLine, "take work", o.postTake},
		{"POST /v1/work/{item}/return", RoleSecondLine, "give work back", o.postReturn},
		{"POST /v1/links/{link}/verify", RoleSecondLine, "verify a link", o.postVerify},
	}
}

// item is a work item of the second line.
type item struct {
	ID      string             `json:"id"`
	Link    string             `json:"link"`
	Colour  capture.LinkColour `json:"colour"`
	Systems []string           `json:"systems"`
	Created time.Time          `json:"created"`
	Due     time.Time          `json:"due"`
	Overdue bool               `json:"overdue"`
	Officer string             `json:"officer,omitempty"` // who has taken it
}

// sight is what the officer may see of links.
func (c *call) sight() (identity.Sight, error) {
	p, err := c.o.profile(c.who)
	if err != nil {
		return identity.Sight{}, err
	}
	s := identity.Sight{Cleared: p.Cleared}
	for i := range p.Systems {
		s.Systems = append(s.Systems, p.Systems[i].Name)
	}
	return s, nil
}

func (c *call) work() ([]item, error) {
	s, err := c.sight()
	if err != nil {
		return nil, err
	}
	open, err := c.o.opt.Links.Open(c.Context(), s)
	if err != nil {
		return nil, err
	}
	all := []item{}
	for i := range open {
		it := &open[i]
		all = append(all, item{ID: it.ID, Link: it.Link.ID, Colour: it.Link.Colour, Systems: it.Link.Systems,
			Created: it.Created, Due: it.Due, Overdue: it.Overdue, Officer: it.Officer})
	}
	return all, nil
}

func (o *Office) getWork(c *call) error {
	all, err := c.work()
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, all)
}

func (o *Office) showWork(c *call) error {
	all, err := c.work()
	if err != nil {
		return err
	}
	c.show(http.StatusOK, "work", view{Title: "Links to verify", Said: c.param("said"), Data: struct {
		Items   []item
		Colours []capture.LinkColour
	}{all, []capture.LinkColour{capture.LinkWhite, capture.LinkGreen, capture.LinkRed}}})
	return nil
}

func (c *call) take() error {
	s, err := c.sight()
	if err != nil {
		return err
	}
	id, err := c.id("item")
	if err != nil {
		return err
	}
	return c.o.opt.Links.Take(c.Context(), s, id, c.who.Officer)
}

func (c *call) giveBack() error {
	s, err := c.sight()
	if err != nil {
		return err
	}
	id, err := c.id("item")
	if err != nil {
		return err
	}
	return c.o.opt.Links.Return(c.Context(), s, id, c.who.Officer)
}

func (c *call) verify() error {
	var b verifyBody
	if err := c.read(&b); err != nil {
		return err
	}
	s, err := c.sight()
	if err != nil {
		return err
	}
	id, err := c.id("link")
	if err != nil {
		return err
	}
	return c.o.opt.Links.Verify(c.Context(), identity.Verification{Link: id, Colour: b.Colour, Officer: c.who.Officer, Why: b.Why, Sight: s})
}

func (o *Office) postTake(c *call) error   { return c.reportDone((*call).take) }
func (o *Office) postReturn(c *call) error { return c.reportDone((*call).giveBack) }
func (o *Office) postVerify(c *call) error { return c.reportDone((*call).verify) }

func (o *Office) submitTake(c *call) error   { return c.goOn((*call).take, "/work?said=taken") }
func (o *Office) submitReturn(c *call) error { return c.goOn((*call).giveBack, "/work?said=returned") }
func (o *Office) submitVerify(c *call) error { return c.goOn((*call).verify, "/work?said=verified") }

// reportDone does something for a program.
func (c *call) reportDone(do func(*call) error) error {
	if err := do(c); err != nil {
		return err
	}
	return c.done()
}

// goOn does something for a page and leads the browser to the next.
func (c *call) goOn(do func(*call) error, next string) error {
	if err := do(c); err != nil {
		return err
	}
	c.seeOther(next)
	return nil
}
