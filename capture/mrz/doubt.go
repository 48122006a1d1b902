package mrz

import "slices"

// Doubtful is the reason of a fault of a field of which a character was read from a picture
// and may be another one.
const Doubtful = "doubtful"

// Doubt notes that the character at a place of Lines, both counted from 1, may be another one:
// the zone is then not valid. Places outside of the zone are ignored.
func (z *Zone) Doubt(line, column int) {
	l, err := identify(z.Lines)
	if err != nil || line < 1 || line > len(z.Lines) || column < 1 || column > len(z.Lines[line-1]) {
		return
	}
	f := Fault{newRepairer(l, z.Lines).fieldAt(line-1, column-1), Doubtful}
	if !slices.Contains(z.Faults, f) {
		z.Faults = append(z.Faults, f)
	}
}

// DoubtfulFields names the fields of which a character may be another one.
func (z *Zone) DoubtfulFields() []string {
	var fields []string
	for _, f := range z.Faults {
		if f.Reason == Doubtful {
			fields = append(fields, f.Field)
		}
	}
	return fields
}

// Contradictory reports whether a check digit is wrong or a field has what its place does not
// allow, whatever is doubtful.
func (z *Zone) Contradictory() bool {
	return slices.ContainsFunc(z.Checks, func(c Check) bool { return !c.OK }) ||
		slices.ContainsFunc(z.Faults, func(f Fault) bool { return f.Reason != Doubtful })
}
