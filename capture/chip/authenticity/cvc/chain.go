package cvc

import (
	"fmt"
	"time"
)

// Trusted is a certificate that was accepted, its key made whole.
type Trusted struct {
	*Certificate
	// Effective are the rights that the whole chain grants (TR-03110-3 §2.7).
	Effective Authorization
	verifier  verifier
	whole     PublicKey
}

// Anchor takes a CVCA certificate for granted, the signature of a self-signed one apart,
// which must be right. The error matches ErrUnsupported, ErrMalformed or ErrNotIssued.
func Anchor(c *Certificate) (Trusted, error) {
	if !c.Link() {
		return Trusted{}, fmt.Errorf("anchor %v: %w: no CVCA", c, ErrNotIssued)
	}
	t, err := trust(c, c.Key)
	if err != nil {
		return Trusted{}, fmt.Errorf("anchor %v: %w", c, err)
	}
	if c.SelfSigned() && t.Verify(c.Body, c.Signature) != nil {
		return Trusted{}, fmt.Errorf("anchor %v: %w: wrong signature", c, ErrNotIssued)
	}
	return t, nil
}

func trust(c *Certificate, key PublicKey) (Trusted, error) {
	v, err := key.verifier()
	if err != nil {
		return Trusted{}, err
	}
	return Trusted{Certificate: c, Effective: c.Authorization, verifier: v, whole: key}, nil
}

// Verify checks a signature of the certificate's holder. The error matches
// signature.ErrWrong or signature.ErrUnsupported.
func (t Trusted) Verify(message, sig []byte) error {
	return t.verifier.key.Verify(t.verifier.algorithm, message, sig)
}

// Accept verifies a certificate that this one's holder issued (TR-03110-3 §2.5.1). Expired
// certificates are refused, link certificates apart; those of days to come are not, because
// a chip's notion of the date is that of the newest certificate it saw. The error matches
// ErrNotIssued, ErrExpired, ErrUnsupported or ErrMalformed.
func (t Trusted) Accept(c *Certificate, now time.Time) (Trusted, error) {
	next, err := t.accept(c, now)
	if err != nil {
		return Trusted{}, fmt.Errorf("accept %v: %w", c, err)
	}
	return next, nil
}

func (t Trusted) accept(c *Certificate, now time.Time) (Trusted, error) {
	switch from, to := t.Authorization.Role(), c.Authorization.Role(); {
	case c.Authority != t.Holder:
		return Trusted{}, fmt.Errorf("%w: by the holder of %v", ErrNotIssued, t.Holder)
	case !from.issues(to):
		return Trusted{}, fmt.Errorf("%w: a %v issues none to a %v", ErrNotIssued, from, to)
	case c.Authorization.Type != t.Authorization.Type:
		return Trusted{}, fmt.Errorf("%w: terminals of another type", ErrNotIssued)
	case t.Verify(c.Body, c.Signature) != nil:
		return Trusted{}, fmt.Errorf("%w: wrong signature", ErrNotIssued)
	case !c.Link() && c.Expired(now):
		return Trusted{}, fmt.Errorf("%w on %s", ErrExpired, c.Until.Format(time.DateOnly))
	}
	key := c.Key
	if key.Curve == nil {
		key.Curve = t.whole.Curve
	}
	next, err := trust(c, key)
	if err == nil && !c.Link() {
		next.Effective = c.Authorization.Within(t.Effective)
	}
	return next, err
}

// maxPath is the most certificates that a chip is shown; link certificates are a few years
// apart.
const maxPath = 12

// Path returns the certificates that lead from a key that a chip knows to the terminal's
// certificate, which is the last of them: as few as possible, because each takes the chip
// two commands and a signature to verify. Expired ones are left out, link certificates
// apart. Signatures are not verified. The result is nil if there is no path.
func Path(from Reference, to *Certificate, known []*Certificate, now time.Time) []*Certificate {
	if to.Expired(now) {
		return nil
	}
	type step struct {
		certificate *Certificate
		below       int // place of the step below, -1 for the terminal's
		length      int
	}
	// Breadth first, from the terminal upwards.
	steps := []step{{to, -1, 1}}
	seen := map[Reference]bool{to.Holder: true}
	for i := 0; i < len(steps); i++ {
		s := steps[i]
		if s.certificate.Authority == from {
			path := make([]*Certificate, 0, s.length)
			for at := i; at >= 0; at = steps[at].below {
				path = append(path, steps[at].certificate)
			}
			return path
		}
		if s.length == maxPath || seen[s.certificate.Authority] {
			continue
		}
		seen[s.certificate.Authority] = true
		for _, c := range known {
			if c.Holder == s.certificate.Authority && !c.SelfSigned() && (c.Link() || !c.Expired(now)) {
				steps = append(steps, step{c, i, s.length + 1})
			}
		}
	}
	return nil
}
