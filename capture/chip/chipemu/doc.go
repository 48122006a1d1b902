// Package chipemu is an emulated chip of a travel document: the chip's side of every protocol
// of ICAO 9303-10 and 9303-11 and of BSI TR-03110 that package chip's terminal speaks, for
// tests, demonstrations and training.
//
// A [Document] says in JSON what to personalise: zone, portrait, who may read and how the
// chip proves itself. An [Issuer] is a test state with its signing authority, kept in a
// folder. [Issue] makes the chip's files and keys of both, and [New] the chip itself, which is
// a [devices.Card]: it answers in process, or behind pcscd through vpcd.Lay.
//
//	issuer, err := chipemu.OpenIssuer(dir)
//	document, err := chipemu.DocumentOf(synthetic.New(10))
//	issued, err := chipemu.Issue(document, issuer)
//	card, err := chipemu.New(issued)
//
// The same document and issuer give the same files, byte for byte, where the signature
// algorithm of the issuer is one without random numbers (RSA, PKCS #1); with the others EF.SOD
// and EF.CardSecurity differ in their signatures. The chip's own keys are derived from the
// issuer's seed and the document, so that the files beside them are the same always.
//
// # Faults and attacks
//
// A [Fault] is something wrong with the document or the chip: an attack that a booth must
// recognise, or a mishap that it must survive. [Faults] lists them. Most of them change the
// files when the document is issued, some change what the chip answers.
//
// # The chip
//
// The chip is a state machine that is strict where the standards are: it forgets a session
// with the first command that is not protected or wrongly so, a challenge serves the one
// command after it, commands of PACE come in their order. Where the standards leave a choice,
// or chips are known to be peculiar, [Quirks] choose. READ BINARY past the end of a file
// answers what is there with 6282; one that asked for "all there is" gets 9000.
//
// Chip Authentication with DH is personalised with standardised domain parameters only.
//
// # What it is not
//
// It protects nothing: its secrets lie in memory and in files in the clear, and its
// calculations may be timed. No key of it may be trusted by a booth that checks travellers.
package chipemu
