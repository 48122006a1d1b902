package flow

import (
	"math"
	"slices"
)

const (
	day           = 24
	week          = 7 * day
	forecastWeeks = 8
	fading        = 0.8 // what a week counts against the one after it
)

// Point is a forecast of one hour's load.
type Point struct {
	Mean, Low, High float64
}

// Predict forecasts the hours that follow a series of hourly loads. It is plain on purpose,
// so that a shift leader can follow it: an hour will be like the same hour of the same
// weekday in past weeks, later weeks counting more, raised or lowered as the last day was
// above or below what the weeks before it had suggested. With less than a week of history the
// same hours of past days are taken; with less than a day the mean. Low and High are the
// tenth and the ninetieth per cent of what such forecasts of the past week have missed by.
func Predict(loads []float64, hours int) []Point {
	points := make([]Point, hours)
	if len(loads) == 0 {
		return points
	}
	level := levelOf(loads)
	misses := missesOf(loads)
	low, high := quantile(misses, 0.1), quantile(misses, 0.9)
	for i := range points {
		mean := seasonal(loads, len(loads)+i) * level
		points[i] = Point{Mean: mean, Low: max(mean+low, 0), High: max(mean+high, mean)}
		points[i].Low = min(points[i].Low, mean)
	}
	return points
}

// seasonal is what the hours before suggest for hour i, which may lie after them all.
func seasonal(loads []float64, i int) float64 {
	for _, period := range []int{week, day} {
		var sum, weights float64
		weight := 1.0
		for j := i - period; j >= 0; j -= period {
			if j < len(loads) {
				sum += weight * loads[j]
				weights += weight
				weight *= fading
			}
		}
		if weights > 0 {
			return sum / weights
		}
	}
	known := loads[:min(i, len(loads))]
	if len(known) == 0 {
		return 0
	}
	var sum float64
	for _, n := range known {
		sum += n
	}
	return sum / float64(len(known))
}

// levelOf is how the last day compares with what was to be expected of it.
func levelOf(loads []float64) float64 {
	var was, expected float64
	for i := max(len(loads)-day, week); i < len(loads); i++ {
		was += loads[i]
		expected += seasonal(loads[:i], i)
	}
	if expected == 0 {
		return 1
	}
	return min(max(was/expected, 0.5), 2)
}

// missesOf is by how much forecasts a day ahead missed the hours of the last week.
func missesOf(loads []float64) []float64 {
	var misses []float64
	for i := max(len(loads)-week, day); i < len(loads); i++ {
		before := loads[:i-i%day] // what was known when that day began
		misses = append(misses, loads[i]-seasonal(before, i)*levelOf(before))
	}
	return misses
}

// quantile returns the q-th quantile, 0 of nothing.
func quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	at := q * float64(len(sorted)-1)
	i := int(math.Floor(at))
	if i+1 == len(sorted) {
		return sorted[i]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}
