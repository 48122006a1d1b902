// Package wsq decodes and encodes fingerprints in the WSQ format: wavelet scalar quantization, in
// which police and border systems exchange 8-bit grey prints of 500 dpi at about a fifteenth of
// their size.
//
// The standard is the FBI's "WSQ Gray-Scale Fingerprint Image Compression Specification",
// IAFIS-IC-0110, version 3.1. Its conventions were taken from what the program library NBIS of
// NIST does, which is in the public domain: the order and the mirroring of the subbands, the middle of
// the picture over which variances are taken, bins whose value lies at 0.44 of their width, rounding
// half up, and the NIST_COM comment, the only place where the resolution stands.
//
// # What is decoded
//
// Filters of an odd and of an even number of taps, Huffman tables one by one or together, comments,
// and restart markers, which are followed where they stand (no other program that writes them was
// at hand to try). A picture has its three blocks with as many coefficients as its size asks for, no
// more and no fewer; anything else is an error, because half a print must not be compared as if it
// were one. The values of black and white in the header have no effect, as in NBIS. Lines of
// a single sample, for which NBIS reads outside of its memory, follow from the mirroring that holds
// for all others.
//
// # What is encoded
//
// The standard's one set of filters and parameters (part 3), with Huffman tables made for the
// picture. Encode writes 0 as the number of the software: it is not certified, and a receiver that
// asks for a certified encoder will say so. The standard is made for pictures of 256 by 256 pixels
// and more; smaller ones are encoded too, but then the size is far from what was aimed at. Fine
// diagonals are lost at any bit rate, because the format has no place for the last four subbands,
// and so are patterns that no finger has, such as stripes of one pixel.
//
// # Accuracy
//
// The arithmetic is in double precision, as in the reference implementation that NIST compares with
// to certify (the pixels of programs in single precision, such as NBIS as it is built by
// default, differ from it by one grey level here and there), and every product is rounded before
// it is added. So files and pictures are the same bit for bit on amd64, with and without fused
// instructions, and on arm64; a test holds both to fixed hashes.
//
// NIST's set of reference pictures shows real fingers and was not at hand. The proof was made outside
// of the repository, against NBIS's algorithms written out in C as they stand and compiled once
// in single and once in double precision. Of 240 real prints (FVC2002 DB1 and DB3, FVC2004 DB4),
// encoded by either side at 0.75 bits per pixel, no pixel was decoded differently from double
// precision, and one in 100,000 by one level from single precision; the same with the filters of
// eight taps. Encoded by this package and by the reference, the prints have the same signal to
// noise ratio, 31.14 dB, at 14.53 and 14.52 to one.
package wsq
