package console_test

import (
	"context"
	"sync/atomic"
	"testing"

	"boothd/capture"
	"boothd/capture/check"
	"boothd/cmd/boothd/console"
)

// TestEveryScreenFits shows the page in every state of a booth's day, wants a normal check
// to fit without scrolling, and saves a picture of each.
func TestEveryScreenFits(t *testing.T) {
	b := openBrowser(t)
	var bad atomic.Bool
	booth := serve(t, func(cfg *console.Config) {
		cfg.Status = func(context.Context) console.BoothStatus {
			if bad.Load() {
				return cutStatus()
			}
			return calmStatus()
		}
	})
	booth.images["C1/face-1"] = image{"image/jpeg", portraitJPEG()}
	booth.images["C1/finger-1"] = image{"image/png", fingerPNG()}
	b.signIn(booth.URL, clearedToken)

	scenes := []struct {
		name  string
		view  check.View
		bad   bool
		keys  string // pressed when the first of wants is there
		wants []string
	}{
		{name: "waiting", view: check.View{}, wants: []string{"Ready for the next traveller", "No warnings."}},
		{name: "waiting-with-faults", view: closed(), bad: true, wants: []string{"Portal down", "Refer, against the recommendation", "unplug it"}},
		{name: "started", view: started(), wants: []string{"Place the document on the reader"}},
		{name: "collecting", view: collecting(), wants: []string{"ERIKSSON", "Press longer", "Waiting"}},
		{name: "typing", view: collecting(), keys: "mP<UTOERIKSSON<<ANNA MARIA", wants: []string{"ERIKSSON", "Characters: 25"}},
		{name: "clear", view: decided(capture.OutcomeClear), wants: []string{"Clear", "Nothing found"}},
		{name: "deciding-otherwise", view: decided(capture.OutcomeClear), keys: "2", wants: []string{"Nothing speaks against entry", "“Refer” departs from the recommended “Clear”"}},
		{name: "stop", view: stopped(), wants: []string{"Do not let pass", "Arrest; inform the duty officer", "0 read as O"}},
		{name: "finger", view: fingered(), wants: []string{"Find out who it is", "fingerprint, right index", "14 points agree", "less than one of 10,000 searches", "Entry SIS-2025-0040"}},
		{name: "incomplete", view: incomplete(), bad: true, wants: []string{"Something needed is not known", "Not available", "Old data"}},
		{name: "discreet", view: discreet(), wants: []string{"Discreet", "let pass"}},
		{name: "alert", view: alerted(check.View{Check: closed().Check}), wants: []string{"Late hit in SLTD", "Seize the document"}},
		{name: "alert-during-check", view: alerted(collecting()), wants: []string{"Late hit in SLTD"}},
		{name: "help", view: check.View{}, keys: "?", wants: []string{"No warnings", "Capture the document"}},
	}
	for _, s := range scenes {
		t.Run(s.name, func(t *testing.T) {
			b := &browser{t: t, ctx: b.ctx}
			bad.Store(s.bad)
			booth.show(s.view)
			b.reads(s.wants[:1]...)
			if s.keys != "" {
				b.press(s.keys)
			}
			b.reads(s.wants...)
			b.until(func() bool {
				return b.truth(`[...document.images].every((i) => i.complete) && document.querySelector('.lamps').innerText.includes('` + linkWord(s.bad) + `')`)
			}, "pictures and lamps")
			b.shot(s.name)
			for _, size := range [][2]int64{{1280, 800}, {1024, 768}, {1920, 1080}} {
				b.size(size[0], size[1])
				if !b.truth(`document.documentElement.scrollWidth <= innerWidth && [...document.querySelectorAll('.traveller, .systems, .reasons, .idle, .deck')].every((e) => e.scrollWidth <= e.clientWidth + 1)`) {
					t.Errorf("at %dx%d the page must be scrolled sideways", size[0], size[1])
				}
				if s.name != "typing" && s.name != "alert-during-check" && !b.truth(`[...document.querySelectorAll('.traveller, .systems, .reasons')].every((e) => e.scrollHeight <= e.clientHeight + 1)`) {
					t.Errorf("at %dx%d a part of the check must be scrolled", size[0], size[1])
					b.shot(s.name + "-scrolls")
				}
			}
			if s.name == "clear" || s.name == "stop" {
				b.size(1024, 768)
				b.shot(s.name + "-1024")
				b.size(800, 1280)
				b.shot(s.name + "-upright")
			}
			b.size(1280, 800)
			if s.name == "stop" || s.name == "collecting" || s.name == "incomplete" {
				b.dark(true)
				b.shot(s.name + "-dark")
				b.dark(false)
			}
			if s.keys != "" {
				b.press("\x1b")
			}
		})
	}
}

func linkWord(bad bool) string {
	if bad {
		return "Portal down"
	}
	return "Online"
}
