// Package index finds people by name and birth date among millions, in memory, in milliseconds.
//
// An index gives candidates: the few entries whose names and birth dates agree best with those
// asked for. Whether one of them is the person is for a comparison of each with [names.Compare].
//
// # What is found
//
// The words of a name are its tokens as package names folds them, without particles and titles. A
// word asked for is like a word of the list if the two differ by one letter more, less or another,
// or by two letters exchanged; if their skeletons, what romanisations leave alone, are the same
// or differ by one letter; if it is two words written as one, or the reverse; or, at the end of
// a name that a document has cut off, if it is the beginning of the other. Words count by their
// rarity in the list itself. The very word asked for is looked up however many are like it. The
// names of an entry are kept apart: two halves of two aliases make no match.
//
// Records are numbered by birth date, so that to look for a date is to look at a run of
// numbers. A search with a birth date reads
//
//   - everybody of that day, of that day with month and day exchanged, and those of whom only
//     this year and month, or this year, are known; those born on the same day of a year that
//     differs in one digit; and those whose date is the same but a hundred years earlier or
//     later, because a zone writes two digits of a year: 8,192 records at most. Of the first 600
//     each word is compared, which finds a name however it is written;
//   - of those born in the year or within three years of it, and of those whose birth date is
//     unknown, the ones who have words like those asked for.
//
// Others are not candidates, whatever their name: whoever wants these asks without a birth date.
// A search without one looks at everybody who has words like those asked for.
//
// # What is not found
//
// A search reads a bounded number of records, so that its time is bounded whatever is asked of
// whatever list. Where thousands share a name and no birth date tells them apart, not all of them
// fit among the candidates, and not all may have been read. [Result].More says so. A caller who
// was told More and found nobody has not shown that nobody is there.
//
// A single letter is looked for as such. It counts as an initial only where a record is read
// because of its other words or its birth date.
//
// # Change and storage
//
// An index never changes. A caller who must add people builds a small one beside it, which takes
// a fraction of a second for 50,000, and hides entries that are gone with [Query].Skip. An index
// can be searched by any number of goroutines. [Index.WriteTo] and [Read] store it as flat arrays.
// They tell everything that the index knows; whoever keeps them seals them.
package index
