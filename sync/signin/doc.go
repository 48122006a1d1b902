// Package signin signs officers in with short-lived signed tokens: ID tokens of OpenID
// Connect (OIDC Core 1.0), which are JWTs (RFC 7519).
//
// A [Verifier] judges tokens, at booths and at central. A [Flow] is the client's side of the
// authorization code flow with PKCE (RFC 6749, RFC 7636), for the booth. An [Issuer] is a
// small provider of the authority's own, for demonstrations and for authorities that have
// none; any provider of OpenID Connect that puts the claims below into its ID tokens serves
// as well.
//
// A token says who the officer is (sub: letters, digits, '.', '_' and '-', at most 64) and
// what the officer may be: "profiles" names the profiles to choose from, "roles" the roles.
// It holds no name. Its audience (aud) is the client id, "boothd" unless it is set
// otherwise. It needs iss, sub, aud, exp and iat; a jti is passed on.
//
// # Without a line
//
// The issuer's keys are kept on disk, so that a booth judges tokens without a line. The file
// is as good as the issuer's word: whoever can write it can be any officer. [Verifier.Run]
// fetches the keys every ten minutes, which is how long a key that was withdrawn may still
// count where there is a line; without one it counts until its last token has expired.
//
// A token that has expired is good for OfflineGrace longer, while the issuer cannot be
// reached. Who holds a stolen token and can cut the line gains the same time, hence none is
// granted by default, and never at central.
//
// # Clocks
//
// A booth's clock may be wrong, or be set back to make an old token valid again. The issuer's
// own times are evidence: it is never earlier than the newest token that was accepted was
// issued, which is kept with the keys. A token that is issued in the future is refused with
// [ErrNotYet], which at a booth mostly means that its clock is slow. A clock that is fast
// refuses tokens early and does no other harm: nothing of it is kept.
//
// # Discovery
//
// It is net/http and one JSON document here. The usual library keeps its keys in memory only
// and does not start without a line, which are the two things that a booth needs.
package signin
