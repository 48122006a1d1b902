// Package search asks every information system that an officer's profile may use, all at
// once, and hands on each answer the moment it is there.
//
// # Which systems
//
// Asked are the systems that are requested, that the signed profile allows with the evidence's
// modality and that central is connected to. The others are neither asked nor mentioned, and
// what they hold, how they fare and whether they exist changes nothing that leaves a search: not
// the answers, not their number, size, order or time (Regulation (EU) 2019/817 Art 9(4)). A
// profile that is past its review allows nothing.
//
// The common identity repository is asked only if the query states one of the grounds of Art
// 20. A system for which the profile wants a grant is asked only with one that was verified for
// it and for the traveller; else it is answered for as unavailable, which says what is needed.
//
// # What they are told
//
// A question holds the fields that both the profile and the law (system.Allowed) let through,
// under a random id of its own. Interpol's databases are told a document's number, type and
// issuer, and nothing of who asks, where, why or when.
//
// # What is handed on
//
// Of a reply, the parts that the profile names. The state is always handed on:
// an officer who may see no findings is told their state, but not that of discreet findings
// without clearance for them.
//
// # Time
//
// Every system has a deadline of its own. One that is slow, dead or faulty, an adapter that
// panics or ignores its context, delays no other and is answered for as unavailable. For the
// time that a system lingers after its deadline, or after the booth has gone, its reply is
// still awaited; if it found something it goes to Options.Late and becomes an alert.
package search
