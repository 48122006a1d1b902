package office

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"boothd/capture"
	"boothd/cmd/centrald/flow"
	"boothd/cmd/centrald/release"
	"boothd/sync/drill"
	"boothd/sync/exchange"
)

//go:embed page openapi.yaml
var files embed.FS

func serveFile(name, kind string) http.HandlerFunc {
	path := name
	if name != "openapi.yaml" {
		path = "page/" + name
	}
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", kind)
		http.ServeFileFS(w, r, files, path)
	}
}

// view is what a page shows.
type view struct {
	Title   string
	Me      *me    // nil before the sign-in
	Nav     []link // that the officer may use
	Session bool   // there is one to be ended
	Said    string // code of what was just done
	Problem *problem
	Back    *link  // the section that the page belongs to
	Forward string // where the browser goes on to by itself
	Data    any
}

type link struct{ Path, Name, About string }

// nav is all sections with the role that each needs.
var nav = []struct {
	role string
	link
}{
	{RoleSupervisor, link{"/flow", "Flow", "How many checks there were at each crossing point, and what the next hours will bring."}},
	{RoleSupervisor, link{"/systems", "Systems", "Which information systems answer, and which booths hold copies of their data."}},
	{RoleSupervisor, link{"/drills", "Booths and drills", "When booths were last heard of; rehearse a failure at one."}},
	{RoleSecondLine, link{"/work", "Links to verify", "Yellow links that somebody must look at, and by when."}},
	{RoleLawEnforcement, link{"/cases", "Cases", "Ask which systems hold data on a person, and for access to them."}},
	{RoleDataProtection, link{"/access-log", "Access log", "Prove that the log is whole; export a time of it."}},
	{RoleDataProtection, link{"/releases", "Releases", "What was released to whom; ask for a release."}},
}

// pages are the templates, one for each page.
type pages struct{ byName map[string]*template.Template }

func readPages(where *time.Location) (*pages, error) {
	base, err := template.New("layout.html").Funcs(words(where)).ParseFS(files, "page/layout.html")
	if err != nil {
		return nil, err
	}
	entries, err := files.ReadDir("page")
	if err != nil {
		return nil, err
	}
	p := &pages{byName: map[string]*template.Template{}}
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ".html")
		if !ok || name == "layout" {
			continue
		}
		one, err := base.Clone()
		if err == nil {
			one, err = one.ParseFS(files, "page/"+e.Name())
		}
		if err != nil {
			return nil, err
		}
		p.byName[name] = one
	}
	return p, nil
}

// render sends a page to somebody who need not be signed in.
func (o *Office) render(w http.ResponseWriter, status int, name string, v view) {
	var b bytes.Buffer
	if err := o.pages.byName[name].Execute(&b, v); err != nil {
		o.opt.Log.Error("page not made", "page", name, "error", err)
		errInternal().write(w)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write(b.Bytes())
}

// show sends a page to the officer, with the sections that the officer may use.
func (c *call) show(status int, name string, v view) {
	m := c.o.me(c.who)
	v.Me, v.Session = &m, c.who.cookie != ""
	v.Nav = c.o.sections(c.who)
	for i := range v.Nav {
		if strings.HasPrefix(c.URL.Path+"/", v.Nav[i].Path+"/") || v.Nav[i].Path == "/work" && strings.HasPrefix(c.URL.Path, "/links/") {
			v.Back = &v.Nav[i]
		}
	}
	c.o.render(c.w, status, name, v)
}

func (o *Office) sections(w *who) []link {
	there := map[string]bool{
		"/flow": o.opt.Flow != nil, "/work": o.opt.Links != nil, "/cases": o.opt.Cases != nil, "/releases": o.opt.Releases != nil,
		"/systems": true, "/drills": true, "/access-log": true,
	}
	var may []link
	for _, n := range nav {
		if w.Is(n.role) && there[n.Path] {
			may = append(may, n.link)
		}
	}
	return may
}

func (o *Office) showHome(c *call) error {
	c.show(http.StatusOK, "home", view{Title: "Office"})
	return nil
}

// words are what the templates say things with.
func words(where *time.Location) template.FuncMap {
	const layout = "2 Jan 2006 15:04"
	return template.FuncMap{
		"at":    func(t time.Time) string { return t.In(where).Format(layout) },
		"hour":  func(t time.Time) string { return t.In(where).Format("Mon 2 Jan, 15:04") },
		"zone":  func() string { return where.String() },
		"said":  func(code string) string { return said[code] },
		"count": countWord,
		"sum":   func(h flow.Hour) string { return fmt.Sprint(h.Total) },
		"of":    func(h flow.Hour, o capture.Outcome) flow.Count { return h.Outcomes[o] },
		"outcome": func(o capture.Outcome) string {
			return orWord(outcomeWords, o)
		},
		"colour":  func(c capture.LinkColour) string { return c.Meaning() },
		"state":   func(s capture.State) string { return orWord(stateWords, s) },
		"drill":   func(s DrillState) string { return orWord(drillWords, s) },
		"answers": func(s State) string { return orWord(systemWords, s) },
		"kind":    func(k exchange.Recipient) string { return orWord(kindWords, k) },
		"field":   func(f release.Field) string { return strings.ReplaceAll(string(f), "_", " ") },
		"refused": func(r release.Reason) string { return orWord(refusedWords, r) },
		"target":  targetWord,
		"since":   sinceWord,
		"round":   func(d time.Duration) string { return d.Round(time.Second).String() },
		"join":    func(s []string) string { return strings.Join(s, ", ") },
	}
}

// said are the sentences about what was just done.
var said = map[string]string{
	"ordered":  "The drill is ordered. The booth begins when it gets the order.",
	"taken":    "The work is yours.",
	"returned": "The work is given back.",
	"verified": "The verification is recorded.",
	"declined": "The reason is recorded.",
	"closed":   "The case is closed.",
}

var outcomeWords = map[capture.Outcome]string{
	capture.OutcomeClear: "Clear", capture.OutcomeRefer: "Second line", capture.OutcomeStop: "Stopped",
	capture.OutcomeIncomplete: "Incomplete", flow.Abandoned: "Abandoned",
}

var stateWords = map[capture.State]string{
	capture.StateHit: "Hit", capture.StatePossible: "Possible: compare", capture.StateNoHit: "Nothing found",
	capture.StateUnavailable: "Not known: unavailable", capture.StateStale: "Not known for sure: old data",
}

var drillWords = map[DrillState]string{
	DrillOrdered: "ordered, no report yet", DrillSilent: "no report came", DrillReported: "reported", DrillAborted: "broken off",
}

var systemWords = map[State]string{StateAnswers: "answers", StateSilent: "does not answer", StateUnknown: "not asked yet"}

var kindWords = map[exchange.Recipient]string{
	exchange.Own: "own authority", exchange.LawEnforcement: "law enforcement of a member state",
	exchange.EUAgency: "agency of the Union", exchange.NGO: "organisation under a protocol",
	exchange.ThirdCountry: "third country", exchange.Private: "private person",
}

var refusedWords = map[release.Reason]string{
	release.ReasonRecipient: "refused: recipient", release.ReasonIncomplete: "refused: not stated", release.ReasonProtocol: "refused: no protocol",
	release.ReasonFields: "refused: fields", release.ReasonMinor: "refused: minor",
}

// orWord returns the words for a code, or the code where there are none.
func orWord[K ~string](words map[K]string, code K) string {
	if word, ok := words[code]; ok {
		return word
	}
	return string(code)
}

func targetWord(target string) string {
	if target == drill.Portal {
		return "the line to central"
	}
	return target
}

func countWord(c flow.Count) string {
	if c.Few {
		return fmt.Sprintf("1 to %d", flow.Small-1)
	}
	return fmt.Sprint(c.N)
}
