package config

import (
	"fmt"
	"slices"

	"boothd/capture/chip"
	"boothd/capture/policy"
	"boothd/cmd/boothd/terminal"
	"boothd/internal/settings"
)

// PeopleLists are the lists in which travellers are looked up: all but the one of certificates.
func (c *Config) PeopleLists() []List {
	return slices.DeleteFunc(slices.Clone(c.Lists), func(l List) bool { return l.Name == c.Documents.Trust })
}

// documentFaults looks at how chips are inspected. A list of people that is taken for the one of
// certificates by mistake would not be asked any more, so its system may have nobody else to answer
// for it.
func (c *Config) documentFaults(f *settings.Faults) {
	d := &c.Documents
	if d.Trust != "" {
		const key = "documents.trust"
		i := slices.IndexFunc(c.Lists, func(l List) bool { return l.Name == d.Trust })
		f.Unless(i >= 0, key, "%q is not the name of a [[list]]", d.Trust)
		if i >= 0 {
			system := c.Lists[i].System
			other := slices.ContainsFunc(c.PeopleLists(), func(l List) bool { return l.System == system })
			f.Unless(!other && !slices.Contains(c.Portal.Systems, system), key, "%q is a list of %s, which is asked about people", d.Trust, system)
		}
	}
	for i, text := range d.Readers {
		f.Unless(text != "", fmt.Sprintf("documents.readers[%d]", i), "is empty; \"*\" is every reader")
	}
	for i, n := range d.Groups {
		key := fmt.Sprintf("documents.groups[%d]", i)
		f.Unless(n >= 3 && n <= 16, key, "must be 3 to 16; DG1 and DG2 are always read")
		f.Unless(!slices.Contains(d.Groups[:i], n), key, "is there twice")
	}
	if d.Terminal != "" {
		_, err := terminal.Look(d.Terminal)
		f.Unless(err == nil, "documents.terminal", "%v", err)
	}
	for i, text := range d.Chip {
		key := fmt.Sprintf("documents.chip[%d]", i)
		if text != chipsByLaw {
			kindFault(f, key, text)
		}
		f.Unless(!slices.Contains(d.Chip[:i], text), key, "is there twice")
	}
}

// checkRuleFaults looks at the rules of the chip's checks. A rule that could never count is a fault,
// for whoever wrote it believes that it does.
func (c *Config) checkRuleFaults(f *settings.Faults) {
	for i, r := range c.Policy.Checks {
		key := fmt.Sprintf("policy.check[%d]", i)
		f.Unless(slices.Contains(chip.Names(), r.Check), key+".name", "%q is no check of a chip; docs/documents.md has their names", r.Check)
		f.Unless(r.Reason == "" || policy.ReasonForm(r.Reason), key+".reason", "is no reason: a to z, digits and '_'")
		for j, text := range r.Documents {
			kindFault(f, fmt.Sprintf("%s.documents[%d]", key, j), text)
		}
		f.Unless(r.Failed != "" || r.Undetermined != "" || r.NotDone != "", key, "says nothing: it needs failed, undetermined or not_done")
		for _, v := range []struct {
			name   string
			weight policy.Weight
		}{{"failed", r.Failed}, {"undetermined", r.Undetermined}, {"not_done", r.NotDone}} {
			f.Unless(v.weight == "" || v.weight.Valid(), key+"."+v.name, "must be pass, note, incomplete, refer or stop")
		}
		for j, before := range c.Policy.Checks[:i] {
			if before.rule().Covers(r.rule()) {
				f.Unless(false, key, "never counts: policy.check[%d] says all that it could", j)
				break
			}
		}
	}
}

func kindFault(f *settings.Faults, key, text string) {
	_, err := policy.ParseKind(text)
	f.Unless(err == nil, key, "%v", err)
}
