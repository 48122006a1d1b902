// Package itl reads and writes ANSI/NIST-ITL transactions ("NIST files") in the traditional
// encoding, the form in which fingerprints are handed to SIS and VIS.
//
// A transaction is a Type-1 header that lists what follows, and records: descriptive text
// (Type-2), greyscale fingerprints of a fixed resolution (Type-4), fingerprints of any
// resolution with their segments and quality (Type-14), and others, which are carried along
// untouched. The words of the standard stand in the documentation of each field.
//
//	t, err := itl.Read(file)
//	for _, r := range t.Records {
//		if p, ok := r.(*itl.Print); ok {
//			use(p.Positions, p.Scale.DPI(), p.Image)
//		}
//	}
//
// A booth's question is built by Search, as Type-4 or as Type-14 records.
//
// # What is kept
//
// What Read accepts AppendBinary writes, files at the very limits excepted, and it reads
// back equal. A file in canonical form is written back byte for byte. Canonical are: fields
// of Type-1 and Type-14 in ascending order, field numbers of at least three digits, the
// shortest self-consistent LEN, numbers without leading zeros but for IDC (Header.ShortIDC),
// hexadecimals in capitals, densities as 19.69, DOM and DCS with all their separators, and
// no separator before the end of a record. Fields of Type-2 stay in the order in which they
// came. Records of other types are kept as the bytes they came in; only their length, their
// IDC and their last byte are looked at.
//
// # What is refused
//
// Read refuses what disagrees with itself: a LEN that does not fit, a CNT (1.003) that does
// not name the records that follow with their types and IDC, bytes after the last record,
// a field twice, a mandatory field that is missing, a segment outside its picture, an
// uncompressed picture of the wrong length. AppendBinary refuses the same, so that nothing
// leaves that would not be read. An *Error names record and field and never their content.
// Sizes and counts are limited (MaxSize, MaxRecords, MaxItems); text is copied,
// pictures and opaque records are not, and reading takes at most the file's size again and
// some 40 MB for MaxItems.
//
// Text is bytes. Type-1 is printable ASCII; elsewhere Charsets (1.015) says what the bytes
// mean, and nothing is converted. The four separators cannot occur in text, so UTF-16 and
// UTF-32 cannot be used; UTF-8 can.
//
// # What it follows
//
// ANSI/NIST-ITL 1-2007 (NIST SP 500-271) and 1-2011 with its updates of 2013 and 2015 (SP
// 500-290): section 8.1 for Type-1, 8.2 Type-2, 8.4 Type-4, 8.14 Type-14, annex B for the
// traditional encoding; where the years differ, Header.Version decides. Layouts and code
// tables were confirmed by NIST's own NBIS (an2k, chkan2k), by nist4j and jnbis (Java), by
// nistitl (Python), and partly by the text of SP 500-290 itself. Type-1 records that say
// 0200, 0201 (1993, 1997) or 0300 (2000) are read by the rules of 2007. 1-2025 (0600) is
// refused: it changes the quality fields.
//
// # SIS and VIS
//
// Public law says this much, and CheckSIS and CheckVIS check it:
//
//   - SIS: Implementing Decision (EU) 2020/2165, annex 1.3 (border checks; 2021/31 is its
//     counterpart for police cooperation): a "SIS NIST" container after ANSI/NIST in binary
//     form, checked on arrival and rejected as a whole if it does not comply; 256 grey
//     levels; 500 ppi as WSQ, 1000 ppi as JPEG 2000.
//   - VIS: Commission Decision 2006/648/EC, annex: ANSI/NIST-ITL 1-2000 as INTERPOL's AFIS
//     experts interpret it (version 4.22b), WSQ, at least 500 dpi, 256 grey levels.
//
// What the interface control documents of SIS and VIS add is not public: the types of
// transaction (1.004), domain names, agency identifiers, the fields of Type-2, quality
// thresholds, and whether Type-4 or Type-14 is wanted. None of these is a constant here; all
// are the caller's, from the operator's copy of the document. The one public EU
// specification of the same family, the Prüm decision (2008/616/JHA, annex, chapter 2),
// shows the style: 1.004 "CPS", agencies as "DE/BKA", 1.013 "INT-I" version "4.22", IDC in
// two digits with 00 for the Type-2 record; the tests use its example.
package itl
