package console_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"

	"boothd/capture"
	"boothd/capture/check"
	"boothd/cmd/boothd/console"
)

// tooHigh names the parts of a check that must be scrolled, and how far.
const tooHigh = `[...document.querySelectorAll('.traveller, .systems, .reasons, .check .unknown')].filter((e) => e.scrollHeight > e.clientHeight + 1)
	.map((e) => e.className + ' by ' + (e.scrollHeight - e.clientHeight)).join(', ')`

// TestEveryScreenFits shows the page in every state of a booth's day, wants a normal check
// to fit without scrolling, and saves a picture of each.
func TestEveryScreenFits(t *testing.T) {
	b := openBrowser(t)
	var status atomic.Pointer[console.BoothStatus]
	calm, cut, national, drilled := calmStatus(), cutStatus(), nationalDownStatus(), drillStatus()
	chips, unplugged := chipStatus(true), chipStatus(false)
	status.Store(&calm)
	booth := serve(t, func(cfg *console.Config) {
		cfg.Status = func(context.Context) console.BoothStatus { return *status.Load() }
	})
	booth.images["C1/face-1"] = image{"image/jpeg", portraitJPEG()}
	booth.images["C1/chip-1"] = image{"image/jpeg", portraitJPEG()}
	booth.images["C1/finger-1"] = image{"image/png", fingerPNG()}
	b.signIn(booth.URL, clearedToken)

	scenes := []struct {
		name   string
		view   check.View
		status *console.BoothStatus // calm if nil
		keys   string               // pressed when the first of wants is there
		wants  []string
		// scrolls is set where so much is to be told, or typed, that not all fits on a small screen.
		scrolls bool
	}{
		{name: "waiting", view: check.View{}, wants: []string{"Ready for the next traveller", "No warnings."}},
		{name: "waiting-with-faults", view: closed(), status: &cut, wants: []string{"Portal down", "Refer, against the recommendation", "unplug it"}},
		{name: "started", view: started(), wants: []string{"Place the document on the reader"}},
		{name: "collecting", view: collecting(), wants: []string{"ERIKSSON", "Press longer", "Waiting"}},
		{name: "typing", view: collecting(), keys: "mP<UTOERIKSSON<<ANNA MARIA", wants: []string{"ERIKSSON", "Characters: 25"}, scrolls: true},
		{name: "clear", view: decided(capture.OutcomeClear), wants: []string{"Clear", "Nothing found"}},
		{name: "deciding-otherwise", view: decided(capture.OutcomeClear), keys: "2", wants: []string{"Nothing speaks against entry", "“Refer” departs from the recommended “Clear”"}},
		{name: "stop", view: stopped(), wants: []string{"Do not let pass", "Arrest; inform the duty officer", "0 read as O"}},
		{name: "finger", view: fingered(), wants: []string{"Find out who it is", "fingerprint, right index", "14 points agree", "less than one of 10,000 searches", "Entry SIS-2025-0040"}},
		{name: "fingers", view: fourFingers(), wants: []string{"ERIKSSON", "Fingers: 1 of 3 taken", "right ring finger on the scanner: 2 of 3", "Right index"}},
		{name: "fingers-missing", view: fourFingers(), keys: "f", wants: []string{"ERIKSSON", "Which finger cannot be taken?", "All 2 of the right hand"}},
		{name: "fingers-again", view: fourFingers(), keys: "r2", wants: []string{"ERIKSSON", "What is to be captured again?"}},
		{name: "incomplete", view: incomplete(), status: &cut, wants: []string{"Something needed is not known", "Not available", "Old data"}},
		{name: "waiting-national-down", view: check.View{}, status: &national, wants: []string{"Ready for the next", "National down", "What is not known now, and why", "check the visa by hand"}},
		{name: "started-national-down", view: started(), status: &national, wants: []string{"Place the document", "check the visa by hand"}},
		{name: "drill-waiting", view: check.View{}, status: &drilled, wants: []string{"Ready", "DRILL: VIS is taken for down", "order D-12"}},
		{name: "drill", view: stamped(), status: &drilled, wants: []string{"Clear", "DRILL: VIS is taken for down"}},
		{name: "facts", view: stamped(), wants: []string{"Inside since", "23 days left", "leave by", "Visa valid until", "multiple entries", "No travel authorisation required", "asked directly"}},
		{name: "overstay", view: overstayed(), wants: []string{"Overstay: 12 days", "had to leave by", "Visa used up", "No travel authorisation", "stored locally"}},
		{name: "links", view: doubled(), wants: []string{"Yellow link", "EES – VIS", "work item W-318", "Green link", "Red link", "the same as in EES", "Needs an authorisation (court)"}, scrolls: true},
		{name: "attaching", view: doubled(), keys: "g", wants: []string{"Yellow link", "choose the file with the signed text"}, scrolls: true},
		{name: "verifying", view: doubled(), keys: "v1", wants: []string{"Yellow link", "What was found out about the link EES – VIS?"}, scrolls: true},
		{name: "identifying", view: decided(capture.OutcomeClear), keys: "i2", wants: []string{"Nothing found", "On what ground"}},
		{name: "identifying-a-child", view: ofAChild(), keys: "i1", wants: []string{"7 years", "why does it serve the child?"}},
		{name: "identified", view: identified(), wants: []string{"ERIKSEN, ANNE MARIE", "Compare with the person before you", "I UTO 4471190"}},
		{name: "unknown", view: unknowing(), status: &cut, wants: []string{"What is not known now, and why", "check the visa by hand", "Not asked", "Portal down"}},
		{name: "alert-list-update", view: toldLater(check.View{Check: closed().Check}, check.CauseListUpdate), wants: []string{"a list was updated", "earlier traveller"}},
		{name: "alert-replayed", view: toldLater(decided(capture.OutcomeClear), check.CauseReplayed), wants: []string{"while the line was down", "earlier traveller"}, scrolls: true},
		{name: "discreet", view: discreet(), wants: []string{"Discreet", "let pass"}},
		{name: "alert", view: alerted(check.View{Check: closed().Check}), wants: []string{"Late hit in SLTD", "Seize the document"}},
		{name: "alert-during-check", view: alerted(collecting()), wants: []string{"Late hit in SLTD"}, scrolls: true},
		{name: "chip-waiting", view: awaitingChip(t), status: &chips, wants: []string{"Leave the document on the chip reader", "4 checks: 4 successful"}},
		{name: "chip-reader-missing", view: awaitingChip(t), status: &unplugged, wants: []string{"Leave the document on the chip reader", "Missing"}},
		{name: "chip-asking", view: awaitingChip(t), status: &chips, keys: "h3", wants: []string{"Leave the document on the chip reader", "What about the document’s chip?"}, scrolls: true},
		{name: "chip-genuine", view: inspected(t), status: &chips, wants: []string{"Nothing speaks against entry", "successful"}},
		{name: "chip-cloned", view: inspected(t, "cloned"), status: &chips, wants: []string{"Failed", "it is a copy"}},
		{name: "chip-of-unknown-signer", view: inspected(t, "unknown-signer", "altered=DG2"), status: &chips, wants: []string{"Failed", "Issuing authority", "Data group 2 (portrait)"}, scrolls: true},
		{name: "chip-none", view: chipless(t, capture.MissingNoChip, ""), status: &chips, wants: []string{"The document has no chip.", "not supported"}},
		{name: "chip-silent", view: chipless(t, capture.MissingSilent, "by the rules of this booth"), status: &chips, wants: []string{"none answers", "expected"}},
		{name: "chip-checks", view: inspected(t, "cloned"), status: &chips, keys: "d", wants: []string{"Failed", "Who signed it", "Page and chip compared"}},
		{name: "help", view: check.View{}, keys: "?", wants: []string{"No warnings", "Capture the document"}},
	}
	for _, s := range scenes {
		t.Run(s.name, func(t *testing.T) {
			b := &browser{t: t, ctx: b.ctx}
			if s.status == nil {
				s.status = &calm
			}
			status.Store(s.status)
			booth.show(s.view)
			b.reads(s.wants[:1]...)
			if s.keys != "" {
				b.press(s.keys)
			}
			b.reads(s.wants...)
			b.until(func() bool {
				return b.truth(`[...document.images].every((i) => i.complete) && document.querySelector('.lamps').innerText.includes('`+linkWord(s.status.Link.State)+`')`) &&
					b.truth(`document.querySelector('.lamps').innerText.includes('Chip reader')`) == slices.Contains(s.status.Require, chipm) &&
					b.truth(`document.querySelector('.lamps').innerText.includes('Missing')`) == (s.status == &unplugged) &&
					b.truth(`document.querySelector('.drill').hidden`) == (s.status.Drill == nil)
			}, "pictures, lamps and drill")
			b.shot(s.name)
			for _, size := range [][2]int64{{1280, 800}, {1024, 768}, {1920, 1080}} {
				b.size(size[0], size[1])
				if !b.truth(`document.documentElement.scrollWidth <= innerWidth && [...document.querySelectorAll('.traveller, .systems, .reasons, .idle, .deck')].every((e) => e.scrollWidth <= e.clientWidth + 1)`) {
					t.Errorf("at %dx%d the page must be scrolled sideways", size[0], size[1])
				}
				if parts := evaluate[string](b, tooHigh); !s.scrolls && parts != "" {
					t.Errorf("at %dx%d a part of the check must be scrolled: %s", size[0], size[1], parts)
					b.shot(s.name + "-scrolls")
				}
			}
			if slices.Contains([]string{"clear", "stop", "links", "unknown", "drill", "identifying-a-child", "waiting-national-down", "chip-waiting", "chip-genuine", "chip-cloned", "chip-of-unknown-signer", "chip-none", "chip-checks"}, s.name) {
				b.size(1024, 768)
				b.shot(s.name + "-1024")
				b.size(800, 1280)
				b.shot(s.name + "-upright")
			}
			b.size(1280, 800)
			if slices.Contains([]string{"stop", "collecting", "incomplete", "links", "unknown", "drill", "facts", "attaching", "chip-cloned"}, s.name) {
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

func linkWord(state console.LinkState) string {
	return map[console.LinkState]string{console.LinkOnline: "Online", console.LinkPortalDown: "Portal down", console.LinkNationalDown: "National down"}[state]
}
