package office

import (
	"context"
	"crypto/rand"
	"net/http"
	"time"

	"boothd/capture"
	"boothd/cmd/centrald/identity"
	"boothd/cmd/centrald/search"
	"boothd/sync/grant"
	"boothd/sync/profile"
	"boothd/sync/system"
)

func (o *Office) caseRoutes() []route {
	return []route{
		{"GET /cases", RoleLawEnforcement, "see the own cases", o.showCases},
		{"POST /cases", RoleLawEnforcement, "open a case", o.submitCase},
		{"GET /cases/{case}", RoleLawEnforcement, "see a flag", o.showCase},
		{"POST /cases/{case}/access", RoleLawEnforcement, "ask a flagged system", o.submitAccess},
		{"POST /cases/{case}/decline", RoleLawEnforcement, "decline a flagged system", o.submitDecline},
		{"POST /cases/{case}/close", RoleLawEnforcement, "close a case", o.submitClose},
		{"GET /v1/cases", RoleLawEnforcement, "see the own cases", o.getCases},
		{"POST /v1/cases", RoleLawEnforcement, "open a case", o.postCase},
		{"GET /v1/cases/{case}", RoleLawEnforcement, "see a flag", o.getCase},
		{"POST /v1/cases/{case}/access", RoleLawEnforcement, "ask a flagged system", o.postAccess},
		{"POST /v1/cases/{case}/decline", RoleLawEnforcement, "decline a flagged system", o.postDecline},
		{"POST /v1/cases/{case}/close", RoleLawEnforcement, "close a case", o.postClose},
	}
}

// flag is the first step's answer: which systems hold data on the person.
type flag struct {
	ID      string        `json:"id"`
	State   capture.State `json:"state"`
	Reason  string        `json:"reason,omitempty"`
	Systems []string      `json:"systems"`
	AsOf    time.Time     `json:"as_of"`
}

func flagOf(id string, r system.Reply) flag {
	f := flag{ID: id, State: r.State, Reason: r.Reason, Systems: []string{}, AsOf: r.AsOf}
	for _, fact := range r.Facts {
		if fact.Code == capture.FactHolds {
			f.Systems = append(f.Systems, fact.Value)
		}
	}
	return f
}

// opening makes a case of what the officer says of the person, less what the profile does
// not let the repository be asked with. The systems are asked by that alone by which the
// authorisation names the person, or one about a document would open what is held on
// another's name.
func (c *call) opening(b *caseBody) (identity.Opening, error) {
	p, err := c.o.profile(c.who)
	if err != nil {
		return identity.Opening{}, err
	}
	allowed, ok := p.May(system.CIR, capture.ModalityDocument)
	if !ok {
		return identity.Opening{}, errNotInProfile()
	}
	one := &b.Person
	q := system.Question{
		ID: rand.Text(), System: system.CIR, Officer: c.who.Officer, Category: p.Category, Purpose: p.Purpose,
		LegalBasis: p.LegalBasis, At: c.o.opt.Now().UTC(),
		DocumentNumber: one.DocumentNumber, Issuer: one.Issuer, Surname: one.Surname, GivenNames: one.GivenNames,
		BirthDate: one.BirthDate, Sex: one.Sex, Nationality: one.Nationality,
	}
	if err := q.Check(); err != nil {
		return identity.Opening{}, err
	}
	subject := grant.SubjectOf(one.DocumentNumber, one.Issuer)
	if b.Named == namedByName {
		subject = grant.SubjectOfPerson(one.Surname, one.GivenNames, one.BirthDate)
		q.DocumentNumber, q.Issuer = "", ""
	} else {
		q.Surname, q.GivenNames, q.BirthDate, q.Sex, q.Nationality = "", "", "", "", ""
	}
	q.Keep(search.Fields(&allowed))
	if q.DocumentNumber == "" && q.Surname == "" {
		return identity.Opening{}, errBody("Your profile may not ask by that by which the authorisation will name the person.")
	}
	return identity.Opening{
		Who: identity.Who{Officer: c.who.Officer, Profile: p.Name}, Aim: b.Aim, Offence: b.Offence, File: b.File,
		Subject: subject, Question: q,
	}, nil
}

func errNotInProfile() *problem {
	return newProblem(http.StatusForbidden, "profile", "Your profile does not permit this question.", "Choose another of your profiles, or have it looked at.")
}

func (c *call) openCase() (flag, error) {
	var b caseBody
	if err := c.read(&b); err != nil {
		return flag{}, err
	}
	opening, err := c.opening(&b)
	if err != nil {
		return flag{}, err
	}
	id, reply, err := c.o.opt.Cases.Open(c.Context(), opening)
	if err != nil {
		return flag{}, err
	}
	ctx := context.WithoutCancel(c.Context())
	if err := c.o.opt.Book.addCase(ctx, id, opening.Officer, opening.Profile, opening.File); err != nil {
		c.o.opt.Log.ErrorContext(ctx, "case not in its officer's list", "case", id, "error", err)
	}
	return flagOf(id, reply), nil
}

// at returns which case is meant and who acts under which profile.
func (c *call) at() (identity.Who, string, error) {
	p, err := c.o.profile(c.who)
	if err != nil {
		return identity.Who{}, "", err
	}
	id, err := c.id("case")
	return identity.Who{Officer: c.who.Officer, Profile: p.Name}, id, err
}

func (c *call) flag() (flag, error) {
	who, id, err := c.at()
	if err != nil {
		return flag{}, err
	}
	reply, err := c.o.opt.Cases.Read(c.Context(), who, id)
	return flagOf(id, reply), err
}

// answer is what a flagged system says in full, as far as the profile lets it through.
type answer struct {
	System   string            `json:"system"`
	State    capture.State     `json:"state"`
	Reason   string            `json:"reason,omitempty"`
	Findings []capture.Finding `json:"findings"`
	Facts    []capture.Fact    `json:"facts"`
	Links    []capture.Link    `json:"links"`
	AsOf     time.Time         `json:"as_of,omitzero"`
}

func (c *call) access() (answer, error) {
	var b accessBody
	if err := c.read(&b); err != nil {
		return answer{}, err
	}
	who, id, err := c.at()
	if err != nil {
		return answer{}, err
	}
	p, err := c.o.profile(c.who)
	if err != nil {
		return answer{}, err
	}
	allowed, ok := p.May(b.System, capture.ModalityDocument)
	if !ok {
		return answer{}, errNotInProfile()
	}
	reply, err := c.o.opt.Cases.Access(c.Context(), who, id, b.System, b.Grant)
	if err == nil {
		reply, err = reply.Checked(c.o.opt.Now())
	}
	if err != nil {
		return answer{}, err
	}
	return answerOf(b.System, reply, p, &allowed), nil
}

// answerOf leaves out of a reply what the profile does not return and what its officer is
// not cleared for, as a search does.
func answerOf(name string, r system.Reply, p *profile.Profile, allowed *profile.System) answer {
	shown := search.Minimise(r, p, allowed).Shown(p.Cleared)
	for i := range shown.Findings {
		shown.Findings[i].Explanation = nil // it explains a match at a booth; nobody is compared here
	}
	return answer{System: name, State: shown.State, Reason: shown.Reason, AsOf: r.AsOf,
		Findings: append([]capture.Finding{}, shown.Findings...),
		Facts:    append([]capture.Fact{}, shown.Facts...),
		Links:    append([]capture.Link{}, shown.Links...)}
}

func (c *call) decline() error {
	var b declineBody
	if err := c.read(&b); err != nil {
		return err
	}
	who, id, err := c.at()
	if err != nil {
		return err
	}
	return c.o.opt.Cases.Decline(c.Context(), who, id, b.System, b.Reason)
}

func (c *call) closeCase() error {
	who, id, err := c.at()
	if err != nil {
		return err
	}
	if err := c.o.opt.Cases.Close(c.Context(), who, id); err != nil {
		return err
	}
	ctx := context.WithoutCancel(c.Context())
	if err := c.o.opt.Book.closeCase(ctx, id, who.Officer); err != nil {
		c.o.opt.Log.ErrorContext(ctx, "case stays open in its officer's list", "case", id, "error", err)
	}
	return nil
}

func (c *call) ownCases() ([]Case, error) {
	p, err := c.o.profile(c.who)
	if err != nil {
		return nil, err
	}
	return c.o.opt.Book.cases(c.Context(), c.who.Officer, p.Name)
}

func (o *Office) getCases(c *call) error {
	all, err := c.ownCases()
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, all)
}

func (o *Office) postCase(c *call) error {
	f, err := c.openCase()
	if err != nil {
		return err
	}
	return c.reply(http.StatusCreated, f)
}

func (o *Office) getCase(c *call) error {
	f, err := c.flag()
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, f)
}

func (o *Office) postAccess(c *call) error {
	a, err := c.access()
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, a)
}

func (o *Office) postDecline(c *call) error { return c.reportDone((*call).decline) }
func (o *Office) postClose(c *call) error   { return c.reportDone((*call).closeCase) }

func (o *Office) showCases(c *call) error {
	all, err := c.ownCases()
	if err != nil {
		return err
	}
	c.show(http.StatusOK, "cases", view{Title: "Cases", Said: c.param("said"), Data: all})
	return nil
}

func (o *Office) submitCase(c *call) error {
	f, err := c.openCase()
	if err != nil {
		return err
	}
	c.seeOther("/cases/" + f.ID)
	return nil
}

func (o *Office) showCase(c *call) error {
	f, err := c.flag()
	if err != nil {
		return err
	}
	c.show(http.StatusOK, "case", view{Title: "Case", Said: c.param("said"), Data: f})
	return nil
}

// submitAccess shows what the system says. It is not kept, so the page cannot be called up
// again.
func (o *Office) submitAccess(c *call) error {
	a, err := c.access()
	if err != nil {
		return err
	}
	c.show(http.StatusOK, "answer", view{Title: "Answer", Data: struct {
		answer
		Case string
	}{a, c.PathValue("case")}})
	return nil
}

func (o *Office) submitDecline(c *call) error {
	return c.goOn((*call).decline, "/cases/"+c.PathValue("case")+"?said=declined")
}

func (o *Office) submitClose(c *call) error { return c.goOn((*call).closeCase, "/cases?said=closed") }
