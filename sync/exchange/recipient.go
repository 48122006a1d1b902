package exchange

import "errors"

// Recipient is a kind of recipient. Every release of data names one.
type Recipient string

// The kinds of recipients.
const (
	Own            Recipient = "own"             // the competent border authority itself
	LawEnforcement Recipient = "law-enforcement" // of a member state
	EUAgency       Recipient = "eu-agency"
	NGO            Recipient = "ngo" // under a named protocol only
	ThirdCountry   Recipient = "third-country"
	Private        Recipient = "private"
)

// Who receives nothing.
var (
	ErrThirdCountry = errors.New("data is not handed to a third country")
	ErrPrivate      = errors.New("data is not handed to private persons or companies")
	ErrRecipient    = errors.New("the kind of recipient is none of own, law-enforcement, eu-agency and ngo")
)

// Admit returns why nothing is handed to such a recipient, or nil if something may be.
func (r Recipient) Admit() error {
	switch r {
	case Own, LawEnforcement, EUAgency, NGO:
		return nil
	case ThirdCountry:
		return ErrThirdCountry
	case Private:
		return ErrPrivate
	}
	return ErrRecipient
}
