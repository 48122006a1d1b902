package trial

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"boothd/localmatch/names"
)

// Pair is two names of which it is known whether they are one person's.
type Pair struct {
	A, B  names.Person
	Same  bool
	Kind  string
	Dated bool // both sides have a birth date
}

// ErrColumns says that a file has not the columns name1, name2 and is_match.
var ErrColumns = errors.New("without the columns name1, name2 and is_match")

// maxPairs bounds what is read.
const maxPairs = 5_000_000

// ReadPairs reads CSV with a header. Columns: name1, name2, is_match (1, true, 0, false),
// and if they are there schema (all but Person is left out), kind, dob1 and dob2 (several
// dates are separated by a bar). Other columns are passed over. With withoutBirths birth
// dates are too. Errors name the line, never its content.
func ReadPairs(ctx context.Context, r io.Reader, withoutBirths bool) ([]Pair, error) {
	in := csv.NewReader(r)
	in.ReuseRecord = true
	header, err := in.Read()
	if err != nil {
		return nil, csvError(err)
	}
	columns := map[string]int{}
	for i, h := range header {
		columns[strings.TrimPrefix(h, "\ufeff")] = i
	}
	for _, must := range []string{"name1", "name2", "is_match"} {
		if _, ok := columns[must]; !ok {
			return nil, ErrColumns
		}
	}
	var pairs []Pair
	for ctx.Err() == nil {
		record, err := in.Read()
		if err == io.EOF {
			return pairs, nil
		}
		if err != nil {
			return nil, csvError(err)
		}
		p, ok, err := readPair(func(column string) string {
			if i, ok := columns[column]; ok {
				return record[i]
			}
			return ""
		}, withoutBirths)
		line, _ := in.FieldPos(0)
		switch {
		case err != nil:
			return nil, fmt.Errorf("line %d: %w", line, err)
		case len(pairs) == maxPairs:
			return nil, fmt.Errorf("line %d: more than %d pairs", line, maxPairs)
		case ok:
			pairs = append(pairs, p)
		}
	}
	return nil, ctx.Err()
}

// csvError keeps the place and leaves the content out.
func csvError(err error) error {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return fmt.Errorf("line %d: %w", parse.Line, parse.Err)
	}
	return err
}

func readPair(column func(string) string, withoutBirths bool) (Pair, bool, error) {
	p := Pair{Kind: strings.Clone(column("kind"))}
	switch column("is_match") {
	case "1", "true":
		p.Same = true
	case "0", "false":
	default:
		return p, false, errors.New("is_match is none of 1, true, 0, false")
	}
	if s := column("schema"); s != "" && s != "Person" {
		return p, false, nil
	}
	p.A.Names = []names.Name{names.Parse(strings.Clone(column("name1")))}
	p.B.Names = []names.Name{names.Parse(strings.Clone(column("name2")))}
	if !withoutBirths {
		p.A.Births = births(strings.Split(column("dob1"), "|"))
		p.B.Births = births(strings.Split(column("dob2"), "|"))
	}
	p.Dated = len(p.A.Births) > 0 && len(p.B.Births) > 0
	return p, true, nil
}

// Rating is how well pairs of one kind are told apart.
type Rating struct {
	Kind      string  `json:"kind"` // "all" for all pairs
	N         int     `json:"n"`    // pairs that were compared
	Positives int     `json:"positives"`
	Dated     int     `json:"with_birth_dates"` // pairs of which both sides have one
	F1        float64 `json:"f1"`               // the best that there is
	Threshold float64 `json:"threshold"`        // at this score
	// The greatest recall at a threshold at which at most so many percent of the negatives
	// score as much.
	Recall1 float64 `json:"recall_1pct_fpr"`
	Recall5 float64 `json:"recall_5pct_fpr"`
}

// All is the kind of all pairs together.
const All = "all"

// Rate scores the pairs and rates each kind in alphabetical order, then all. A kind that
// has only positives is rated against all negatives, as all positives are against the
// negatives of a kind that has only those. A kind is left out if one of the two is missing
// even so.
func Rate(ctx context.Context, pairs []Pair) ([]Rating, error) {
	scores := make([]float64, len(pairs))
	positives, negatives := map[string][]int{}, map[string][]int{}
	var kinds []string
	for i := range pairs {
		if i%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		p := &pairs[i]
		scores[i] = names.Score(&p.A, &p.B)
		of := negatives
		if p.Same {
			of = positives
		}
		if len(positives[p.Kind])+len(negatives[p.Kind]) == 0 && p.Kind != "" {
			kinds = append(kinds, p.Kind)
		}
		of[All] = append(of[All], i)
		if p.Kind != "" {
			of[p.Kind] = append(of[p.Kind], i)
		}
	}
	slices.Sort(kinds)
	var ratings []Rating
	for _, k := range append(kinds, All) {
		pos, neg := positives[k], negatives[k]
		if len(pos) == 0 {
			pos = positives[All]
		}
		if len(neg) == 0 {
			neg = negatives[All]
		}
		if len(pos) > 0 && len(neg) > 0 {
			ratings = append(ratings, rate(k, pairs, scores, pos, neg))
		}
	}
	return ratings, nil
}

func rate(kind string, pairs []Pair, scores []float64, pos, neg []int) Rating {
	r := Rating{Kind: kind, N: len(pos) + len(neg), Positives: len(pos)}
	order := append(slices.Clone(pos), neg...)
	for _, i := range order {
		if pairs[i].Dated {
			r.Dated++
		}
	}
	slices.SortFunc(order, func(a, b int) int {
		switch {
		case scores[a] > scores[b]:
			return -1
		case scores[a] < scores[b]:
			return 1
		}
		return 0
	})
	tp, fp := 0, 0
	for k, i := range order {
		if pairs[i].Same {
			tp++
		} else {
			fp++
		}
		if k+1 < len(order) && scores[order[k+1]] == scores[i] {
			continue // no threshold lies between equal scores
		}
		recall := float64(tp) / float64(len(pos))
		if f1 := 2 * float64(tp) / float64(tp+fp+len(pos)); f1 > r.F1 {
			r.F1, r.Threshold = f1, scores[i]
		}
		if 100*fp <= len(neg) {
			r.Recall1 = recall
		}
		if 20*fp <= len(neg) {
			r.Recall5 = recall
		}
	}
	r.F1, r.Recall1, r.Recall5 = round(r.F1), round(r.Recall1), round(r.Recall5)
	return r
}
