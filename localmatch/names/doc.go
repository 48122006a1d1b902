// Package names compares the names of people: as they stand in a machine-readable zone, in a
// document's visual zone, or in a list, in any script.
//
// # Reading a name
//
// [Parse] and [ParseZone] cut a name into tokens and write each in three ways. Text is the
// transliteration: Latin national characters after ICAO 9303-3 §6 A, Cyrillic after §6 B
// with the letters that differ in Ukrainian, Belarusian, Bulgarian, Serbian and Macedonian,
// which the whole name's letters give away; Arabic, Persian, Pashto and Urdu letters after
// §6 C, but as romanisations write them (KH for the zone's XKH, SH for XSH); Greek after
// ELOT 743; Hebrew by consonants; Armenian after ISO 9985 and Georgian after the system of
// 2002, both without marks; Hangul in the revised romanisation of 2000; the scripts of
// India after their common layout; Han characters and all else after the tables of Unidecode.
// Fold is the same for all forms that a zone may give a letter. Skeleton is what romanisations
// have in common (see [Skeleton]). Compounds that are one Arabic name become one token in
// one spelling: ABD AL RAHMAN, ABDURRAHMAN and ABDEL RAHMANE fold to ABDULRAHMAN, SAIF AL
// DIN and SEIFEDDINE end in UDDIN.
//
// Particles (al, van) and titles (Haji, King) say little, but where a surname has no other word
// they are the name: LE, KING. Particles that are all of a given name (LE, DO) count as a common
// name if both have them.
//
// # Comparing
//
// [Score] and [Compare] take everything that is known of two people. Names are aligned token
// by token, in any order: the same, a spelling, another language's form, a nickname, like
// consonants, a typo, an initial, two words against one, the beginning of a word that a document
// cut off. A pair
// counts what agreement on it is worth, the more the rarer the name; a token against another
// counts against the person, and one without counterpart a little. Letters are compared by
// a weighted edit distance (Damerau 1964, Wagner and Fischer 1974) in which vowels, doubled
// letters, neighbours on a keyboard and letters that OCR confuses cost less. Names from a
// script that leaves vowels out compare by their skeletons. Then come birth date,
// nationality and sex. Birth dates a hundred years apart may be one, because a zone writes two
// digits of a year.
//
// The contributions are in nats, as in the record linkage of Fellegi and Sunter (1969): their
// sum is the logarithm of the odds that the two are one person, and Score its logistic
// function. The agreement of a name is damped, because its parts are not independent. Beyond
// odds of ten nats the score is damped too, so that better agreement has a higher score even
// at the top. The prior is that of a short list of candidates, of which one in three is right:
// a score of one half says that as many such findings are right as wrong. It says nothing
// about a name met by chance among millions.
//
// [Possible] and [Probable] are thresholds. A finding by name alone is never more than
// possible: without a birth date, or something else that agrees, a caller must not make a hit
// of it however high it scores.
//
// The result is a function of the two people, this package and the tables of package corpus,
// which tell how frequent a name is; nothing is learned while it runs. The same journal gives
// the same score and the same explanation.
//
// # Limits
//
// Of a name the first 512 bytes and 24 tokens count, of a token 32 letters, of a person 128
// names and 32 dates of birth. Organisations, ships and aircraft are not compared. Han
// characters are read as Mandarin; a Japanese or Korean reading has to come with the
// list.
package names
