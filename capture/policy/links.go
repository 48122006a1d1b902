package policy

import (
	"fmt"
	"slices"

	"boothd/capture"
)

// linkReasons sends to the second line what needs a person: a link that nobody has verified
// yet, and one that was found to be several identities of one person. Links that are
// discreet are not among the answers.
func linkReasons(q question, answers []capture.Answer) []capture.Reason {
	var reasons []capture.Reason
	for _, c := range []struct {
		colour capture.LinkColour
		code   string
	}{{capture.LinkRed, codeLinkRed}, {capture.LinkYellow, codeLinkYellow}} {
		if !slices.ContainsFunc(answers, func(a capture.Answer) bool { return hasLink(a, c.colour) }) {
			continue
		}
		reasons = append(reasons, capture.Reason{
			Outcome: capture.OutcomeRefer, Code: c.code, System: q.system, Modality: q.modality,
			Text: fmt.Sprintf("%s has a %s link; %s.", q.system, c.colour, c.colour.Meaning()),
		})
	}
	return reasons
}

func hasLink(a capture.Answer, colour capture.LinkColour) bool {
	return slices.ContainsFunc(a.Links, func(l capture.Link) bool { return l.Colour == colour })
}
