package border

import "time"

// history is what a file's records tell.
type history struct {
	stays    Stays
	gaps     []Day    // on which an entry or an exit shows that another was not recorded
	entered  Day      // the last entry, 0 if none is on record
	refusal  Crossing // the latest; without a kind if entry was never refused
	fallback int      // records that were stored locally first
}

// read makes sense of records in the order in which they happened.
//
// An entry on the day of the entry before it, or an exit on that of the exit before it, is
// the same crossing recorded again. Otherwise a record is missing: of such a stay only the
// one day counts that is known, and the day is a gap.
func read(records []Crossing, l *time.Location) history {
	var h history
	for i := range records {
		c := &records[i]
		if c.Fallback {
			h.fallback++
		}
		switch on := DayOf(c.At.In(l)); c.Kind {
		case KindEntry:
			h.enter(on, c.AuthorisedUntil)
		case KindExit:
			h.leave(on)
		case KindRefusal:
			h.refusal = *c
		}
	}
	return h
}

func (h *history) enter(on, until Day) {
	h.entered = on
	if h.inside() {
		last := &h.stays[len(h.stays)-1]
		if last.From == on {
			if until != 0 {
				last.Until = until
			}
			return
		}
		last.To = last.From
		h.gaps = append(h.gaps, on)
	}
	h.stays = append(h.stays, Stay{From: on, Until: until})
}

func (h *history) leave(on Day) {
	switch {
	case h.inside():
		h.stays[len(h.stays)-1].To = on
	case len(h.stays) == 0 || h.stays[len(h.stays)-1].To != on:
		h.stays = append(h.stays, Stay{From: on, To: on})
		h.gaps = append(h.gaps, on)
	}
}

// inside reports whether the traveller entered last.
func (h *history) inside() bool {
	return len(h.stays) > 0 && h.stays[len(h.stays)-1].To == 0
}

// gapSince reports whether a record is missing that would count on the day.
func (h *history) gapSince(day Day) bool {
	return len(h.gaps) > 0 && h.gaps[len(h.gaps)-1] >= day
}
