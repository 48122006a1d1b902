// Package index finds a finger among many: 1:N identification over a gallery of templates.
//
// An [Index] holds templates under keys of the caller's, one key a person, each with the position
// of its finger. [Index.Search] takes one or several fingers of one person and returns candidates
// with scores. It works in three stages, each for fewer templates than the one before:
//
//  1. The surroundings of each minutia of the probe, 256 bits of a cylinder code, are held against
//     those of the minutiae of every template whose direction differs by up to 56°. The likest
//     pairs vote for one turn and one move of the whole finger, and the flow of the ridges is
//     compared under it.
//  2. For one template in eight, 512 at least: the pairs that are likest under this turn are
//     checked two by two for whether they can lie on one another, and the flow once more.
//  3. For one person in 400, 24 at least: all fingers are compared in full, by
//     [finger.Prepared.Compare]. Only these scores are returned.
//
// The first stages read 1,336 bytes of each template, the hot record; its key and where the
// template lies take 12 more. The template itself is kept encoded and is decoded for stage 3
// only.
//
// Who passes depends on the rank among the gallery and on nothing else, so that the list is as
// long for a poor probe as for a good one. Prints that share no more than a few minutiae, which
// a full comparison may still tell by their ridges, are the ones that do not pass: on three FVC
// sets some 4 in 100 of the mates that a full comparison accepts at a false match rate of 1e-3
// are missed, 2 when one person in ten is compared ([Options].Share). That a person is not
// among the candidates is therefore no proof that the index lacks him.
//
// An index changes while it is searched. A state is never altered, only replaced: [Index.Add] and
// [Index.Remove] take turns with each other, searches wait for nobody and see one state from
// beginning to end. Templates lie in chunks of 1,024. When more than half of a chunk is removed, the rest is
// moved and its memory freed, so that removed templates never outnumber those that are left by
// more than a chunk.
//
// [Index.WriteTo] stores an index in a form that [Open] uses as it lies, mapped into memory
// or read and decrypted in one piece. It is not encrypted: that is for whoever keeps it.
// Whoever finds [ErrVersion] or [ErrCorrupt] builds the index anew from the templates. Records
// are the same on all machines.
package index
