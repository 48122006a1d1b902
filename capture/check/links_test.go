package check

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"boothd/capture"
)

func TestAVerifiedLinkShowsItsNewColourAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		linked := noHit("SIS")
		linked.Links = []capture.Link{
			{ID: "l-1", Colour: capture.LinkYellow, Systems: []string{"SIS", "VIS"}, Work: "w-1", Due: time.Now().Add(time.Hour)},
			{ID: "l-2", Colour: capture.LinkYellow, Systems: []string{"SIS"}, Discreet: true},
		}
		portal := &source{name: "portal", systems: []string{"SIS", "VIS"}, answers: []delayed{{0, linked}, {0, linkedTo("VIS", linked)}}}
		b := start(t, portal)
		b.traveller.present(document(1980))
		colours := func() (all []capture.LinkColour) {
			for _, l := range b.View(true).Check.Lines {
				for _, k := range l.Links {
					all = append(all, k.Colour)
				}
			}
			return all
		}
		yellow := []capture.LinkColour{capture.LinkYellow, capture.LinkYellow, capture.LinkYellow, capture.LinkYellow}
		if got := colours(); !slices.Equal(got, yellow) {
			t.Fatalf("colours %v", got)
		}
		changed := b.Changed()
		b.LinkVerified("l-1", capture.LinkGreen)
		select {
		case <-changed:
		default:
			t.Error("nobody is told of the change")
		}
		if got := colours(); !slices.Equal(got, []capture.LinkColour{capture.LinkGreen, capture.LinkYellow, capture.LinkGreen, capture.LinkYellow}) {
			t.Errorf("colours %v", got)
		}
		line := b.View(false).Check.Lines[0]
		if k := line.Links[0]; k.Work != "" || !k.Due.IsZero() || k.Meaning != capture.LinkGreen.Meaning() {
			t.Errorf("link %+v", k)
		}
		b.traveller.present(finger(), face())
		b.outcome(capture.OutcomeClear)
		rec := b.recorder.first()
		b.LinkVerified("l-1", capture.LinkRed)
		if got := rec.Answers[0].Links[0].Colour; got != capture.LinkGreen {
			t.Errorf("the record was changed to %s", got)
		}
		if linked.Links[0].Colour != capture.LinkYellow {
			t.Error("the source's own answer was changed")
		}
	})
}

func linkedTo(system string, a capture.Answer) capture.Answer {
	a.System = system
	return a
}
