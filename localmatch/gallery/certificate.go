package gallery

import (
	"context"
	"errors"

	"boothd/capture/chip/pki"
)

// MaxCertificate is how long a piece of trust material may be, in bytes: as base64 it fits a
// line.
const MaxCertificate = 700 << 10

// ErrNoCertificates is matched when a list is asked for certificates and holds something else.
var ErrNoCertificates = errors.New("list holds entries that are no certificates")

// validateCertificate checks an entry that is a piece of trust material and nothing of a person.
func (e *Entry) validateCertificate() error {
	if err := e.validateID(); err != nil {
		return err
	}
	if len(e.Names)+len(e.BirthDates)+len(e.Nationalities)+len(e.Documents)+len(e.Fingers)+len(e.Face)+len(e.Sex)+len(e.Action) > 0 || e.Discreet {
		return &FieldError{"certificate", "in an entry about a person"}
	}
	if err := text("category", e.Category, MaxText); err != nil {
		return err
	}
	if err := text("certificate.source", e.Certificate.Source, MaxText); err != nil {
		return err
	}
	if len(e.Certificate.DER) > MaxCertificate {
		return tooLong("certificate.der", MaxCertificate)
	}
	if _, faults := pki.New([]pki.Entry{*e.Certificate}); len(faults) > 0 {
		return &FieldError{"certificate", "not of its kind, or not readable"}
	}
	return nil
}

// Certificates reads all entries of one version of a list of trust material into memory. It is
// for the few thousand that there are in the world: of a list of people it reads the first one,
// and the error is ErrNoCertificates. Otherwise it is ErrAbsent, ErrNotReady, ErrErased or
// ErrDamaged.
func (g *Gallery) Certificates(ctx context.Context, list string) (Info, []pki.Entry, error) {
	l := g.list(list)
	if l == nil {
		return Info{}, nil, ErrAbsent
	}
	v, err := l.acquire()
	if err != nil {
		return Info{}, nil, err
	}
	defer v.release()
	all, err := v.certificates(ctx)
	if errors.Is(err, ErrDamaged) && l.noteDamage(v) {
		g.log.Error("list is damaged: it must be received again", "list", list)
	}
	return g.info(v.state), all, err
}

func (v *view) certificates(ctx context.Context) (all []pki.Entry, err error) {
	for i := range v.parts {
		p := &v.parts[i]
		for n := range uint32(p.Records) {
			if !p.live(n) {
				continue
			}
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			c, err := p.read(n)
			switch {
			case err != nil:
				return nil, err
			case c.Put == nil || c.Put.Certificate == nil:
				return nil, ErrNoCertificates
			}
			all = append(all, *c.Put.Certificate)
		}
	}
	return all, nil
}
