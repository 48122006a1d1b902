// Package bdir reads and writes biometric data interchange records of fingers: minutiae
// and pictures, in the layouts that other systems, cards and passport chips use. Pictures of
// faces it writes only ([FacePicture]); those of passport chips are read by capture/chip/lds.
//
//	first bytes           edition      what
//	"FMR\0" " 20\0"       ISO2005      ISO/IEC 19794-2:2005, record format
//	"FMR\0" " 20\0"       INCITS2004   ANSI/INCITS 378-2004
//	"FMR\0" "030\0"       ISO2011      ISO/IEC 19794-2:2011, record format
//	"FIR\0" "010\0"       ISO2005      ISO/IEC 19794-4:2005
//	"FIR\0" "010\0"       INCITS2004   ANSI/INCITS 381-2004
//	"FIR\0" "020\0"       ISO2011      ISO/IEC 19794-4:2011
//	"FAC\0" "030\0"       –            ISO/IEC 19794-5:2011, written only
//	none                  –            on-card minutiae of ISO/IEC 19794-2, see [ReadCard]
//
// [ReadMinutiae] and [ReadImages] find the edition out themselves. Every edition is held in the
// same structures, with codes and units that mean the same in all of them, so that a record is
// turned into another edition by setting its Edition and what that edition cannot say.
// Whatever is read can be written again and then reads the same; what is written always has
// correct length fields. A value that a layout has no room for is refused with an error that
// names it; the one exception is the direction of a minutia, which is rounded to the edition's
// unit.
//
// # What the same means
//
// Positions count from the picture's upper left corner, x to the right and y down, in pixels of
// the record's own resolution. Directions are degrees counterclockwise from the right. They
// point from the minutia into what ends there: along the ridge of an ending, along the valley
// between the branches of a bifurcation. Both standards agree in that: NIST's mindtct describes
// INCITS 378 so where it turns its own directions into those (lfs2m1_minutia_XYT), and NIST's
// BIOMDI (ansi2iso_fvmr) and FingerJetFX OSE (WriteTheta) turn one standard's into the
// other's by the unit alone. The unit is 360/256 degrees in the ISO
// record formats and two degrees in INCITS 378. NIST takes code n of INCITS 378 for 2n
// degrees, and so does this package; SourceAFIS takes it for 2n-1, the middle of the interval
// that ends there. The texts that can be read freely do not settle it.
//
// # Traps
//
// Three pairs of layouts begin with the same bytes. The 2005 and 2004 minutiae records are told
// apart by their length fields (four bytes against two or six), which is unambiguous up to 1.6
// MB; records of more than one mebibyte are refused. The 2005 and 2004 image records are
// told apart by where the chain of block lengths fits the record. INCITS 378-2009 begins as
// ISO/IEC 19794-2:2011 does; public descriptions of its header disagree (20 or 21 bytes), so it is
// not read: as the chain of its lengths does not fit, it is refused and not misread.
//
// Code 5 of the compression algorithm is PNG in the older image records and lossless
// JPEG 2000 in that of 2011. Impression codes 7 and 9 are any latent print and a contactless
// picture in the older records, a lifted latent print and a vertical roll in those of 2011.
// A minutia's quality of 0 means "not given" in the older minutiae records and "worst" in those
// of 2011. [Compression], [Impression] and [Minutia] are free of this: the same value always
// means the same.
//
// Resolutions of minutiae records are whole pixels per centimetre: 500 dpi is written 197. The
// value is kept as it is.
//
// # Where the layouts come from
//
// The standards are not free. Each offset was taken from two or more of these, all public:
// NIST's BIOMDI (fmr.h, fir.h and their libraries) and libbiomeval; Robert Važan's format
// summaries (templates.machinezoo.com) and FingerprintIO; FingerJetFX OSE; a C decoder of
// version 030 records (iso_fmr_v030); JMRTD and MOSIP bio-utils for pictures; a Pillow plug-in for
// ISO/IEC 19794-4:2011; MOSIP bio-utils alone for faces. Not confirmed by two of them, and therefore read liberally:
//
//   - Number of fingers in the 2005 and 2004 image records. BIOMDI and JMRTD take it for the
//     number of blocks, its name speaks of fingers. It is not trusted when reading; when writing
//     it is the number of blocks, so that these readers find every view.
//   - Extended data after the picture in ISO/IEC 19794-4:2011. It is kept as it is.
//   - Quality values 254 (not given) and 255 (could not be judged) of a whole view: they are
//     in some texts only; they are read and written in every edition.
//
// Extended data of minutiae records is kept as bytes, see [Areas]. Reserved bytes are ignored and
// written as zeros. Bytes that follow a record, as in a buffer of fixed size, are ignored.
package bdir
