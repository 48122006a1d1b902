package localmatch

import (
	"context"

	"boothd/capture"
	"boothd/localmatch/finger"
)

// SameFinger tells by their ridges whether two pictures of one traveller show the same finger. It
// keeps nothing: every picture is read anew, so that no template outlives its check.
type SameFinger struct{}

var _ capture.FingerComparer = SameFinger{}

// Closest implements capture.FingerComparer. Pictures among the others that cannot be read agree
// with none.
//
// That two pictures show one finger is all that ridges tell: whether a finger is of the right or
// the left hand they do not. Loops lean to the little finger's side in most hands, in too many of
// them otherwise for a warning that officers would heed.
func (SameFinger) Closest(ctx context.Context, laid *capture.Finger, others []*capture.Finger) (int, float64, error) {
	best, score := -1, 0.0
	template, err := readPrint(laid)
	if err != nil {
		return best, score, err
	}
	prepared := finger.Prepare(template)
	for i, other := range others {
		if ctx.Err() != nil {
			return -1, 0, ctx.Err()
		}
		against, err := readPrint(other)
		if err != nil {
			continue
		}
		if c := prepared.Compare(finger.Prepare(against)); best < 0 || c.Score > score {
			best, score = i, c.Score
		}
	}
	return best, score, nil
}
