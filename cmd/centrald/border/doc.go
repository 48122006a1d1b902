// Package border is the entry/exit system of the reference portal (Regulation (EU)
// 2017/2226): a file for each traveller from a third country, with the records of entry,
// exit and refused entry, and what follows from them today.
//
// # The authorised stay
//
// [Stays] computes it: 90 days in any period of 180 days (Regulation (EU) 2016/399 Art
// 6(1)). The day of entry and that of exit both count, and the period is the 180 days that
// end with the day in question. Days are those of the clocks of Options.Location. A record
// may name another last day, where an authority has decided so; for that stay it goes
// before the rule.
//
// Days left are those not used today. As days of earlier stays may fall out of the period
// while a traveller stays on, the last lawful day may be later than they seem to say: it is
// computed by itself.
//
// # Records
//
// [EES.CrossingOf] makes a record of what a booth reports of a check, and [EES.Record] keeps
// it within the transaction that takes in the report. A record counts once, however often
// it comes, and at the time of crossing, whenever it comes. The first record of a document
// creates the file. Who the file is about is kept apart, in a register that finds people by
// document, name and finger; it is told by [EES.Enrol] once the transaction is committed.
// Until then the file is found by its document only. [EES.Run] enrols as it becomes
// necessary. A child under twelve is enrolled without fingers.
//
// Where the records contradict each other, an exit or an entry was not recorded. Of such a
// stay only the day counts that is known, which errs on the traveller's side, and the
// officer is told that the records are incomplete as long as the gap is within 180 days.
//
// # What a reply holds
//
// The file is found by number and issuer of the document; if there is none so, by
// look-alikes of the number with the name, by the finger, or by name and birth date. Of the
// nationalities that are exempt nothing is looked up. Its facts:
//
//	file       none, verified (a finger agreed) or not_verified
//	presence   inside or outside, by the last record
//	entered    the day of the last entry
//	days_left  of the 90 in 180, or until the day that an authority set
//	leave_by   the last lawful day: of the stay, or of one that would begin today
//	days_over  of the stay, if that day is past
//	fallback   how many records were stored locally first; not if none
//
// and its findings:
//
//	overstay                    hit; possible if the file is perhaps another's
//	not verified                possible: the finger is not that of the file of the document
//	perhaps this person's file  possible: only the name, or an unlike number, agrees
//	file under another document possible: the finger's file does not know the document
//	no days of stay left        possible: outside, and an entry today would be one too many
//	incomplete records          possible: see above
//	refused entry               possible: an entry was refused earlier and is on file
//
// Of a file that is only perhaps the traveller's there are no facts but "file", and no
// findings but an overstay and a refused entry beside that it is perhaps theirs. An overstay
// that ended is no finding. A child under twelve is never found not verified,
// nor is anybody from whose finger nothing follows: one that could not be taken, or a file
// without fingers, such as that of a visa holder, whose are in the VIS. A finger that cannot
// be compared makes the answer unavailable unless there is a finding.
//
// # What is kept
//
// [EES.Erase] erases what Regulation (EU) 2017/2226 Art 34 says: a stay three years after the
// exit and a refusal three years after it, a stay without an exit five years after its last
// lawful day, the file a day after the last of its records.
//
// The tables of this package hold digests of documents under a secret, and crossings under
// a file's random number. Only ees_pending names a person, until the file is enrolled.
// Neither errors nor logs hold personal data.
package border
