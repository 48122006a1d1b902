// Package lds reads and writes the files of a travel document's chip: the logical data
// structure of ICAO 9303-10, versions 1.7 and 1.8.
//
// A [File] knows how the chip names it: file identifier, short identifier, tag. The Parse
// functions take a whole file as it was read and hashed; what they return are parts of its
// bytes, not copies. Marshal writes a file that ICAO 9303-10 allows, for chips that are
// personalised here; a file that was parsed and is marshalled has the same meaning, not the
// same bytes.
//
//	EF.COM        versions and the files that are there     Common
//	EF.DIR        the chip's applications                   Application
//	EF.ATR/INFO   lengths that the chip takes               Info
//	DG1           machine-readable zone                     lines for package mrz
//	DG2           faces: ISO/IEC 19794-5:2005, 39794-5      Faces
//	DG3           fingers: ISO/IEC 19794-4:2005, 39794-4    Fingers
//	DG4           irises: ISO/IEC 19794-6:2005, 39794-6     Irises
//	DG5, DG7      displayed portrait, signature             Picture
//	DG11          the holder                                Person
//	DG12          the issue                                 Issue
//	DG16          persons to notify                         Contact
//
// DG6, DG8 to DG10 have no content that is agreed on, DG13 is the issuer's own, DG14 and
// DG15 are keys (package security): they stay bytes. Of the records of ISO/IEC 39794 that is
// read which a booth needs: which finger or eye, and the picture. The applications of LDS2
// (travel records, visas, additional biometrics) are known by name ([ApplicationID]) and not
// read.
//
// # What is tolerated
//
// Issuers write files that are wrong in ways that do not hide their content: a length inside
// a face's record, a count, a tag list. Such a file is read, and Deviations names in plain
// words, without the holder's data, what is wrong. What cannot be read is an error that
// matches [ErrMalformed], errors.ErrUnsupported or an error of package tlv.
//
// A file of at most 1 MiB is taken. Numbers of objects, pictures and characters are
// bounded, and no length is believed before its bytes are there.
//
// Everything but EF.DIR, EF.ATR/INFO and EF.COM is personal data: none of it is in an
// error, and its types keep themselves out of logs.
package lds

import (
	"errors"
	"fmt"
)

// ErrMalformed is matched if a file's content is not as its standard says.
var ErrMalformed = errors.New("malformed file")

// maxFile is the most bytes of a file.
const maxFile = 1 << 20

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrMalformed}, args...)...)
}
