package chip

import (
	"context"
	"errors"
	"slices"

	"boothd/capture/chip/authenticity"
	"boothd/capture/chip/authenticity/cvc"
	"boothd/capture/chip/lds"
	"boothd/capture/chip/security"
	"boothd/capture/chip/tlv"
	"boothd/capture/inspection"
	"boothd/capture/mrz"
)

// contentOf reads the SecurityInfos in a data group's tag.
func contentOf(file []byte, f lds.File) (security.Infos, error) {
	content, err := tlv.Only(file, f.Tag())
	if err != nil {
		return security.Infos{}, err
	}
	return security.Parse(content)
}

// proveChip asks the chip for a proof that it is the one that was signed for: by Chip
// Authentication, or by Active Authentication where that cannot be had. Whether the keys are
// authentic is weighed afterwards.
func (r *run) proveChip(ctx context.Context) {
	r.proveMapping()
	r.authenticateChip(ctx)
	if r.stop == nil {
		r.authenticateActively(ctx)
	}
}

// proveMapping looks at what PACE brought already.
func (r *run) proveMapping() {
	if r.line.opened == nil || r.line.opened.Suite.Mapping != security.ChipAuthentication {
		r.add(CheckMapping, inspection.NotSupported, "not_offered", "The chip was opened without proving its key.")
		return
	}
	c := r.cardSecurity()
	if c.err != nil {
		r.add(CheckMapping, inspection.Undetermined, "card_security", "The keys by which the chip proved itself cannot be read.")
		return
	}
	switch err := authenticity.Mapping(r.line.opened, c.infos); {
	case err == nil:
		r.proved = true
		r.add(CheckMapping, inspection.Successful, "", "The chip proved its key when it was opened.")
	case errors.Is(err, authenticity.ErrProof):
		r.add(CheckMapping, inspection.Failed, "no_key", "The chip does not have its key: it is a copy.")
	default:
		r.add(CheckMapping, inspection.Undetermined, "card_security", "The keys by which the chip proved itself cannot be understood.")
	}
}

func (r *run) authenticateChip(ctx context.Context) {
	switch {
	case r.proved:
		r.add(CheckChip, inspection.NotDone, "proven", "The chip is proven already.")
		return
	case r.files[lds.DG14] == nil && r.has(lds.DG14):
		r.add(CheckChip, inspection.Failed, "file_missing", "The chip does not give the file with its key, which was signed: it may be a copy.")
		return
	}
	pairs, err := authenticity.Pairs(r.dg14, 1)
	if err != nil {
		r.add(CheckChip, inspection.NotSupported, "not_offered", "The chip has no key for chip authentication that is known here.")
		return
	}
	renewed, err := authenticity.ChipAuthentication(ctx, r.line.card, r.line.session, pairs[0], nil)
	if err == nil {
		r.line.renew(renewed)
		err = r.firstRead(ctx)
	}
	switch {
	case err == nil:
		r.proved = true
		r.add(CheckChip, inspection.Successful, "", "The chip has its key ("+pairs[0].String()+").")
	case errors.Is(err, authenticity.ErrProof):
		r.add(CheckChip, inspection.Failed, "no_key", "The chip does not have its key: it is a copy.")
		r.stop = nil
		r.again(ctx)
	case errors.Is(err, authenticity.ErrRefused):
		r.add(CheckChip, inspection.Failed, "refused", "The chip refuses to prove its key, which was signed: it may be a copy.")
		r.again(ctx)
	case errors.Is(err, authenticity.ErrMalformed):
		r.add(CheckChip, inspection.Failed, "key", "The chip's key is none.")
	default:
		r.add(CheckChip, inspection.NotDone, reasonUnreachable, "The chip stopped answering before it proved its key.")
		r.halt(err)
	}
}

// firstRead reads DG1, which is the first command of a new session and so its proof. It is asked
// for in short: a length that the chip cannot give would look like a proof that it owes.
func (r *run) firstRead(ctx context.Context) error {
	f := lds.DG1
	extended := r.line.extended
	r.line.extended = false
	b, err := r.line.readOnce(ctx, f)
	r.line.extended = extended
	if err == nil {
		r.files[f] = b
	}
	if errors.Is(err, errNoFile) || errors.Is(err, errFile) {
		return nil // an answer all the same
	}
	return err
}

// again opens the chip anew, to read what a copy holds.
func (r *run) again(ctx context.Context) {
	if err := r.line.reopen(ctx); err != nil {
		r.halt(err)
	}
}

func (r *run) authenticateActively(ctx context.Context) {
	switch {
	case !r.has(lds.DG15) && r.files[lds.DG15] == nil:
		r.add(CheckActive, inspection.NotSupported, "not_offered", "The chip has no key for active authentication.")
		return
	case r.proved:
		r.add(CheckActive, inspection.NotDone, "proven", "The chip is proven already.")
		return
	}
	file := r.read(ctx, lds.DG15)
	if file == nil {
		r.add(CheckActive, inspection.Failed, "file_missing", "The chip does not give the file with its key, which was signed: it may be a copy.")
		return
	}
	content, err := tlv.Only(file, lds.DG15.Tag())
	var key *authenticity.ActiveKey
	if err == nil {
		key, err = authenticity.ParseActiveKey(content, r.dg14)
	}
	if err != nil {
		r.add(CheckActive, inspection.Undetermined, "key", "The chip's key for active authentication is none that is known here.")
		return
	}
	signed, err := authenticity.ActiveAuthentication(ctx, r.line.send, r.line.session.Cipher().ShortData(), key, nil)
	switch {
	case err == nil && signed.Weakness != "":
		r.proved = true
		r.add(CheckActive, inspection.Undetermined, "weak", "The chip has its key, but it is weak: "+signed.Weakness+".")
	case err == nil:
		r.proved = true
		r.add(CheckActive, inspection.Successful, "", "The chip has its key ("+key.String()+").")
	case errors.Is(err, authenticity.ErrProof):
		r.add(CheckActive, inspection.Failed, "no_key", "The chip does not have its key: it is a copy.")
	case errors.Is(err, authenticity.ErrRefused):
		r.add(CheckActive, inspection.Failed, "refused", "The chip refuses to prove its key, which was signed: it may be a copy.")
		r.again(ctx)
	case errors.Is(err, authenticity.ErrNotSupported):
		r.add(CheckActive, inspection.NotSupported, "algorithm", "The chip signs in a way that is not known here.")
	default:
		r.add(CheckActive, inspection.NotDone, reasonUnreachable, "The chip stopped answering before it proved its key.")
		r.halt(err)
	}
}

// proveTerminal proves the booth to the chip and reads fingers and irises, which chips give to
// those only whom the issuing state has given certificates.
func (r *run) proveTerminal(ctx context.Context) {
	guarded := slices.DeleteFunc([]lds.File{lds.DG3, lds.DG4}, func(f lds.File) bool { return !r.has(f) })
	switch {
	case len(r.dg14.TerminalAuth) == 0 || len(guarded) == 0:
		r.add(CheckTerminal, inspection.NotSupported, "not_offered", "The chip holds nothing that only some terminals may read.")
		return
	case r.Terminal == nil:
		r.add(CheckTerminal, inspection.NotDone, "no_certificates", "This booth has no certificates to read fingers or irises from chips.")
		return
	case !r.proved || r.line.renewed == nil:
		r.add(CheckTerminal, inspection.NotDone, "chip_not_proven", "Terminal authentication needs a chip that chip authentication has proved.")
		return
	}
	binding := authenticity.Binding{Version: 1, Chip: r.line.chip(), Key: r.line.renewed.Ephemeral.Compressed()}
	var admitted *authenticity.Admission
	authorities, err := authenticity.Authorities(ctx, r.line.send, r.dg14)
	if err == nil {
		admitted, err = r.Terminal.Authenticate(ctx, r.line.send, authorities, binding)
	}
	switch {
	case err == nil:
		r.readGuarded(ctx, guarded, admitted.Rights)
	case errors.Is(err, authenticity.ErrNoCertificate):
		r.add(CheckTerminal, inspection.NotDone, "no_certificates", "This booth has no certificates for chips of the issuing state.")
	case errors.Is(err, authenticity.ErrRefused):
		r.add(CheckTerminal, inspection.Failed, "refused", "The chip refused this booth's certificates.")
	case errors.Is(err, authenticity.ErrNotSupported), errors.Is(err, authenticity.ErrMalformed):
		r.add(CheckTerminal, inspection.NotSupported, "protocol", "The chip's terminal authentication is none that is known here.")
	default:
		r.add(CheckTerminal, inspection.NotDone, reasonUnreachable, "The chip stopped answering during terminal authentication.")
		r.halt(err)
	}
}

// readGuarded reads what this booth's certificates allow of what the chip guards.
func (r *run) readGuarded(ctx context.Context, guarded []lds.File, rights cvc.Authorization) {
	allowed := map[lds.File]bool{lds.DG3: rights.Fingerprints(), lds.DG4: rights.Irises()}
	guarded = slices.DeleteFunc(guarded, func(f lds.File) bool { return !allowed[f] })
	withheld := false
	for _, f := range guarded {
		withheld = r.read(ctx, f) == nil || withheld
	}
	switch {
	case len(guarded) == 0:
		r.add(CheckTerminal, inspection.NotDone, "no_permission", "The chip accepted this booth's certificates, but they allow nothing of what it guards.")
	case r.stop != nil:
		r.add(CheckTerminal, inspection.NotDone, reasonUnreachable, "The chip stopped answering while what it guards was read.")
	case withheld:
		r.add(CheckTerminal, inspection.Failed, "refused", "The chip accepted this booth's certificates and does not give what they allow.")
	default:
		r.add(CheckTerminal, inspection.Successful, "", "The chip let this booth read what is guarded.")
	}
}

// chip is the name by which terminal authentication knows the chip.
func (l *line) chip() []byte {
	if l.opened != nil {
		return authenticity.ChipByPACE(l.opened)
	}
	number, digit := printedNumber(l.password.Zone)
	return authenticity.ChipByNumber(number, digit)
}

// printedNumber is the document number with its fillers, nine characters at least, and its check
// digit.
func printedNumber(z *mrz.Zone) (number string, digit byte) {
	number = z.DocumentNumber
	for len(number) < 9 {
		number += "<"
	}
	return number, mrz.CheckDigit(number)
}
