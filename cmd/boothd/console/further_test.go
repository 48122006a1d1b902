package console_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"boothd/capture"
	"boothd/sync/portal"
)

// asks waits until the booth was asked for the deed, and for no other.
func (b *browser) asks(booth *booth, deed string) {
	b.t.Helper()
	var got string
	b.until(func() bool { got = booth.last(); return got != "" }, "booth to be asked")
	if got != deed {
		b.t.Errorf("the booth was asked %s, want %s", got, deed)
	}
	b.until(func() bool { return b.truth(`!document.querySelector('.form')`) }, "form to go")
}

func TestOfficerIdentifiesByKeyboard(t *testing.T) {
	b := openBrowser(t)
	booth := serve(t)
	booth.show(decided(capture.OutcomeRefer))
	b.signIn(booth.URL, token)
	b.reads("Send to the second line")
	b.press("i")
	b.reads("On what ground")
	b.press(kb.Enter)
	b.reads("Choose one of these first.")
	b.press(kb.ArrowRight + kb.ArrowRight + kb.Enter)
	b.asks(booth, `identify C1 doubt_on_document "" by officer-7`)

	booth.show(ofAChild())
	b.reads("7 years")
	b.press("i5" + kb.Enter)
	b.reads("why does it serve the child?", "Why identifying the child serves its best interests")
	if booth.last() != "" {
		t.Error("a child is identified without a reason")
	}
	b.press("lost its parents" + kb.Enter)
	b.asks(booth, `identify C1 unable_or_refusing "lost its parents" by officer-7`)

	booth.show(started()) // without a document the officer's eye tells a child
	b.reads("Place the document on the reader")
	b.press("i1")
	b.reads("On what ground")
	b.press(kb.Tab + "looks eight; alone" + kb.Enter)
	b.asks(booth, `identify C1 no_document "looks eight; alone" by officer-7`)
	b.press("i1" + kb.Enter)
	b.asks(booth, `identify C1 no_document "" by officer-7`)
}

func TestOfficerAttachesAnAuthorisation(t *testing.T) {
	b := openBrowser(t)
	booth := serve(t)
	booth.show(decided(capture.OutcomeClear))
	b.signIn(booth.URL, token)
	b.reads("Nothing speaks against entry")
	b.press("g")
	if b.truth(`Boolean(document.querySelector('.form'))`) {
		t.Error("an authorisation can be attached where none is needed")
	}
	booth.show(doubled())
	b.reads("Needs an authorisation (court) before it says more.", "Withheld")
	b.press("g")
	b.reads("choose the file with the signed text")
	if !b.truth(`document.activeElement.type === 'file'`) {
		t.Error("the choice of files has not the focus")
	}
	b.press(kb.Tab + kb.Enter)
	b.reads("Choose the file first.")
	dir := t.TempDir()
	choose := func(text string) {
		t.Helper()
		path := filepath.Join(dir, "grant.jws")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		b.do(chromedp.SetUploadFiles(`input[type=file]`, []string{path}))
	}
	choose(strings.Repeat("x", 64<<10+1))
	b.press(kb.Enter)
	b.reads("This file is too long to be an authorisation.")
	choose("head.body.signature\n")
	b.press(kb.Enter)
	b.asks(booth, "grant C1 head.body.signature")

	granted := doubled()
	granted.Check.Grant = true
	booth.show(granted)
	b.reads("An authorisation is attached")
}

func TestLinksAreVerifiedOnThePageByTheSecondLine(t *testing.T) {
	b := openBrowser(t)
	booth := serve(t)
	booth.show(doubled())
	b.signIn(booth.URL, token)
	b.reads("Yellow link", "work item W-318")
	b.press("v")
	if text := b.text(); strings.Contains(text, "Verify") || b.truth(`Boolean(document.querySelector('.form'))`) {
		t.Error("the first line is offered to verify a link")
	}
	b.press("l")
	b.reads("Sign out?")
	b.press(kb.Enter)
	b.signIn(booth.URL, clearedToken)
	b.reads("Yellow link", "Verify link")
	b.press("v")
	b.reads("What was found out about the link EES – VIS?")
	b.press("3" + kb.Enter)
	b.reads("Type the reason before you confirm.")
	b.press("married in May")
	booth.err = &portal.StatusError{Code: 409}
	b.press(kb.Enter)
	b.reads("Somebody else has verified this link otherwise.")
	booth.last()
	booth.err = nil
	b.press(kb.Enter)
	b.asks(booth, `verify L1 white "married in May" by officer-8`)
	b.reads("Recorded by central.")

	two := doubled()
	other := two.Check.Lines[0].Links[0].Link
	other.ID, other.Systems = "L9", []string{"EES", "SIS"}
	withLinks(&two.Check.Lines[4], other)
	booth.show(two)
	b.reads("EES – SIS")
	b.press("v")
	b.reads("Which link was verified?")
	b.press("2" + kb.Enter)
	b.reads("What was found out about the link EES – SIS?")
	b.press("1brothers" + kb.Enter)
	b.asks(booth, `verify L9 green "brothers" by officer-8`)
}
