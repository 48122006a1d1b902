package office

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"boothd/cmd/centrald/accesslog"
)

const apiRoot = "/v1/"

// kindOffice is an access log entry about a request of an officer at central. Its Detail
// names the deed, what it is done to by id, and why it was refused.
const kindOffice accesslog.Kind = "office"

// route is one thing that officers can do.
type route struct {
	pattern string // of net/http
	role    string // empty: any officer
	deed    string // as the access log calls it
	do      func(*call) error
}

// routes are all of them, for the parts that there are.
func (o *Office) routes() []route {
	all := []route{
		{"GET /{$}", "", "open the first page", o.showHome},
		{"POST /profile", "", "choose a profile", o.chooseProfile},
		{"POST /logout", "", "sign out", o.logout},
		{"GET /v1/me", "", "ask who is signed in", o.getMe},

		{"GET /systems", RoleSupervisor, "see the systems", o.showSystems},
		{"GET /v1/systems", RoleSupervisor, "see the systems", o.getSystems},
		{"GET /v1/booths", RoleSupervisor, "see the booths", o.getBooths},
		{"GET /v1/drills", RoleSupervisor, "see the drills", o.getDrills},
		{"GET /drills", RoleSupervisor, "see booths and drills", o.showDrills},

		{"GET /access-log", RoleDataProtection, "see the access log's head", o.showLog},
		{"POST /access-log/proof", RoleDataProtection, "verify the access log", o.showProof},
		{"POST /access-log/export", RoleDataProtection, "export the access log", o.export},
		{"POST /v1/access-log/proof", RoleDataProtection, "verify the access log", o.postProof},
		{"POST /v1/access-log/export", RoleDataProtection, "export the access log", o.export},
	}
	if o.opt.Flow != nil {
		all = append(all,
			route{"GET /flow", RoleSupervisor, "see the flow", o.showFlow},
			route{"GET /v1/flow", RoleSupervisor, "see the flow", o.getFlow})
	}
	if o.opt.Copies != nil {
		all = append(all, route{"GET /v1/copies", RoleSupervisor, "see the technical copies", o.getCopies})
	}
	if o.opt.Alerts != nil {
		all = append(all,
			route{"POST /drills", RoleSupervisor, "order a drill", o.submitDrill},
			route{"POST /v1/drills", RoleSupervisor, "order a drill", o.postDrill})
	}
	if o.opt.Links != nil {
		all = append(all, o.workRoutes()...)
	}
	if o.opt.Cases != nil {
		all = append(all, o.caseRoutes()...)
	}
	if o.opt.Releases != nil {
		all = append(all,
			route{"GET /releases", RoleDataProtection, "see the releases", o.showReleases},
			route{"POST /releases", RoleDataProtection, "ask for a release", o.submitRelease},
			route{"GET /v1/releases", RoleDataProtection, "see the releases", o.getReleases},
			route{"POST /v1/releases", RoleDataProtection, "ask for a release", o.postRelease})
	}
	return all
}

// call is one request of an officer who is known.
type call struct {
	*http.Request
	o     *Office
	w     http.ResponseWriter
	route route
	who   *who
}

// isAPI reports whether a program wants JSON.
func (c *call) isAPI() bool { return strings.HasPrefix(c.URL.Path, apiRoot) }

// serve makes a handler of a route: it finds out who asks, refuses who may not, and logs
// both before anything is answered.
func (o *Office) serve(r route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		c := &call{Request: req, o: o, w: w, route: r}
		var err error
		if c.who, err = o.who(req); err != nil {
			c.unknown(err)
			return
		}
		if r.role != "" && !c.who.Is(r.role) {
			c.refuse(errRole(), c.log("role"))
			return
		}
		if err := c.log(""); err != nil {
			c.fail(err)
			return
		}
		if err := r.do(c); err != nil {
			c.refuse(err, nil)
		}
	})
}

// unknown answers somebody who is not signed in. A page leads to the sign-in.
func (c *call) unknown(err error) {
	p := asProblem(err)
	if p.Status == http.StatusInternalServerError {
		c.o.opt.Log.ErrorContext(c.Context(), "officer not known", "route", c.route.pattern, "error", err)
	}
	switch {
	case c.isAPI():
		if p.Status == http.StatusUnauthorized {
			c.w.Header().Set("WWW-Authenticate", "Bearer")
		}
		p.write(c.w)
	case c.Method == http.MethodGet && p.Status == http.StatusUnauthorized:
		http.Redirect(c.w, c.Request, loginPath, http.StatusSeeOther)
	default:
		c.o.render(c.w, p.Status, "login", view{Title: "Sign in", Problem: p})
	}
}

// refuse answers an error, unless even that it was refused could not be logged. What was
// asked to be changed and was not is logged once more.
func (c *call) refuse(err error, notLogged error) {
	p := asProblem(err)
	if p.Status == http.StatusInternalServerError {
		c.o.opt.Log.ErrorContext(c.Context(), "request failed", "route", c.route.pattern, "error", err)
	}
	if notLogged == nil && c.Method != http.MethodGet && p.code != "role" {
		notLogged = c.log(p.code)
	}
	c.fail(errors.Join(notLogged, err))
}

// fail answers the first problem of an error.
func (c *call) fail(err error) {
	p := asProblem(err)
	if c.isAPI() {
		p.write(c.w)
		return
	}
	c.show(p.Status, "problem", view{Title: "Not done", Problem: p})
}

// log writes an entry about the request. refused is the code of the problem it ends with.
func (c *call) log(refused string) error {
	detail := map[string]string{"deed": c.route.deed}
	if refused != "" {
		detail["refused"] = refused
	}
	e := accesslog.Entry{Kind: kindOffice, Officer: c.who.Officer, Profile: c.o.working(c.who), Detail: detail}
	for _, name := range []string{"item", "link"} {
		if id := c.PathValue(name); idPattern.MatchString(id) {
			detail[name] = id
		}
	}
	if id := c.PathValue("case"); idPattern.MatchString(id) {
		e.Case = id
	}
	// Who goes away before the answer has asked all the same.
	if _, err := c.o.opt.Access.Append(context.WithoutCancel(c.Context()), e); err != nil {
		c.o.opt.Log.ErrorContext(c.Context(), "request not logged", "route", c.route.pattern, "error", err)
		return errNotLogged()
	}
	return nil
}

// reply sends JSON.
func (c *call) reply(status int, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	c.w.Header().Set("Content-Type", "application/json")
	c.w.WriteHeader(status)
	c.w.Write(data)
	return nil
}

// done tells a program that there is nothing more to say.
func (c *call) done() error {
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// seeOther leads the browser to a page.
func (c *call) seeOther(path string) {
	http.Redirect(c.w, c.Request, path, http.StatusSeeOther)
}

// param returns a parameter of the address. Of a body, which has a limit where one is taken,
// nothing is read.
func (c *call) param(name string) string { return c.URL.Query().Get(name) }

// id returns the id that the path names, or that there is nothing of such a name.
func (c *call) id(name string) (string, error) {
	id := c.PathValue(name)
	if !idPattern.MatchString(id) {
		return "", errNotThere()
	}
	return id, nil
}

// notThere answers what is no route. It tells everybody the same.
func (o *Office) notThere(w http.ResponseWriter, r *http.Request) {
	p := errNotThere()
	if strings.HasPrefix(r.URL.Path, apiRoot) {
		p.write(w)
		return
	}
	o.render(w, p.Status, "login", view{Title: "Not there", Problem: p})
}

// me is who is signed in.
type me struct {
	Officer  string   `json:"officer"`
	Roles    []string `json:"roles"`
	Profiles []string `json:"profiles"`          // in force, to choose from
	Profile  string   `json:"profile,omitempty"` // the one in use
}

func (o *Office) me(w *who) me {
	m := me{Officer: w.Officer, Roles: []string{}, Profiles: o.choices(w), Profile: o.working(w)}
	m.Roles = append(m.Roles, w.Roles...)
	if m.Profiles == nil {
		m.Profiles = []string{}
	}
	return m
}

func (o *Office) getMe(c *call) error { return c.reply(http.StatusOK, o.me(c.who)) }
