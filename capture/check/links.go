package check

import (
	"slices"
	"time"

	"boothd/capture"
)

// LinkVerified gives a link of the current check the colour that an officer found out and that
// central has taken, in every answer that tells of it: the systems would say so themselves if
// they were asked again. An outcome that is not recommended yet goes by the new colour; what
// is recorded stays as it is.
func (d *Desk) LinkVerified(link string, colour capture.LinkColour) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.check == nil {
		return
	}
	for _, q := range d.check.questions {
		for _, answers := range [][]capture.Answer{q.answers, q.held, q.due} {
			for i := range answers {
				answers[i].Links = recoloured(answers[i].Links, link, colour)
			}
		}
	}
	d.notify()
}

// recoloured returns the links with the new colour. They may be in a record that is being
// written, and are therefore copied.
func recoloured(links []capture.Link, id string, colour capture.LinkColour) []capture.Link {
	links = slices.Clone(links)
	for i := range links {
		if l := &links[i]; l.ID == id {
			l.Colour, l.Work, l.Due = colour, "", time.Time{}
		}
	}
	return links
}
