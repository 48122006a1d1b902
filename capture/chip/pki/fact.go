package pki

import "fmt"

// Check is what a [Fact] is about.
type Check string

// The checks of passive authentication (ICAO 9303-11 §5.1, 9303-12 §6), in the order of a
// result.
const (
	CheckSecurityObject Check = "security_object" // EF.SOD can be read
	CheckSignature      Check = "signature"       // the document signer signed it
	CheckSigner         Check = "signer"          // its certificate is one for signing documents
	CheckChain          Check = "chain"           // a trusted signing authority issued the signer
	CheckValidity       Check = "validity"        // the certificates are valid now
	CheckSigningTime    Check = "signing_time"    // the signer was allowed to sign when it did
	CheckRevocation     Check = "revocation"      // no certificate is revoked
	CheckStrength       Check = "strength"        // no algorithm or key is weak
	CheckCountry        Check = "country"         // authority and document are of one state
	CheckDocumentType   Check = "document_type"   // the signer signs documents of this type
	CheckDefects        Check = "defects"         // no list knows the signer for its defects
	CheckHash           Check = "hash"            // a data group is the one that was signed
)

// Checks are all of them.
func Checks() []Check {
	return []Check{
		CheckSecurityObject, CheckSignature, CheckSigner, CheckChain, CheckValidity, CheckSigningTime, CheckRevocation,
		CheckStrength, CheckCountry, CheckDocumentType, CheckDefects, CheckHash,
	}
}

// State is how a check ended.
type State string

// Undetermined is a check that was done and leaves the question open, such as a revocation
// list past its time; not done is one that could not be begun.
const (
	Successful   State = "successful"
	Failed       State = "failed"
	NotDone      State = "not_done"
	Undetermined State = "undetermined"
)

// Reason is why a check did not succeed, for programs.
type Reason string

// The reasons. Each belongs to the checks named behind it; where a check could not be done
// because another failed, the reason is that other's.
const (
	ReasonMalformed        Reason = "malformed"            // security_object
	ReasonNoSigner         Reason = "signer_missing"       // signature: its certificate is nowhere
	ReasonSignatureWrong   Reason = "signature_wrong"      // signature
	ReasonNoAttributes     Reason = "attributes_missing"   // signature
	ReasonAttributes       Reason = "attributes_malformed" // signature
	ReasonOtherContent     Reason = "content_differs"      // signature: made over another content
	ReasonUnsupported      Reason = "not_supported"        // signature, chain: algorithm not understood
	ReasonPurpose          Reason = "wrong_purpose"        // signer: the certificate is for something else
	ReasonOdd              Reason = "certificate_odd"      // signer: parts of the certificate not understood
	ReasonAuthorityUnknown Reason = "authority_unknown"    // chain: no authority of the country is known
	ReasonSignerUnknown    Reason = "signer_unknown"       // chain: none of the country's authorities is the issuer
	ReasonChainWrong       Reason = "chain_signature"      // chain: the named authority did not sign
	ReasonNoChain          Reason = "no_chain"             // what needs a chain
	ReasonExpired          Reason = "expired"              // validity
	ReasonNotYetValid      Reason = "not_yet_valid"        // validity
	ReasonNoTime           Reason = "time_unknown"         // signing_time: neither signing time nor issue known
	ReasonOutsidePeriod    Reason = "outside_key_period"   // signing_time
	ReasonRevoked          Reason = "revoked"              // revocation
	ReasonRevokedByDefect  Reason = "revoked_by_list"      // revocation: by a defect list
	ReasonNoCRL            Reason = "list_missing"         // revocation
	ReasonStaleCRL         Reason = "list_stale"           // revocation
	ReasonWeak             Reason = "weak"                 // strength
	ReasonCountryDiffers   Reason = "country_differs"      // country
	ReasonCountryUnknown   Reason = "country_unknown"      // country: code without known counterpart
	ReasonNoMRZ            Reason = "zone_missing"         // country, document_type: not given
	ReasonNoList           Reason = "no_type_list"         // document_type: the signer has none
	ReasonTypeNotListed    Reason = "type_not_listed"      // document_type
	ReasonKnownDefect      Reason = "known_defect"         // defects
	ReasonHashDiffers      Reason = "hash_differs"         // hash
	ReasonNotRead          Reason = "not_read"             // hash
	ReasonNotInSecurity    Reason = "not_signed"           // hash: the group is not in the security object
	ReasonNoSecurityObject Reason = "no_security_object"   // everything else then
	// What the verifier knows is not good enough: chain, revocation, defects.
	ReasonTrustStale   Reason = "trust_stale"   // old: what is new may be missing
	ReasonTrustExpired Reason = "trust_expired" // too old to be used
	ReasonTrustMissing Reason = "trust_missing" // there is none
)

// Fact is the result of one check.
type Fact struct {
	Check  Check  `json:"check"`
	State  State  `json:"state"`
	Reason Reason `json:"reason,omitempty"`
	Group  int    `json:"group,omitempty"` // data group of CheckHash, 1 to 16
	Text   string `json:"text"`            // one sentence in English, for people
}

func succeeded(c Check, format string, args ...any) Fact {
	return Fact{Check: c, State: Successful, Text: fmt.Sprintf(format, args...)}
}

func failed(c Check, r Reason, format string, args ...any) Fact {
	return Fact{Check: c, State: Failed, Reason: r, Text: fmt.Sprintf(format, args...)}
}

func undetermined(c Check, r Reason, format string, args ...any) Fact {
	return Fact{Check: c, State: Undetermined, Reason: r, Text: fmt.Sprintf(format, args...)}
}

func notDone(c Check, r Reason, format string, args ...any) Fact {
	return Fact{Check: c, State: NotDone, Reason: r, Text: fmt.Sprintf(format, args...)}
}
