package trial

import "math"

// Mean returns the mean of the results of several sets, at least one, measured with the same
// options. Each set counts the same. Numbers of pictures and pairs are added up.
func Mean(results []*Result) *Result {
	m := &Result{
		Set:     "mean",
		EER:     mean(results, func(r *Result) float64 { return r.EER }),
		FMR100:  mean(results, func(r *Result) float64 { return r.FMR100 }),
		FMR1000: mean(results, func(r *Result) float64 { return r.FMR1000 }),
		ZeroFMR: mean(results, func(r *Result) float64 { return r.ZeroFMR }),
		Bytes: Bytes{
			Hot:  mean(results, func(r *Result) float64 { return r.Bytes.Hot }),
			Cold: mean(results, func(r *Result) float64 { return r.Bytes.Cold }),
		},
	}
	for _, r := range results {
		m.Pictures += r.Pictures
		m.NoTemplate += r.NoTemplate
		m.Genuine += r.Genuine
		m.Impostor += r.Impostor
	}
	for i, t := range results[0].Thresholds {
		m.Thresholds = append(m.Thresholds, Threshold{
			Score: t.Score,
			FMR:   mean(results, func(r *Result) float64 { return r.Thresholds[i].FMR }),
			FNMR:  mean(results, func(r *Result) float64 { return r.Thresholds[i].FNMR }),
		})
	}
	if results[0].Timings != nil {
		m.Timings = meanTimings(results)
	}
	if results[0].Identification != nil {
		m.Identification = &Identification{
			Time:  meanBySize(results, func(r *Result) map[int]float64 { return r.Time }),
			Gate:  meanBySize(results, func(r *Result) map[int]float64 { return r.Gate }),
			First: meanBySize(results, func(r *Result) map[int]float64 { return r.First }),
		}
	}
	if results[0].Curves != nil {
		m.Curves = meanCurves(results)
	}
	return m
}

func meanTimings(results []*Result) *Timings {
	return &Timings{
		Extract: mean(results, func(r *Result) float64 { return r.Extract }),
		Prepare: mean(results, func(r *Result) float64 { return r.Prepare }),
		Compare: mean(results, func(r *Result) float64 { return r.Compare }),
	}
}

func meanCurves(results []*Result) *Curves {
	c := new(Curves)
	for i, t := range results[0].DET {
		fnmr := mean(results, func(r *Result) float64 { return r.DET[i].FNMR })
		c.DET = append(c.DET, Trade{FMR: t.FMR, FNMR: fnmr})
	}
	for i, t := range results[0].Reject {
		fnmr := mean(results, func(r *Result) float64 { return r.Reject[i].FNMR })
		c.Reject = append(c.Reject, Rejection{Rejected: t.Rejected, FNMR: fnmr})
	}
	return c
}

func meanBySize(results []*Result, of func(*Result) map[int]float64) map[int]float64 {
	m := map[int]float64{}
	for size := range of(results[0]) {
		m[size] = mean(results, func(r *Result) float64 { return of(r)[size] })
	}
	return m
}

// mean keeps three places.
func mean(results []*Result, of func(*Result) float64) float64 {
	var sum float64
	for _, r := range results {
		sum += of(r)
	}
	return math.Round(sum/float64(len(results))*1e3) / 1e3
}
