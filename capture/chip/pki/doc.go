// Package pki is passive authentication: whether what a travel document's chip holds was
// signed by the state that the document names (ICAO 9303-10 §4.6.2, 9303-11 §5.1, 9303-12).
//
// # How a document is verified
//
// EF.SOD holds the hashes of the chip's files, signed by a document signer, whose certificate
// a country signing authority (CSCA) issued. [Trust] knows authorities, revocation lists and
// what is known of defects, and [Trust.Verify] checks a [Document] against it:
//
//	t, faults := pki.New(entries)
//	result := t.Verify(pki.Document{SOD: file, Digest: digest, State: "D<<", Type: "P<"}, now)
//
// The result is a list of facts, every check once, each successful, failed, undetermined or not
// done, with a reason for programs and a sentence for people. There is no verdict over them:
// a stale revocation list, a weak hash function and a forged signature are not the same thing,
// and what they mean is the policy's. Each fact stands for itself; that a data group is as it
// was signed says nothing unless signature and chain are successful too.
//
// An unknown signer is undetermined only if no authority of its country is known at all; if
// one is, it is a failure. Weak algorithms (SHA-1, RSA below 2048 bits, curves below 224) are
// verified and marked. Passive authentication does not tell a chip from its copy.
//
// # Chains
//
// A chain is by keys. Authorities change keys under one name, and their name under one key, and
// some have several keys at a time: of all authorities that have the key identifier or the name
// that a certificate gives for its issuer, the one counts whose key made the signature. A link
// certificate, in which an authority signs its next key, counts as far as a trusted key signed
// it. Path lengths are not looked at, since links do not keep to them. Certificates in the chip
// other than the signer's are never used.
//
// # Times
//
// Whether certificates are valid now is one fact; another is whether the signer was allowed to
// sign when it did, by its private key usage period. When it did, it may say itself, and the
// document's date of issue says it roughly (31 days, since documents are dated when they are
// applied for or handed out).
//
// # Revocation
//
// Of the lists of an authority that trusted keys signed, the newest of each key counts. Past
// its time a list still revokes what is on it, and leaves open what is not. A revocation counts
// whatever its date: when a document was signed only its signer says.
//
// # Where trust comes from
//
// An [Entry] is one certificate, revocation list or list of defects. [ParseList] reads master
// lists, defect lists and deviation lists, [Import] a download of the ICAO public key
// directory; both take only what authorities vouch for that the operator has chosen. Entries
// travel as lines ([WriteLines]) within a signed list, whose version and age their owner keeps;
// whoever gives entries to [New] vouches for those of [KindAuthority].
//
// Defects are never an excuse: what an issuer says of its own documents is shown beside the
// failure that it explains.
//
// # What is not checked
//
// Policies, path lengths, names against name constraints, and revocation of a certificate that
// is itself trusted. DSA, ECGDSA and RIPEMD-160, which nobody issues, are not understood. The
// deviation list's parameters are not read.
package pki
