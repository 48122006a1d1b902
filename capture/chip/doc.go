// Package chip inspects the chip of a travel document as an inspection system should: it opens
// the chip, reads it, proves that its data are authentic and that it is the chip they were signed
// for, and reports every check by itself (ICAO 9303-11 §4 to §7, 9303-12 §6).
//
// The order is that of the inspection procedure:
//
//	EF.CardAccess, EF.ATR/INFO     what the chip can do; nobody has signed that yet
//	PACE; BAC where PACE is absent the chip is opened with the machine-readable zone or the CAN
//	EF.SOD, EF.COM, DG14           what there is, and the chip's keys
//	Chip Authentication            is it the chip? (else PACE-CAM, else Active Authentication)
//	Terminal Authentication        where the chip asks for it and the booth has certificates
//	DG1, DG2, …                    the traveller's data
//	Passive Authentication         who signed, may they, is it altered, is it revoked
//	consistency                    the zone that was read against DG1, EF.COM against EF.SOD,
//	                               EF.CardAccess against what was signed (a downgrade)
//
// What needs no answer of the chip is calculated while the chip works or transmits: ephemeral
// keys and shared secrets, the signatures above EF.SOD, the portrait for the officer's page.
//
// Subpackages have the parts: apdu and tlv the wire, secure its protection, access PACE and BAC,
// authenticity the proofs, security what chips say of their protocols, lds the files, pki the
// certificates, portrait the picture. The emulated chip is chipemu.
//
// An inspection does not fail: whatever goes wrong is a check's result, and a chip that is torn
// off leaves the rest as not done. What a hostile chip can do is bounded: so many commands, so
// many bytes, and the caller's context.
package chip
