// Package portal speaks with the central search: it asks the systems that only central
// can ask, and delivers the booth's records.
//
// The interface is a handful of calls over HTTPS with mutual TLS 1.3, described for other
// implementers in openapi.yaml ([OpenAPI] returns it). A look is one question about one
// piece of evidence to several systems; the portal asks them in parallel and writes one
// line of JSON for each answer the moment it is there, then a line that says the end. A
// report delivers records of the booth's outbox; it may be repeated and is committed once.
// [Client.Follow] is told what was found about a check after its answers were given, and
// drill orders. [Client.Copies] tells which technical copies the booth holds. The rest fetches
// signed documents and reports what was found out about a link.
//
// # What leaves the booth
//
// A question carries what its modality is searched with and no more: the fields of the
// document for a document; a finger or a portrait, with the document fields that
// verification needs, for the others; besides, the officer's token, the ground of an
// identification and a grant, where there are any. The zone's optional data (often a national personal
// number), its raw lines, the device's serial number, the systems of other modalities and
// whether the officer is cleared for discreet findings stay at the booth.
//
// # What the portal may say
//
// An answer is taken if it is well formed, comes once and speaks of a system that was
// asked. Which evidence it speaks of and who said it is filled in here, never believed.
// Anything else is refused and told in the error of [Client.Look]; a system whose answer
// was refused counts as not answered, so that a fault never reads as "no hit".
//
// # A line that is down
//
// When the portal cannot be reached, the traveller shall not wait a time-out for every
// piece of evidence. After a question that found no portal, the following ones are
// answered at once: unavailable, with the reason. Meanwhile [Client.Run] looks for the
// portal every few seconds, so that it is asked again soon after it is back.
package portal
