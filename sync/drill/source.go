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

// rehearse makes an answer that found nothing unavailable. One with an open finding is left
// as it is and ends the drill.
func (r rehearsing) rehearse(ctx context.Context, a capture.Answer) capture.Answer {
	if slices.ContainsFunc(a.Findings, func(f capture.Finding) bool { return !f.Discreet }) {
		r.player.end(context.WithoutCancel(ctx), true)
		return a
	}
	rest := &capture.Rest{State: capture.StateUnavailable, Reason: r.player.reason()}
	a.Facts, a.Links = nil, nil
	if len(a.Findings) > 0 { // discreet ones only
		a.Rest = rest
		return a
	}
	a.State, a.Reason, a.Rest = rest.State, rest.Reason, nil
	return a
}
