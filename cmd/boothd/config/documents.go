package config

import (
	"fmt"
	"slices"

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
}
