// Package finger turns pictures of fingers into templates and compares them.
//
// [Extract] makes a [Template] of a picture: the minutiae, where ridges end or divide, and
// the [Ridges] themselves as far as they are clear. The same picture gives the same template
// on every machine, bit for bit. [Compare] tells how alike two templates are and which
// minutiae it takes for the same; a template that is compared often is prepared once, with
// [Prepare]. Templates and prepared templates may be used by several goroutines at once, as long
// as nobody changes them. Package index, below, finds a template among many.
//
// # Scores
//
// A score is -10·log10 of the share of different fingers that score as much or more:
//
//	20   one pair of different fingers in 100
//	30   one in 1,000
//	40   one in 10,000
//	50   one in 100,000
//
// The shares were counted on 8,640 pairs of different fingers, up to one in 1,000; above, the
// tail is taken to fall off as it does before, which more pictures of more fingers
// would have to show. A pair that has nothing in common scores 0.
//
// # Templates of others
//
// Records of ISO/IEC 19794-2 and INCITS 378 hold minutiae only ([FromRecord]). They are
// compared by these alone, with a calibration of their own: on the same sets, about five times as
// many mates are then missed at one in 1,000 as with the ridges.
//
// The innermost loops of comparisons are hidden from the race detector (go:norace): they work on
// memory of one comparison, or on prepared templates that nobody changes.
package finger
