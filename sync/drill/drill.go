// Package drill lets central rehearse failures: it orders a booth to take its line, or one
// system, for down for some minutes, and gets a report of how the booth behaved.
//
// A drill never hides a hit. The systems are asked all the same; only what found nothing is
// replaced by "unavailable". What found something is shown at once and ends the drill, so
// that nobody passes because of a rehearsal. A finding that is discreet is shown to those
// who are cleared for it, and to everybody else the drill goes on as if it were not there.
package drill

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"regexp"
	"time"

	"boothd/internal/signed"
)

// Kind is what orders are signed as (internal/signed).
const Kind = "drill"

// Portal is the target of a drill of the whole line to central.
const Portal = "portal"

// MaxMinutes limits a drill.
const MaxMinutes = 120

// maxWait is how long an order may be under way to its booth.
const maxWait = 24 * time.Hour

// Order tells a booth what to rehearse.
type Order struct {
	ID      string `json:"id"`
	Booth   string `json:"booth"`
	Target  string `json:"target"`  // Portal, or the name of a system
	Minutes int    `json:"minutes"` // 1 to MaxMinutes
	By      string `json:"by"`      // who ordered it
	// The order counts from Issued until Expires, at most a day later: a booth that gets it
	// later does not begin.
	Issued  time.Time `json:"issued"`
	Expires time.Time `json:"expires"`
}

// Why an order is not followed.
var (
	ErrNotMine = errors.New("drill order is for another booth")
	ErrExpired = errors.New("drill order does not count now")
	ErrInvalid = errors.New("drill order not valid")
	ErrBusy    = errors.New("another drill is under way")
)

var namePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

func (o *Order) validate() error {
	switch {
	case !namePattern.MatchString(o.ID) || !namePattern.MatchString(o.Booth) || !namePattern.MatchString(o.Target):
		return fmt.Errorf("%w: id, booth or target is no name", ErrInvalid)
	case o.Minutes < 1 || o.Minutes > MaxMinutes:
		return fmt.Errorf("%w: %d minutes, want 1 to %d", ErrInvalid, o.Minutes, MaxMinutes)
	case !o.Expires.After(o.Issued) || o.Expires.Sub(o.Issued) > maxWait:
		return fmt.Errorf("%w: it must expire within a day", ErrInvalid)
	}
	return nil
}

// Sign signs an order.
func Sign(o *Order, key ed25519.PrivateKey) (string, error) {
	if err := o.validate(); err != nil {
		return "", err
	}
	return signed.Sign(Kind, o, key)
}

// Open verifies an order for a booth. Its errors match ErrNotMine, ErrExpired, ErrInvalid or
// signed.ErrNotValid.
func Open(text string, trusted []ed25519.PublicKey, booth string, now time.Time) (*Order, error) {
	var o Order
	if err := signed.Open(Kind, text, trusted, &o); err != nil {
		return nil, err
	}
	if err := o.validate(); err != nil {
		return nil, err
	}
	switch {
	case o.Booth != booth:
		return nil, ErrNotMine
	case now.Before(o.Issued.Add(-clockSkew)), !now.Before(o.Expires):
		return nil, ErrExpired
	}
	return &o, nil
}

// clockSkew is how far a booth's clock may be behind central's.
const clockSkew = 5 * time.Minute
