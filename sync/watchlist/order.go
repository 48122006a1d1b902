package watchlist

import (
	"crypto/ed25519"
	"errors"
	"time"

	"boothd/localmatch/gallery"
)

const (
	orderFormat = "boothd order v1"
	// MaxOrder is how long an order may count: a lost laptop may be away for long.
	MaxOrder = 2 * 366 * 24 * time.Hour
)

// DeedErase erases lists for ever, by removing their keys.
const DeedErase = "erase"

// Order is what a booth is told to do with its lists, at once and once.
type Order struct {
	Format string `json:"format"` // "boothd order v1"
	ID     string `json:"id"`     // a to z, 0 to 9 and "-"; no two orders have the same
	// Booth is a booth's id, or "*" for all; it is empty if Group is set.
	Booth   string    `json:"booth,omitempty"`
	Group   string    `json:"group,omitempty"`
	List    string    `json:"list"` // or "*" for all
	Deed    string    `json:"deed"` // DeedErase
	Issued  time.Time `json:"issued"`
	Expires time.Time `json:"expires"`
}

// SignedOrder is an order with its signature.
type SignedOrder struct {
	Order
	Hash gallery.Hash
	signedBytes
}

func (o *Order) validate() error {
	switch {
	case o.Format != orderFormat:
		return errors.New("another format")
	case !gallery.ValidListName(o.ID):
		return errors.New("no id")
	case (o.Booth == "") == (o.Group == ""):
		return errors.New("for a booth or for a group")
	case o.Booth != "" && o.Booth != All && !isTopicLevel(o.Booth) || o.Group != "" && !ValidGroup(o.Group):
		return errors.New("for a booth or group that cannot be")
	case o.List != All && !gallery.ValidListName(o.List):
		return errors.New("for a list that cannot be")
	case o.Deed != DeedErase:
		return errors.New("a deed that is not known")
	case !o.Expires.After(o.Issued) || o.Expires.Sub(o.Issued) > MaxOrder:
		return errors.New("impossible times")
	}
	return nil
}

// For reports whether a booth of a group is meant.
func (o *Order) For(booth, group string) bool {
	return o.Booth == All || o.Booth == booth && booth != "" || o.Group == group && group != ""
}

// Names reports whether a list is meant.
func (o *Order) Names(list string) bool { return o.List == All || o.List == list }

// Expired reports whether the order no longer counts.
func (o *Order) Expired(now time.Time) bool { return !now.Before(o.Expires) }

// SignOrder signs an order.
func SignOrder(o Order, key ed25519.PrivateKey) ([]byte, error) {
	o.Format = orderFormat
	return signNew(orderFormat, &o, key)
}

// ParseOrder reads an order without judging its signature; Verify does that. The error
// matches ErrMalformed.
func ParseOrder(b []byte) (*SignedOrder, error) {
	var s SignedOrder
	var err error
	if s.signedBytes, err = openEnvelope(orderFormat, b, &s.Order); err != nil {
		return nil, err
	}
	s.Hash = s.hash()
	return &s, nil
}

// Verify checks that one of the keys made the signature. The error is ErrForged.
func (s *SignedOrder) Verify(trusted []ed25519.PublicKey) error {
	if s.signers(trusted) == 0 {
		return ErrForged
	}
	return nil
}
