package office_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"boothd/capture"
	"boothd/cmd/centrald/office"
	"boothd/internal/testtool"
	"boothd/sync/signin"
)

// browser is a page in a headless Chromium.
type browser struct {
	t   *testing.T
	ctx context.Context
}

func openBrowser(t *testing.T) *browser {
	t.Helper()
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(testtool.Path(t, "chromium")), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-component-update", true), chromedp.WSURLReadTimeout(time.Minute))
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	// The browser lives as long as the context of the first action.
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1280, 900)); err != nil {
		t.Fatal(err)
	}
	return &browser{t: t, ctx: ctx}
}

func (b *browser) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.t.Fatalf("browser: %v; the page shows:\n%s", err, b.text())
	}
}

func evaluate[T any](b *browser, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.t.Fatalf("evaluate %s: %v", expression, err)
	}
	return v
}

func (b *browser) text() string { return evaluate[string](b, `document.body?.innerText ?? ''`) }

// reads waits until all of the words can be read on the page.
func (b *browser) reads(words ...string) {
	b.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		text, missing := b.text(), ""
		for _, w := range words {
			if !strings.Contains(text, w) {
				missing = w
			}
		}
		if missing == "" {
			return
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("waited for %q; the page shows:\n%s", missing, text)
		}
		evaluate[int](b, `document.querySelectorAll('*').length`)
	}
}

// keys types as a person would: into whatever has the focus.
func (b *browser) keys(text string) {
	b.t.Helper()
	b.do(chromedp.KeyEvent(text))
}

// tabTo moves the focus with the tabulator until the element has it.
func (b *browser) tabTo(selector string) {
	b.t.Helper()
	for range 60 {
		if evaluate[bool](b, `document.activeElement.matches(`+"`"+selector+"`"+`)`) {
			return
		}
		b.keys(kb.Tab)
	}
	b.t.Fatalf("%s is not reached by keyboard", selector)
}

func (b *browser) signIn(p *place, o signin.Officer) {
	b.t.Helper()
	b.do(chromedp.Navigate(p.office.URL + "/"))
	b.reads("You are sent to")
	b.tabTo("a.button")
	b.keys(kb.Enter)
	b.reads("Passphrase")
	b.do(chromedp.SendKeys("input[name=officer]", o.ID))
	b.do(chromedp.SendKeys("input[name=passphrase]", passphrase+kb.Enter))
	b.reads(o.ID)
}

// shot saves a picture of the whole page among the test's artifacts.
func (b *browser) shot(name string) {
	b.t.Helper()
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		b.t.Fatal(err)
	}
	dir := b.t.ArtifactDir()
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// looks takes the page as it is on a wide and a narrow screen, light and dark, and proves
// that a narrow one need not be moved sideways.
func (b *browser) looks(name string) {
	b.t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
		if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, media); err != nil {
			b.t.Fatal(err)
		}
		b.do(chromedp.EmulateViewport(1280, 900))
		b.shot(name + "-" + scheme)
	}
	b.do(chromedp.EmulateViewport(390, 800))
	b.shot(name + "-narrow")
	if wide := evaluate[int](b, `document.documentElement.scrollWidth`); wide > 390 {
		b.t.Errorf("%s is %d wide on a screen of 390", name, wide)
	}
	b.do(chromedp.EmulateViewport(1280, 900))
}

func TestPeopleWorkInTheBrowser(t *testing.T) {
	testtool.Need(t, "chromium")
	p := newPlace(t, openSQLite(t))
	p.crowd()
	p.record(someRecord("kotoka-1"))
	p.record(someRecord("kotoka-2"))
	p.record(reported("kotoka-2", "D1"))
	p.holds("kotoka-1", day0, copyOf("sis-persons", 418, day0.Add(-50*time.Minute)), copyOf("sltd", 97, day0.Add(-5*time.Hour)))
	p.holds("patrol-12", day0.Add(-58*time.Hour), copyOf("sis-persons", 404, day0.Add(-61*time.Hour)))
	p.holds("patrol-7", day0.Add(-4*time.Hour), copyOf("sis-persons", 417, day0.Add(-6*time.Hour)))

	t.Run("the shift leader looks at the flow and orders a drill", func(t *testing.T) {
		b := openBrowser(t)
		b.signIn(p, shift)
		b.looks("home")
		b.tabTo(`nav a[href="/flow"]`)
		b.keys(kb.Enter)
		b.reads("Kotoka, hall 2", "Second line", "Mostly between")
		if got := evaluate[string](b, `getComputedStyle(document.querySelector('svg .bar')).fill`); got != "rgb(53, 102, 155)" {
			t.Errorf("the plot has no style of its own: %s", got)
		}
		b.looks("flow")
		b.do(chromedp.Navigate(p.office.URL + "/systems"))
		b.reads("does not answer", "not asked yet", "1 of 4 overdue.", "▲ overdue", "○ silent for 4 h")
		if cut := evaluate[int](b, `[...document.querySelectorAll('.wide')].filter(e => e.scrollWidth > e.clientWidth).length`); cut != 0 {
			t.Errorf("%d tables of the systems' page do not fit a wide screen", cut)
		}
		b.looks("systems")
		b.do(chromedp.Navigate(p.office.URL + "/drills"))
		b.reads("Order a drill")
		b.tabTo("input[name=minutes]")
		b.keys("20")
		b.tabTo(`form[action="/drills"] button`)
		b.keys(kb.Enter)
		b.reads("The drill is ordered.", "ordered, no report yet")
		b.looks("drills")
		if events := must(p.alerts.List(t.Context(), 10))(t); len(events) != 1 || events[0].Name != "drill" {
			t.Errorf("events: %+v", events)
		}
	})
	t.Run("the second line verifies a yellow link", func(t *testing.T) {
		b := openBrowser(t)
		b.signIn(p, second)
		b.do(chromedp.Navigate(p.office.URL + "/work"))
		b.reads("yellow", "EES, VIS")
		b.tabTo(`form[action$="/take"] button`)
		b.keys(kb.Enter)
		b.reads("The work is yours.", "Record the verification")
		b.looks("work")
		b.tabTo("input[name=colour]")
		b.keys(" ")
		b.tabTo("textarea[name=why]")
		b.keys("the day and the month were swapped by a clerk")
		b.tabTo(`form[action$="/verify"] button`)
		b.keys(kb.Enter)
		b.reads("The verification is recorded.", "There is no link to verify.")
		history := must(p.links.History(t.Context(), p.link))(t)
		if last := history[len(history)-1]; last.Officer != second.ID || last.Colour != capture.LinkWhite {
			t.Errorf("%+v", history)
		}
	})
	t.Run("law enforcement opens a case", func(t *testing.T) {
		b := openBrowser(t)
		b.signIn(p, law)
		b.do(chromedp.Navigate(p.office.URL + "/cases"))
		b.reads("Open a case")
		b.looks("cases")
		b.do(chromedp.SetValue("select[name=aim]", "investigation"), chromedp.SetValue("select[name=offence]", "serious"))
		b.do(chromedp.SendKeys("input[name=file]", "UT-2026-17"), chromedp.SendKeys("input[name=document_number]", "L898902C3"),
			chromedp.SendKeys("input[name=issuer]", "uto"), chromedp.Click("input[value=document]"))
		b.do(chromedp.Click(`form[action="/cases"] button`))
		b.reads("Data on the person is held by EES, VIS")
		b.looks("case")
	})
	t.Run("the data protection officer verifies the log", func(t *testing.T) {
		b := openBrowser(t)
		b.signIn(p, protects)
		b.do(chromedp.Navigate(p.office.URL + "/access-log"))
		b.do(chromedp.Click(`form[action="/access-log/proof"] button`))
		b.reads("The log is whole")
		b.looks("log")
		p.send(request{method: "POST", path: "/releases", token: p.token(protects), body: "system=EES&entry=E1&kind=own&to=unit+4&purpose=inquiry&legal_basis=Art+41&field=names&field=sex"})
		p.send(request{method: "POST", path: "/releases", token: p.token(protects), body: "system=EES&entry=C1&kind=law-enforcement&to=Police&purpose=inquiry&legal_basis=Art+41&field=names"})
		b.do(chromedp.Navigate(p.office.URL + "/releases"))
		b.reads("refused: minor")
		b.looks("releases")
	})
	if d := decode[[]office.Drill](t, p.send(request{method: "GET", path: "/v1/drills", token: p.token(shift)})); len(d) != 2 || d[0].Minutes != 20 && d[1].Minutes != 20 {
		t.Errorf("drills: %+v", d)
	}
}
