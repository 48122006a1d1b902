// Package identity is central's common identity repository (CIR), what law enforcement may
// learn from it, and the links of the multiple-identity detector, after Regulation (EU)
// 2019/817.
//
// # The repository
//
// A [File] holds one person's identity data, travel documents and references to biometric
// data, and says which entries of which systems are about the person. The biometric data
// themselves stay with the matching service. [CIR] is the system "CIR": asked with a ground
// of Art 20 it says who somebody may be. Without a ground nothing is looked up. Which
// systems hold data is no part of that answer.
//
// # Children
//
// A child under 12 is not identified unless the officer has recorded why that serves the
// child. Both birth dates count, that of the question and that of every file found: one of
// a child is enough to refuse, and the refusal reads the same either way. Of a birth date
// that is known in part the youngest age counts that it allows: "2014" may be a child's
// until the end of 2026. So whoever may be a child is protected as one, at the price of a
// sentence that the officer writes for a few who are not. A birth date that
// cannot be read counts as a child's. One that is not known at all tells nothing: the other
// one decides, and if there is none, the officer, who sees the person.
//
// # Law enforcement
//
// [Cases] are the two steps of Art 22. Opening a case answers which of the systems EES,
// VIS, ETIAS and Eurodac hold data on the person: nothing else, not how many entries, and
// in the same bytes whatever else is known. Only systems that the officer's profile may use
// are named. Art 22(2) would allow all four; but a flag serves to ask for access and nothing
// else, which such an officer cannot do, and nobody is told of data to which there is no
// access (Art 9(4)). The others are neither looked up nor counted. Each system so flagged is then either asked,
// under a verified grant, or declined with a recorded reason; before that the case cannot
// be closed. A case is seen by the officer who opened it, under the profile it was opened
// with, and by nobody else: for all others it is not there. No answer is given before its
// step is in the log.
//
// # Links
//
// [Links] joins entries of different systems that may be about one person. [Judge] has the
// rules. What a person must decide is yellow; nothing becomes red or green by itself. A
// yellow link with an entry of the EES is work of the border authority (Art 29(1)(a)): an
// [Item] with a time by which it is due. Every change of a link is kept in its history.
//
// # How long it is kept
//
// Nothing here has a period of its own but the cases. Whoever erases an entry of a system
// calls [CIR.Forget] and [Links.Forget] first; the file goes with its last entry, a link with
// the first of its two. [Cases.EraseQuestions] and [Cases.Erase] are to be called now and
// then.
//
// All of it is in one database, shared by every instance of central.
package identity
