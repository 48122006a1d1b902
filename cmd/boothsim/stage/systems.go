package stage

import (
	"context"
	"fmt"
)

// entryID is the id of a traveller's entries.
func entryID(n int) string { return fmt.Sprintf("T-%07d", n) }

// AddToSystem puts a traveller into a system of the portal.
func (s *Stage) AddToSystem(ctx context.Context, system string, traveller int, how Added) error {
	e, err := entry(traveller, how.alert())
	if err != nil {
		return err
	}
	return s.Portal.Put(ctx, system, e)
}

// RemoveFromSystem takes a traveller out of a system of the portal.
func (s *Stage) RemoveFromSystem(ctx context.Context, system string, traveller int) error {
	was, err := s.Portal.Remove(ctx, system, entryID(traveller))
	if err == nil && !was {
		err = fmt.Errorf("traveller %d is not in %s", traveller, system)
	}
	return err
}

// Added says how somebody is put into a list or system by hand.
type Added struct {
	Discreet bool // the traveller must not notice
	ByFinger bool // by the finger alone, as somebody of unknown name
}

func (a Added) alert() alert {
	if a.ByFinger {
		return alert{category: "unknown wanted person", action: "find out who it is, then arrest", byFinger: true, discreet: a.Discreet}
	}
	if a.Discreet {
		return alert{category: "discreet check", action: "note time, place and company; let pass", discreet: true}
	}
	return alert{category: "added in training", action: "refer"}
}
