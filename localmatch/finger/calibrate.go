package finger

// level is a weight of evidence and the score that it is given.
type level struct{ evidence, score int }

// The levels were read off all comparisons of different fingers in the three development
// sets, 8,640 of them; of the sets that counts where most weigh as much. Up to 30 they are
// counted, from there on the tail is taken to fall off as it does before.
var (
	ridgeLevels = []level{
		{-1600, 0}, {-940, 3}, {-550, 7}, {-200, 10}, {170, 13}, {520, 17}, {820, 20}, {1010, 23},
		{1260, 27}, {1480, 30}, {2100, 40},
	}
	minutiaLevels = []level{
		{1000, 0}, {1660, 3}, {2010, 7}, {2220, 10}, {2420, 13}, {2620, 17}, {2780, 20}, {2880, 23},
		{2980, 27}, {3200, 30}, {3600, 40},
	}
)

// calibrated turns the weight of the evidence into the score of a Comparison.
func calibrated(evidence int, levels []level) float64 {
	if evidence <= levels[0].evidence {
		return 0
	}
	i := 1
	for i < len(levels)-1 && evidence > levels[i].evidence {
		i++
	}
	from, to := levels[i-1], levels[i]
	return float64(from.score) + float64((evidence-from.evidence)*(to.score-from.score))/float64(to.evidence-from.evidence)
}
