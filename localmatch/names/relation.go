package names

import "strconv"

// Relation tells how two parts are related.
type Relation uint8

// The relations.
const (
	Different Relation = iota
	Same
	Variant     // another spelling or romanisation of the same name
	Translation // the same name in another language
	Nickname    // one is short for the other
	Typo        // a few letters or, of a birth date, one digit differ
	InitialOf   // one is the initial of the other
	Joined      // two words against one
	Cut         // one is the beginning of the other, which a full name field cut off
	Within      // one is a part of the other, such as RAHMAN of ABDULRAHMAN
	Missing     // found, not asked
	Extra       // asked, not found
	Swapped     // day and month
	NearYear    // a year more or less
	Century     // the last two digits of the year agree, as all that a zone has
	Partly      // what both sides know agrees
	Unknown     // one side does not know
	Consonants  // written with like consonants, which different names may be
)

var relations = [...]string{
	"different", "same", "variant", "translation", "nickname", "typo", "initial", "joined", "cut", "within", "missing", "extra",
	"swapped", "near year", "century", "partly", "unknown", "consonants",
}

// String returns a word for the relation, as it stands in a journal.
func (r Relation) String() string {
	if int(r) < len(relations) {
		return relations[r]
	}
	return "relation " + strconv.Itoa(int(r))
}
