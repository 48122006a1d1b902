package grant

import (
	"context"
	"errors"
	"time"
)

// DefaultListAge is how old the list of revoked grants may be if a [Verifier] does not say:
// the longest that a technical copy of a system may be.
const DefaultListAge = 48 * time.Hour

// Why a grant does not count, whatever is wanted.
var (
	ErrRevoked = errors.New("the grant was revoked")
	ErrOldList = errors.New("the list of revoked grants is missing or too old to tell whether the grant still counts")
	ErrUsed    = errors.New("the grant may be used once and was used before")
)

// Uses remembers which single grants were used.
type Uses interface {
	// Use marks the use of a grant and returns ErrUsed if it is single and was used before.
	// Of several calls at the same moment for a single grant exactly one returns nil.
	Use(ctx context.Context, id string, single bool, at time.Time) error
	// GiveBack takes the mark of a use away. Only whoever made it may call it.
	GiveBack(ctx context.Context, id string) error
}

// Verifier verifies grants offline. Its fields are not changed while it is used.
type Verifier struct {
	Keys        Keys     // of the authorities
	Revocations *Revoked // nil is a list that is missing
	Uses        Uses
	// ListAge is how old the list of revoked grants may be: a grant that cannot be looked up
	// in a recent one does not count, of whichever authority it is. 0 is DefaultListAge; a
	// negative one is no limit, for central, which issues the list.
	ListAge time.Duration
	Now     func() time.Time // time.Now if nil
}

// Use verifies a signed grant, and marks it as used. It returns the grant's id. A grant that
// does not cover what is wanted is not marked. Errors match signed.ErrNotValid, those of
// [Verifier.Look] and [Grant.Covers], or ErrUsed; another one is a fault of Uses.
func (v *Verifier) Use(ctx context.Context, text string, want Want) (id string, err error) {
	g, err := v.Look(text)
	if err != nil {
		return "", err
	}
	now := v.now()
	if err := g.Covers(want, now); err != nil {
		return "", err
	}
	if err := v.Uses.Use(ctx, g.ID, g.Single, now); err != nil {
		return "", err
	}
	return g.ID, nil
}

// GiveBack takes back the use of a grant that [Verifier.Use] marked for the caller, because
// nothing came of it. A grant that may be used more than once was not marked.
func (v *Verifier) GiveBack(ctx context.Context, text string) error {
	g, err := Open(text, v.Keys)
	if err != nil || !g.Single {
		return err
	}
	return v.Uses.GiveBack(ctx, g.ID)
}

// StillCounts says of a grant that was used, by its id, whether it may go on being used for
// the same. Errors match ErrRevoked or ErrOldList.
func (v *Verifier) StillCounts(id string) error {
	switch {
	case v.Revocations != nil && v.Revocations.Has(id):
		return ErrRevoked
	case v.listTooOld():
		return ErrOldList
	}
	return nil
}

// Look verifies a signed grant without using it: that it is signed and not revoked. What it
// covers is asked of the grant. Errors match signed.ErrNotValid, ErrRevoked or ErrOldList.
func (v *Verifier) Look(text string) (*Grant, error) {
	g, err := Open(text, v.Keys)
	if err != nil {
		return nil, err
	}
	if err := v.StillCounts(g.ID); err != nil {
		return nil, err
	}
	return g, nil
}

func (v *Verifier) listTooOld() bool {
	limit := v.ListAge
	switch {
	case limit < 0:
		return false
	case limit == 0:
		limit = DefaultListAge
	}
	return v.Revocations == nil || v.now().Sub(v.Revocations.Issued()) > limit
}

// now is the clock's time, but never earlier than the list of revoked grants was issued: a
// clock that is set back does not make a grant count again.
func (v *Verifier) now() time.Time {
	now := time.Now()
	if v.Now != nil {
		now = v.Now()
	}
	if v.Revocations == nil {
		return now
	}
	if issued := v.Revocations.Issued(); now.Before(issued) {
		return issued
	}
	return now
}
