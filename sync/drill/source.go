package drill

import (
	"context"
	"slices"

	"boothd/capture"
	"boothd/capture/check"
)

// Source returns a source that rehearses: it asks s, and while a drill is under way says of
// the systems that the drill takes for down that they are unavailable. Local lists are not
// put into it: they work without the line.
func (p *Player) Source(s check.Source) check.Source { return rehearsing{s, p} }

type rehearsing struct {
	check.Source
	player *Player
}

func (r rehearsing) Look(ctx context.Context, q capture.Query, answer func(capture.Answer)) error {
	return r.Source.Look(ctx, q, func(a capture.Answer) {
		if r.player.down(a.System) {
			a = r.rehearse(ctx, a)
		}
		answer(a)
	})
}

const (
	reasonPortal = "drill: the line to central is taken for down"
	reasonSystem = "drill: the system is taken for down"
)

// rehearse makes an answer that found nothing unavailable. One that found something for
// everybody to see is left as it is and ends the drill; so is one of a system that could not be
// asked in earnest.
func (r rehearsing) rehearse(ctx context.Context, a capture.Answer) capture.Answer {
	if found(a.Shown(false)) {
		r.player.end(context.WithoutCancel(ctx), true)
		return a
	}
	if a.Shown(false).State == capture.StateUnavailable {
		return a
	}
	a.Rehearsed = true
	rest := &capture.Rest{State: capture.StateUnavailable, Reason: r.player.reason()}
	a.Facts = nil
	a.Links = slices.DeleteFunc(slices.Clone(a.Links), func(l capture.Link) bool { return !l.Discreet })
	if len(a.Findings) > 0 { // discreet ones only
		a.Rest = rest
		return a
	}
	a.State, a.Reason, a.Rest = rest.State, rest.Reason, nil
	return a
}

// found reports whether the answer sends the traveller to somebody: by a finding, which need
// not be told in detail, or by a link that is not verified or tells of unlawful identities.
func found(a capture.Answer) bool {
	return a.State == capture.StateHit || a.State == capture.StatePossible ||
		slices.ContainsFunc(a.Links, func(l capture.Link) bool {
			return l.Colour == capture.LinkYellow || l.Colour == capture.LinkRed
		})
}
