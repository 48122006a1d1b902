package console_test

import (
	"context"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"boothd/internal/testtool"
)

// browser is a page in a headless Chromium.
type browser struct {
	t          *testing.T
	ctx        context.Context
	complaints []string // errors on the page's console
}

func openBrowser(t *testing.T) *browser {
	t.Helper()
	testtool.Need(t, "chromium")
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(testtool.Path(t, "chromium")), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-component-update", true), chromedp.WSURLReadTimeout(time.Minute))
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &browser{t: t, ctx: ctx}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1280, 800)); err != nil {
		t.Fatal(err)
	}
	console := chromedp.Console(ctx)
	var listening sync.WaitGroup
	listening.Go(func() { b.listen(console) })
	t.Cleanup(func() {
		cancel()
		listening.Wait()
		for _, c := range b.complaints {
			t.Errorf("the page complains: %s", c)
		}
	})
	return b
}

// listen notes the errors on the page's console. That requests are refused or not answered
// is no error: this is how the page learns that nobody is signed in or the booth is gone.
func (b *browser) listen(console iter.Seq2[chromedp.ConsoleMessage, error]) {
	for m, err := range console {
		if err != nil {
			return
		}
		wrong := m.Type == chromedp.ConsoleException || m.Type == chromedp.ConsoleError || m.Type == chromedp.ConsoleWarning
		if wrong && !strings.Contains(m.Text, "Failed to load resource") {
			b.complaints = append(b.complaints, m.String())
		}
	}
}

func (b *browser) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.t.Fatalf("browser: %v; the page shows:\n%s", err, b.text())
	}
}

// evaluate returns what a JavaScript expression, or the promise that it makes, comes to.
func evaluate[T any](b *browser, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("evaluate %s: %v", expression, err)
	}
	return v
}

func (b *browser) size(width, height int64) { b.do(chromedp.EmulateViewport(width, height)) }

func (b *browser) dark(on bool) {
	scheme := "light"
	if on {
		scheme = "dark"
	}
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, media); err != nil {
		b.t.Fatal(err)
	}
}

// text is what can be read on the page.
func (b *browser) text() string {
	b.t.Helper()
	return evaluate[string](b, `document.getElementById('app')?.innerText ?? ''`)
}

// reads waits until all of the words can be read on the page.
func (b *browser) reads(words ...string) {
	b.t.Helper()
	b.until(func() bool {
		text := b.text()
		for _, w := range words {
			if !strings.Contains(text, w) {
				return false
			}
		}
		return true
	}, "page to read "+strings.Join(words, ", "))
}

func (b *browser) until(ok func() bool, what string) {
	b.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			b.t.Fatalf("waited for the %s; it shows:\n%s", what, b.text())
		}
		b.truth(`new Promise((done) => setTimeout(() => done(true), 20))`)
	}
}

func (b *browser) truth(expression string) bool {
	b.t.Helper()
	return evaluate[bool](b, expression)
}

// press types keys as a person would: into whatever has the focus. The character comes
// with the key going down, as from a keyboard, so that the page can keep it from being
// typed.
func (b *browser) press(keys string) {
	b.t.Helper()
	for _, r := range keys {
		events := kb.Encode(r)
		for _, e := range events {
			if e.Type == kb.KeyChar {
				events[0].Text = e.Text
			}
		}
		for _, e := range events {
			if e.Type == kb.KeyChar {
				continue
			}
			if _, err := chromedp.Call(b.ctx, input.DispatchKeyEvent, *e); err != nil {
				b.t.Fatalf("press %q: %v", r, err)
			}
		}
	}
}

func navigate(url string) chromedp.Action[chromedp.Void] { return chromedp.Navigate(url) }

// signIn opens the page and signs in by keyboard.
func (b *browser) signIn(url, token string) {
	b.t.Helper()
	b.do(navigate(url))
	b.reads("Officer token")
	b.press(token + kb.Enter)
}

// shot saves a picture of the page.
func (b *browser) shot(name string) {
	b.t.Helper()
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatal(err)
	}
	path := filepath.Join(b.t.ArtifactDir(), name+".png")
	if err := os.WriteFile(path, png, 0o600); err != nil {
		b.t.Fatal(err)
	}
	b.t.Logf("picture: %s", path)
}
