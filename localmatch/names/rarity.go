package names

import (
	"math"
	"strings"
	"sync"

	"boothd/localmatch/names/corpus"
)

// What agreement on a token is worth, in nats (the logarithm of how much likelier it is
// among pairs of the same person than of two people).
const (
	weightParticle   = 0.25
	weightTitle      = 0.15
	weightInitial    = 0.7
	weightLeast      = 1.6
	weightPatronymic = 1.8
	weightMost       = 4.2
)

// Shares of all people who have a name, as their negative logarithm: MUHAMMAD is about
// commonest; the corpus does not go much beyond rarest.
const (
	commonest  = 4
	rarest     = 11.5
	weightRare = 3.6 // of the rarest word that the corpus knows
)

// Load reads the tables of how common names are, some 40 ms of work that else the first name
// that is parsed waits for.
func Load() { shares() }

var shares = sync.OnceValue(func() map[string]float64 { return corpus.Shares(Fold) })

// weightOf returns what agreement on the token is worth. A token that is in no table is
// rare; short ones less so, because few letters agree by chance.
func weightOf(t *Token) float32 {
	switch t.Kind {
	case Particle:
		return weightParticle
	case Title:
		return weightTitle
	case Initial:
		return weightInitial
	}
	unknown := min(2.2+0.25*float32(len(t.Fold)), weightMost)
	if isPatronymic(t.Fold) {
		unknown = weightPatronymic
	}
	share, known := shares()[strings.TrimPrefix(t.Fold, "ABDUL")]
	if !known {
		return unknown
	}
	rarity := (float32(-math.Log(share)) - commonest) / (rarest - commonest)
	return min(unknown, max(weightLeast, weightLeast+(weightRare-weightLeast)*rarity))
}

// isPatronymic recognises the father's name of Russians and their neighbours, which comes
// from few given names.
func isPatronymic(fold string) bool {
	for _, end := range patronymicEnds {
		if strings.HasSuffix(fold, end) && len(fold) > len(end)+2 {
			return true
		}
	}
	return false
}

var patronymicEnds = []string{"OVICH", "EVICH", "AVICH", "OVITCH", "EVITCH", "OVYCH", "YOVYCH", "IYOVYCH", "OVIC", "OVNA", "EVNA", "AUNA", "EUNA", "IVNA", "ICHNA"}
