package main

import (
	"fmt"
	"slices"
	"time"

	"boothd/capture"
	"boothd/capture/policy"
	"boothd/cmd/boothd/console"
)

// unknown lists the systems of which no question would tell what they hold, outside any check:
// neither the portal nor the system itself can be asked, and no local list of it is current.
func unknown(systems []string, central []string, r reach, lists []console.List) []policy.Unknown {
	var all []policy.Unknown
	for _, name := range systems {
		if name == policy.Identity || r.portal.Up && slices.Contains(central, name) || !r.portal.Up && r.directly(name) {
			continue
		}
		u := policy.Unknown{System: name, Why: "no list of it is on this booth"}
		if slices.Contains(central, name) {
			u.Why, u.Since = r.portal.Reason, r.portal.Since
		}
		worst, listed := worstList(name, lists)
		if listed && worst.State == console.ListCurrent {
			continue
		}
		if why := whyList(worst); listed && why != "" {
			u.Why, u.Since = why, worst.AsOf
		}
		all = append(all, u)
	}
	return all
}

// worstList is the list of the system that is worth the least: its lists are parts.
func worstList(system string, lists []console.List) (worst console.List, ok bool) {
	worth := map[console.ListState]int{console.ListCurrent: 3, console.ListStale: 2, console.ListExpired: 1, console.ListMissing: 0}
	for _, l := range lists {
		if l.System == system && (!ok || worth[l.State] < worth[worst.State]) {
			worst, ok = l, true
		}
	}
	return worst, ok
}

func whyList(l console.List) string {
	switch l.State {
	case console.ListStale:
		return "only an old copy is on this booth"
	case console.ListExpired:
		return "the copy on this booth is too old to be used"
	case console.ListMissing:
		return fmt.Sprintf("the list %s has not been received", l.Name)
	}
	return ""
}

// systems names every system of any profile, once.
func (b *booth) systems() []string {
	var names []string
	for _, p := range b.profiles.all(time.Now()) {
		for _, m := range []capture.Modality{capture.ModalityDocument, capture.ModalityFinger, capture.ModalityFace} {
			names = append(names, p.Systems[m]...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
