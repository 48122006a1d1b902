package pki

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"boothd/capture/chip/pki/cert"
	"boothd/capture/chip/pki/ldif"
)

// ImportReport counts what a download of the public key directory held.
type ImportReport struct {
	Entries       int // of the directory
	NonConformant int // of them, those that the directory keeps apart as against the standard
	Unreadable    int // values that cannot be read or used
	Signers, CRLs int // read

	Lists             int // master lists and others that are vouched for
	SkippedLists      int // those that are not
	Authorities       int // on the lists, before what is there twice is left out
	Links             int // likewise
	UnreadableInLists int // certificates on the lists that cannot be read or used
}

// maxFaults bounds how many errors an import keeps.
const maxFaults = 100

// Import takes trust material out of a download of the ICAO public key directory.
//
// Kept is what may be trusted because Trust vouches for it, which is what is on lists that its
// authorities signed; and, as they are, revocation lists and document signers' certificates,
// since they are verified whenever they are used. Authorities' certificates outside lists are
// not kept: nobody vouches for them.
type Import struct {
	Trust *Trust
	Now   time.Time
	// Source is noted in the entries.
	Source string
	// Signers keeps document signers' certificates too, some 30,000; nearly every chip
	// brings its own.
	Signers bool
	// Keep is called for every entry, also for such as were kept before. Its error ends the
	// import.
	Keep func(Entry) error
}

// LDIF imports a file. The faults, at most 100 of them, name lines and do not end the import;
// the error is that of the file, of ctx or of Keep.
func (im Import) LDIF(ctx context.Context, r io.Reader) (report ImportReport, faults []error, err error) {
	running := &importer{Import: im}
	err = ldif.Read(ctx, r, running.entry)
	return running.report, running.faults, err
}

type importer struct {
	Import
	report ImportReport
	faults []error
}

func (im *importer) entry(e *ldif.Entry) error {
	im.report.Entries++
	if strings.Contains(strings.ToLower(e.DN), "dc=nc-data") {
		im.report.NonConformant++
	}
	for _, a := range e.Attributes {
		var err error
		switch a.Name {
		case "usercertificate":
			err = im.certificate(e, a.Value)
		case "certificaterevocationlist":
			err = im.crl(e, a.Value)
		case "pkdmasterlistcontent", "cscamasterlistdata":
			err = im.list(e, a.Value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (im *importer) fault(e *ldif.Entry, err error) {
	im.report.Unreadable++
	if len(im.faults) < maxFaults {
		im.faults = append(im.faults, fmt.Errorf("entry at line %d: %w", e.Line, err))
	}
}

func (im *importer) certificate(e *ldif.Entry, der []byte) error {
	entry, err := ImportCertificate(der, im.Source)
	if err != nil {
		im.fault(e, err)
		return nil
	}
	im.report.Signers++
	if !im.Signers || entry.Kind != KindSigner {
		return nil
	}
	return im.Keep(entry)
}

func (im *importer) crl(e *ldif.Entry, der []byte) error {
	if _, err := cert.ParseCRL(der); err != nil {
		im.fault(e, err)
		return nil
	}
	im.report.CRLs++
	return im.Keep(Entry{KindCRL, der, im.Source})
}

func (im *importer) list(e *ldif.Entry, value []byte) error {
	l, err := ParseList(value, im.Source)
	if err != nil {
		im.fault(e, err)
		return nil
	}
	if !Vouched(l.Verify(im.Trust, im.Now)) {
		im.report.SkippedLists++
		return nil
	}
	im.report.Lists++
	im.report.UnreadableInLists += len(l.Faults)
	for _, entry := range l.Entries {
		switch entry.Kind {
		case KindAuthority:
			im.report.Authorities++
		case KindLink:
			im.report.Links++
		}
		if err := im.Keep(entry); err != nil {
			return err
		}
	}
	return nil
}
