// Package visa is the visa information system and the travel information and authorisation
// system of the reference portal.
//
// # VIS
//
// [VIS] is asked at a border with the number of the visa sticker and a finger of the
// traveller, or by name and document (Regulation (EC) 767/2008 Art 18). The holders are
// entries of a register; the visas, by a digest of their number, are in a table of its own.
//
// The reply's facts are how the visa stands, its validity in time and place and the entries
// it allows; if a finger was asked with, also whether it is the holder's ("file": verified
// or not_verified). Of a holder with several visas it is the one that is valid today, else
// the one that ends last. A visa is valid on its first and its last day.
//
//	a visa that was revoked or annulled         hit
//	expired, not valid yet, entries used up     possible
//	the finger is not the holder's              possible
//	no visa has the sticker's number            possible; asked without a sticker, no_hit
//	only the name and birth date are a holder's possible, without facts
//
// A finger that cannot be compared makes the answer unavailable unless there is a finding.
// From a holder without fingers on file nothing follows. Who made how many entries is what
// Put was told: at the exit that follows the last entry a visa is used up.
//
// # ETIAS
//
// [ETIAS] is asked with the machine-readable zone. Which nationalities need an
// authorisation is configured; for others the fact is not_required and nothing is looked
// up. An authorisation belongs to one document: its number and issuer. Who needs one and
// has none that is valid today is a hit; a flag is possible, and its text a fact.
//
// # What is kept
//
// [VIS.Erase] and [ETIAS.Erase] erase what has had its time, and holders of whom nothing is
// left.
//
// The tables hold no name and no number of a document or sticker, only digests under a
// secret, beside dates, statuses, the holders' ids and what a flag says. Errors hold no
// personal data.
package visa
