package office

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"time"

	"boothd/cmd/centrald/flow"
	"boothd/sync/drill"
)

// The limits of what the flow shows, in hours.
const (
	maxHours = 7 * 24
	maxAhead = 24
)

// load is the flow at one place.
type load struct {
	Place    string          `json:"place"`
	Places   []string        `json:"places"`
	Hours    []flow.Hour     `json:"hours"`
	Expected []flow.Expected `json:"expected"`
}

// load reads the flow that the address asks for: the first place, a day back and half a day
// ahead if it does not say.
func (c *call) load() (load, error) {
	l := load{Place: c.param("place")}
	back, err1 := hoursOf(c.param("hours"), 24, 1, maxHours)
	ahead, err2 := hoursOf(c.param("ahead"), 12, 0, maxAhead)
	if err1 != nil || err2 != nil {
		return load{}, errBody(fmt.Sprintf("The hours are not 1 to %d back and 0 to %d ahead.", maxHours, maxAhead))
	}
	var err error
	if l.Places, err = c.o.opt.Flow.Places(c.Context()); err != nil {
		return load{}, err
	}
	if l.Place == "" && len(l.Places) > 0 {
		l.Place = l.Places[0]
	}
	if l.Places == nil {
		l.Places = []string{}
	}
	l.Hours, l.Expected = []flow.Hour{}, []flow.Expected{}
	if !slices.Contains(l.Places, l.Place) {
		if l.Place != "" {
			return load{}, errNotThere()
		}
		return l, nil
	}
	now := c.o.opt.Now()
	if l.Hours, err = c.o.opt.Flow.Hours(c.Context(), l.Place, now.Add(-time.Duration(back)*time.Hour), now); err != nil || ahead == 0 {
		return l, err
	}
	l.Expected, err = c.o.opt.Flow.Forecast(c.Context(), l.Place, ahead)
	if l.Expected == nil {
		l.Expected = []flow.Expected{}
	}
	return l, err
}

func hoursOf(text string, otherwise, least, most int) (int, error) {
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return 0, strconv.ErrRange
	}
	return n, nil
}

func (o *Office) getFlow(c *call) error {
	l, err := c.load()
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, l)
}

// plotStyle is the style sheet within a plot.
var plotStyle = regexp.MustCompile(`(?s)<style>(.*?)</style>`)

func (o *Office) showFlow(c *call) error {
	l, err := c.load()
	if err != nil {
		return err
	}
	var plot bytes.Buffer
	if err := flow.Plot(&plot, l.Hours, l.Expected, o.opt.Where); err != nil {
		return err
	}
	// The plot brings its own style, which the page's policy must name by its hash.
	if style := plotStyle.FindSubmatch(plot.Bytes()); style != nil {
		sum := sha256.Sum256(style[1])
		c.w.Header().Set("Content-Security-Policy", fmt.Sprintf(contentPolicy, " 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'"))
	}
	c.show(http.StatusOK, "flow", view{Title: "Flow", Data: struct {
		load
		Plot     template.HTML
		Outcomes any
	}{l, template.HTML(plot.String()), flow.Outcomes()}})
	return nil
}

func (o *Office) systems() []SystemState {
	return append([]SystemState{}, o.opt.Systems()...)
}

func (o *Office) getSystems(c *call) error { return c.reply(http.StatusOK, o.systems()) }

func (o *Office) getBooths(c *call) error {
	all, err := o.opt.Book.booths(c.Context())
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, all)
}

func (o *Office) getDrills(c *call) error {
	all, err := o.opt.Book.drills(c.Context())
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, all)
}

func (o *Office) showDrills(c *call) error {
	booths, err := o.opt.Book.booths(c.Context())
	if err != nil {
		return err
	}
	drills, err := o.opt.Book.drills(c.Context())
	if err != nil {
		return err
	}
	c.show(http.StatusOK, "drills", view{Title: "Booths and drills", Said: c.param("said"), Data: struct {
		Booths  []Booth
		Drills  []Drill
		Systems []SystemState
		Can     bool
		Most    int
	}{booths, drills, o.systems(), o.opt.Alerts != nil, drill.MaxMinutes}})
	return nil
}

func (o *Office) postDrill(c *call) error {
	d, err := c.orderDrill()
	if err != nil {
		return err
	}
	return c.reply(http.StatusCreated, d)
}

func (o *Office) submitDrill(c *call) error {
	if _, err := c.orderDrill(); err != nil {
		return err
	}
	c.seeOther("/drills?said=ordered")
	return nil
}

// orderDrill signs an order and puts it on the booth's list. It is written down before, so
// that no report comes of an order that nobody knows.
func (c *call) orderDrill() (Drill, error) {
	var b drillBody
	if err := c.read(&b); err != nil {
		return Drill{}, err
	}
	book, now := c.o.opt.Book, c.o.opt.Now().UTC()
	if err := c.canDrill(&b); err != nil {
		return Drill{}, err
	}
	order := &drill.Order{
		ID: rand.Text(), Booth: b.Booth, Target: b.Target, Minutes: b.Minutes, By: c.who.Officer,
		Issued: now, Expires: now.Add(ordersLast),
	}
	text, err := drill.Sign(order, c.o.opt.Signing)
	if err != nil {
		return Drill{}, err
	}
	ctx := context.WithoutCancel(c.Context())
	if err := book.addDrill(ctx, order); err != nil {
		return Drill{}, err
	}
	if _, err := c.o.opt.Alerts.Order(ctx, b.Booth, text); err != nil {
		if err := book.dropDrill(ctx, order.ID); err != nil {
			c.o.opt.Log.ErrorContext(ctx, "order that was not sent stays in the list", "order", order.ID, "error", err)
		}
		return Drill{}, err
	}
	return Drill{ID: order.ID, Booth: order.Booth, Target: order.Target, Minutes: order.Minutes, By: order.By,
		Issued: order.Issued, Expires: order.Expires, State: DrillOrdered}, nil
}

// canDrill refuses booths and systems that there are not: such an order would reach nobody.
func (c *call) canDrill(b *drillBody) error {
	booths, err := c.o.opt.Book.booths(c.Context())
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(booths, func(one Booth) bool { return one.ID == b.Booth }) {
		return errBody("Central has not heard of this booth.")
	}
	if b.Target != drill.Portal && !slices.ContainsFunc(c.o.opt.Systems(), func(s SystemState) bool { return s.Name == b.Target }) {
		return errBody("There is no such system.")
	}
	return nil
}
