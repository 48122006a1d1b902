package pki

import (
	"maps"
	"slices"
	"strings"
	"time"

	"boothd/capture/chip/pki/cert"
)

// crlFuture is how far ahead of the booth's clock a list may have been made.
const crlFuture = 24 * time.Hour

// listsFor returns the lists about what an authority issued under a name, stale or not: the
// newest of every key, for after a change of keys some authorities go on with a list for each.
//
// A list counts if it has the name, or if the key that issued signed it, or one that this key
// signed in a link: after a change of name the new authority's list is about the old one's
// certificates as well (ICAO 9303-12 appendix D.3).
func (t *Trust) listsFor(issued, issuer *cert.Certificate, now time.Time) []*list {
	newest := map[string]*list{}
	for _, l := range t.lists {
		if l.ThisUpdate.After(now.Add(crlFuture)) || l.Issuer.Country != issued.Issuer.Country {
			continue
		}
		by := t.signedBy(l)
		if by == nil || by.Subject.Country != issuer.Subject.Country {
			continue
		}
		if !l.Issuer.Equal(issued.Issuer) && !by.Key.Equal(issuer.Key) && !t.succeeds(by, issuer) {
			continue
		}
		key := string(by.Key.Bits())
		if other := newest[key]; other == nil || l.ThisUpdate.After(other.ThisUpdate) {
			newest[key] = l
		}
	}
	return slices.SortedFunc(maps.Values(newest), func(a, b *list) int {
		return b.ThisUpdate.Compare(a.ThisUpdate)
	})
}

// succeeds tells whether a link signed with the old authority's key holds the new one's.
func (t *Trust) succeeds(next *authority, old *cert.Certificate) bool {
	for _, a := range t.authorities {
		if !a.trusted && a.Key.Equal(next.Key) && a.Verify(old.Key) == nil {
			return true
		}
	}
	return false
}

var crlReasons = map[int]string{
	1: "its key is compromised", 2: "the authority's key is compromised", 3: "its holder changed",
	4: "it was replaced", 5: "it is out of use", 6: "it is on hold",
}

// revocation checks every certificate of the chain but the last, which is trusted as it is.
func (t *Trust) revocation(chain []*cert.Certificate, now time.Time) Fact {
	var open []Fact
	for i, c := range chain[:len(chain)-1] {
		f := revocationBy(t.listsFor(c, chain[i+1], now), c, now)
		switch f.State {
		case Failed:
			return f
		case Successful:
		default:
			open = append(open, f)
		}
	}
	switch {
	case len(open) > 0:
		return open[0]
	case t.doubt != "":
		return undetermined(CheckRevocation, t.doubt, "Nothing in the chain was revoked when the lists were made that are known here, which are old.")
	}
	return succeeded(CheckRevocation, "Nothing in the chain is revoked.")
}

// revocationBy checks one certificate against lists, the newest first.
func revocationBy(lists []*list, c *cert.Certificate, now time.Time) Fact {
	if len(lists) == 0 {
		return notDone(CheckRevocation, ReasonNoCRL, "There is no revocation list of %s.", c.Issuer)
	}
	fresh := false
	for _, l := range lists {
		if r, revoked := l.Lookup(c.Serial); revoked {
			return failed(CheckRevocation, ReasonRevoked, "%s was revoked on %s%s.",
				c.Subject, day(r.At), because(crlReasons[r.Reason]))
		}
		fresh = fresh || !l.NextUpdate.IsZero() && !now.After(l.NextUpdate)
	}
	if !fresh {
		return undetermined(CheckRevocation, ReasonStaleCRL,
			"The revocation list of %s is of %s and past its time; this certificate is not on it.",
			lists[0].Issuer, day(lists[0].ThisUpdate))
	}
	return succeeded(CheckRevocation, "%s is not revoked.", c.Subject)
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + reason
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02") }

// listed says what defect and deviation lists hold against the document's signer. A defect
// list can revoke a certificate before its own authority does.
func (t *Trust) listed(signer *cert.Certificate, d *Document) (revoked *Defect, known []string) {
	for i := range t.defects {
		defect := &t.defects[i]
		if !defect.matches(signer) {
			continue
		}
		if defect.Revokes() {
			revoked = defect
		}
		known = append(known, defect.Text)
	}
	for i := range t.deviations {
		deviation := &t.deviations[i]
		if deviation.matches(signer, d) {
			known = append(known, deviation.Text)
		}
	}
	return revoked, known
}

func (t *Trust) defectFact(known []string) Fact {
	switch {
	case len(known) == 0 && t.doubt == ReasonTrustStale:
		return undetermined(CheckDefects, t.doubt, "No list that is known here knows defects of this signer's documents, but what is known is old.")
	case len(known) == 0 && t.doubt != "":
		return notDone(CheckDefects, t.doubt, "There is no list that could know defects of this signer's documents.")
	case len(known) == 0:
		return succeeded(CheckDefects, "No list knows defects of this signer's documents.")
	}
	return undetermined(CheckDefects, ReasonKnownDefect, "Documents of this signer are known for: %s.",
		strings.Join(weaknesses(known...), "; "))
}

func revokedByList(signer *cert.Certificate, d *Defect) Fact {
	return failed(CheckRevocation, ReasonRevokedByDefect, "A defect list says of %s: %s.", signer.Subject, d.Text)
}
