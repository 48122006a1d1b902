package console_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"boothd/capture"
	"boothd/capture/check"
	"boothd/cmd/boothd/console"
)

// looks is everything on the page that a person, or a program that reads it aloud, could notice:
// each element with its attributes, its text, its place and size and its colours. The clock and
// the booth's place, in which the test counts its steps, are left out.
const looks = `(() => {
  const seen = [document.title, document.activeElement.tagName, document.activeElement.className, polite.textContent, urgent.textContent];
  for (const e of document.querySelectorAll('#app *')) {
    if (e.closest('.clock, .place')) continue;
    const box = e.getBoundingClientRect(), style = getComputedStyle(e);
    seen.push([e.tagName, ...[...e.attributes].map((a) => a.name + '=' + a.value), e.children.length ? '' : e.textContent,
      box.x, box.y, box.width, box.height, style.color, style.backgroundColor, style.borderColor, style.opacity].join(' '));
  }
  return seen.join('\n');
})()`

// watch notes what changes on the page from now on, but for the clock and the place.
const watch = `(() => {
  window.changes = [];
  new MutationObserver((all) => {
    const at = (m) => (m.target instanceof Element ? m.target : m.target.parentElement);
    const same = (m) => m.type === 'attributes' && m.oldValue === m.target.getAttribute(m.attributeName);
    window.changes.push(...all.filter((m) => !same(m)).map(at).filter((e) => !e?.closest('.clock, .place')).map((e) => e?.outerHTML.slice(0, 200)));
  }).observe(document.body, { subtree: true, childList: true, attributes: true, attributeOldValue: true, characterData: true });
  return true;
})()`

// veiled is a check with links, facts and several answers of each system, and an alert; the
// hidden one has discreet findings, links and an alert besides. Ages are such as stay the same
// word while the test looks.
func veiled(hidden bool) check.View {
	v := alerted(doubled())
	at := time.Now().Add(-90 * time.Second)
	for i := range v.Check.Lines {
		v.Check.Lines[i].AsOf = at
	}
	sis := &v.Check.Lines[4]
	secret := sis.Links[0].Link
	sis.Links, sis.Answer.Links = nil, nil
	if !hidden {
		return v
	}
	f := hitFinding()
	f.Category, f.Action, f.Discreet = "Discreet check", "Note vehicle and companions; let pass", true
	for i := range v.Check.Lines {
		l := &v.Check.Lines[i]
		if l.System == "SIS" || l.System == "VIS" {
			l.State, l.Findings, l.Rest = capture.StateHit, []capture.Finding{f}, &capture.Rest{State: capture.StateNoHit}
			links := []capture.Link{secret}
			for _, k := range l.Links {
				links = append(links, k.Link)
			}
			withLinks(l, links...)
		}
	}
	late := v.Alerts[0]
	late.ID, late.Cause, late.Answer.System, late.Answer.Findings = "A2", check.CauseListUpdate, "SIS", []capture.Finding{f}
	v.Alerts = append(slices.Clone(v.Alerts), late)
	return v
}

// TestPageTellsNothingOfWhatIsDiscreet compares the whole page of an officer without clearance,
// element by element and pixel by pixel of their boxes, with and without discreet findings, links
// and alerts, and wants that nothing moves when these come.
func TestPageTellsNothingOfWhatIsDiscreet(t *testing.T) {
	plain, hidden := veiled(false), veiled(true)
	for _, l := range plain.Check.Lines {
		for i := range hidden.Check.Lines {
			if h := &hidden.Check.Lines[i]; h.System == l.System && h.Modality == l.Modality && h.Source == l.Source {
				h.AsOf, h.At = l.AsOf, l.At
			}
		}
	}
	hidden.Check.Started, hidden.Alerts[0].At = plain.Check.Started, plain.Alerts[0].At
	for i, l := range plain.Check.Lines { // the yellow link's day is the same
		for n, k := range l.Links {
			for m := range hidden.Check.Lines[i].Links {
				if h := &hidden.Check.Lines[i].Links[m]; h.ID == k.ID {
					h.Due = plain.Check.Lines[i].Links[n].Due
				}
			}
		}
	}

	b := openBrowser(t)
	var step atomic.Int64
	booth := serve(t, func(cfg *console.Config) {
		cfg.Status = func(context.Context) console.BoothStatus {
			st := calmStatus()
			st.Place = fmt.Sprintf("step %d", step.Load())
			for i := range st.Lists {
				st.Lists[i].AsOf = plain.Check.Started
			}
			return st
		}
	})
	// passed waits until the page has had everything that was sent before now.
	passed := func() {
		t.Helper()
		b.reads(fmt.Sprintf("step %d", step.Add(1)))
	}

	booth.show(plain)
	b.signIn(booth.URL, token)
	b.reads("Yellow link", "Late hit in SLTD", "23 days left")
	passed()
	without := evaluate[string](b, looks)
	b.truth(watch)
	booth.show(hidden)
	passed()
	if changed := evaluate[[]string](b, `window.changes`); len(changed) != 0 {
		t.Errorf("%d things changed on the page when something discreet came: %q", len(changed), changed)
	}
	same(t, "after something discreet came", without, evaluate[string](b, looks))
	b.press("a")
	b.reads("Take this alert off every page of the booth?")
	b.press("\x1b")

	b.do(navigate(booth.URL)) // the page as it is drawn afresh
	b.reads("Yellow link", "Late hit in SLTD", "23 days left")
	passed()
	fresh := evaluate[string](b, looks)
	booth.show(plain)
	b.do(navigate(booth.URL))
	b.reads("Yellow link", "Late hit in SLTD", "23 days left")
	passed()
	same(t, "drawn afresh", evaluate[string](b, looks), fresh)

	cleared := openBrowser(t) // what was kept from the other is there
	booth.show(hidden)
	cleared.signIn(booth.URL, clearedToken)
	cleared.reads("Late discreet finding in SIS", "Red link", "The traveller must not notice.", "let pass")
	if cleared.truth(`urgent.textContent !== '' || polite.textContent.includes('SIS')`) {
		t.Error("something discreet is spoken aloud")
	}
}

func same(t *testing.T, when, want, got string) {
	t.Helper()
	if want == got {
		return
	}
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			t.Errorf("%s, element %d of the page differs:\n%.300s\n%.300s", when, i, a[i], b[i])
			return
		}
	}
	t.Errorf("%s the page has %d elements, want %d", when, len(b), len(a))
}
