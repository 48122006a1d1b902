package control

import (
	"context"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"boothd/internal/testtool"
)

func TestButtonsSayTheirWordsAndThePageFollows(t *testing.T) {
	server, _ := play(t)
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(testtool.Path(t, "chromium")), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-component-update", true), chromedp.WSURLReadTimeout(time.Minute))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	saysAfter(t, ctx, "boothsim ctl unplug camera\ncamera pulled out",
		chromedp.EmulateViewport(1500, 1000),
		chromedp.Navigate(server.URL),
		chromedp.Click(`#devices button[data-words="unplug camera"]`),
		chromedp.WaitVisible(`#devices button[data-words="plug camera"]`))
	saysAfter(t, ctx, "boothsim ctl present 1 --chip cloned\nthere is no chip reader: it was left out",
		chromedp.WaitVisible(`#chip-lies .warn`),
		chromedp.SetValue("#chip", "cloned"),
		chromedp.WaitVisible(`#cast button[data-words="present 1 --chip cloned"]`),
		chromedp.Click(`#cast button[data-words="present 1 --chip cloned"]`),
		chromedp.WaitVisible("#said li:nth-child(2)"))
	saysAfter(t, ctx, "boothsim ctl list add 22 sltd\ntraveller 22 added to sltd, version 2 published",
		chromedp.SetValue("#number", "22"),
		chromedp.Click(`#lists button[data-words="list add N sltd"]`),
		chromedp.WaitVisible("#said li:nth-child(3)"))
}

// saysAfter does the steps and compares what the page then says of the last command.
func saysAfter(t *testing.T, ctx context.Context, want string, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
	said, err := chromedp.Run(ctx, chromedp.Text("#said li"))
	if err != nil || said != want {
		t.Errorf("the page says %q, %v; want %q", said, err, want)
	}
}
