// Package numbers compares document numbers and holds very many of them in little memory.
//
// # One number, written in several ways
//
// [Normal] writes a number as a machine-readable zone does: A to Z and digits only. [Fold]
// then writes the characters alike that optical reading takes for one another: O, Q and D as
// 0, I and L as 1, Z as 2, S as 5, G as 6, B as 8. [Compare] grades two documents:
//
//   - [Same]: Normal agrees.
//   - [Alike], by [LookAlike]: Fold agrees. Both numbers may exist, a person must look.
//   - Alike, by [Format]: the same, and the issuer's format allows one reading only at each
//     place where they differ: a British passport has no letter O.
//   - Alike, by [CheckDigit], [LeadingZeros] or [LeadingLetters]: the list was written
//     carelessly. These need a known issuer, a known type of document, a format of it, and a
//     careless form that is itself no number of that issuer.
//
// The formats ([Reading]) are a small table of what is publicly known. They never make two
// numbers the same that may both exist: a number that fits a format of its issuer is its own
// reading. What fits none is compared by its look-alikes alone.
//
// Transposed pairs and single wrong characters are not looked for. Numbers are given out
// without gaps, so a neighbour of a good number is somebody else's: if one in 300 numbers of a
// state is listed, the 8 transpositions of a number of 9 places hit a stranger for one
// traveller in 40, the 81 substitutions for one in 4. The check digit of the zone (ICAO
// 9303-3 §4.9) catches such errors where the document is read; where the list was mistyped,
// name and birth date find the entry.
//
// # The index
//
// An [Index] answers which entries of a list hold a number or one alike. A [Builder] makes it
// from up to 2^27 numbers. It never changes; additions go into a small index beside the large
// one, and the caller leaves out the entries that have been dropped since. An index of 100
// million numbers of 100 million entries is 694 MB.
//
// An issuer, where both sides know it, must agree as [Issuer] writes it; where either does not,
// the number alone decides. The careless forms are found where both know it.
//
// Of a number the index holds a keyed hash: the bits that choose its place, and 23 more,
// which differ by issuer. A look-up of a number that is not in the list answers with a wrong
// entry once in 2 million times at most if the issuer is given, and if it is not, once in 8.4
// million divided by the number of issuers in the list. Three further bits tell [Hit].Exact:
// they take a look-alike for exact once in 7 times, and only if both numbers have letters where
// digits look like them. The caller compares with the entry itself.
//
// # At rest
//
// [Index.WriteTo] stores what lies in memory, and [Open] reads it through only to check it.
// Without the secret the bytes tell how many numbers, entries and issuers there are, how many
// numbers each entry has and which entries share one, but no number and no issuer. The
// checksums find damage, not forgery: whoever can write the file must be kept from it, or the
// file be sealed.
package numbers
