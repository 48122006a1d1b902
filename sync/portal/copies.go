package portal

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"regexp"
	"time"

	"boothd/sync/system"
)

// Holding is all technical copies that a booth holds, for central's inventory of them
// (Regulation (EU) 2018/1862 Art 56). It replaces what central knew of the booth: a list that
// is not named any more was erased.
type Holding struct {
	Booth  string `json:"booth"`
	Copies []Copy `json:"copies"` // at most MaxCopies, one of each list
}

// Copy is one list that a booth holds.
type Copy struct {
	List     string `json:"list"`
	System   string `json:"system"`
	Version  uint64 `json:"version"`  // from 1
	Manifest string `json:"manifest"` // SHA-256 of the version's manifest in hexadecimal
	Entries  int    `json:"entries"`
	// Taken is when the data was taken from the system: the time at which the manifest was
	// issued, not when the booth applied it. A copy grows no younger by being told of again.
	Taken   time.Time `json:"taken"`
	Expires time.Time `json:"expires"` // the end of the lease, after Taken
	// Head is the list's last head that the booth followed, and Digest what it proves by it:
	// SHA-256 in hexadecimal, see watchlist.Digest. Both are empty if no head has come since
	// the copy was taken over.
	Head   string `json:"head,omitempty"`
	Digest string `json:"digest,omitempty"`
}

// Copies tells central all copies that this booth holds, none if it holds none. It may be
// repeated.
func (c *Client) Copies(ctx context.Context, copies []Copy) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	h := Holding{Booth: c.opt.Booth, Copies: append([]Copy{}, copies...)}
	if err := h.check(); err != nil {
		return fmt.Errorf("tell copies: %w", err)
	}
	resp, err := c.post(ctx, PathCopies, h, MaxCopiesBody)
	if err != nil {
		return fmt.Errorf("tell copies: %w", err)
	}
	discard(resp.Body)
	return nil
}

// ReadCopies reads which copies a booth holds, on central's side: limited, well formed, each
// list once. ReplyStatus tells what to reply to its errors.
func ReadCopies(w http.ResponseWriter, r *http.Request) (*Holding, error) {
	var h Holding
	if err := readJSON(w, r, MaxCopiesBody, &h); err != nil {
		return nil, err
	}
	if err := h.check(); err != nil {
		return nil, err
	}
	return &h, nil
}

// check returns an error that matches ErrRefused or ErrTooLarge.
func (h *Holding) check() error {
	switch {
	case h.Booth == "":
		return fmt.Errorf("%w: no booth", ErrRefused)
	case h.Copies == nil: // to hold none must be said
		return fmt.Errorf("%w: no copies", ErrRefused)
	case len(h.Copies) > MaxCopies:
		return fmt.Errorf("%w: %d copies, at most %d", ErrTooLarge, len(h.Copies), MaxCopies)
	}
	named := make(map[string]bool, len(h.Copies))
	for i := range h.Copies {
		k := &h.Copies[i]
		err := k.check()
		if err == nil && named[k.List] {
			err = errors.New("of a list that is named before")
		}
		if err != nil {
			return fmt.Errorf("%w: copy %d: %w", ErrRefused, i+1, err)
		}
		named[k.List] = true
	}
	return nil
}

// The forms of what names a copy.
var (
	listPattern     = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)
	manifestPattern = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// maxSystem limits the name of a copy's system, in bytes.
const maxSystem = 64

func (k *Copy) check() error {
	switch {
	case !listPattern.MatchString(k.List):
		return errors.New("its list has no name that can be")
	case k.System == "" || system.Clip(k.System, maxSystem) != k.System:
		return errors.New("its system has no name that can be")
	case k.Version == 0 || k.Version > math.MaxInt64 || k.Entries < 0:
		return errors.New("its version or number of entries cannot be")
	case !manifestPattern.MatchString(k.Manifest):
		return errors.New("its manifest is no SHA-256 in hexadecimal")
	case (k.Head == "") != (k.Digest == "") || k.Head != "" && !(manifestPattern.MatchString(k.Head) && manifestPattern.MatchString(k.Digest)):
		return errors.New("its proof is no SHA-256 in hexadecimal")
	case k.Taken.Unix() < 0 || !k.Expires.After(k.Taken):
		return errors.New("its times cannot be")
	}
	return nil
}
