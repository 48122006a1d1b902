package flow

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// The plot's measures, in the units of its view box.
const (
	plotWidth  = 960
	plotHeight = 300
	plotLeft   = 44
	plotBottom = 28
	plotTop    = 12
)

// Plot draws the hours and the forecast as an SVG picture that needs nothing else: bars for
// what was, a line with its band for what is expected. Times are shown in the location.
func Plot(w io.Writer, hours []Hour, expected []Expected, where *time.Location) error {
	p := plot{n: len(hours) + len(expected), top: 10}
	for _, h := range hours {
		p.top = max(p.top, h.Total)
	}
	for _, e := range expected {
		p.top = max(p.top, e.High)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="Checks in each hour, and how many are expected">`, plotWidth, plotHeight)
	b.WriteString(`<style>text{font:11px sans-serif;fill:currentColor}.bar{fill:#35669b}.band{fill:#c77f00;opacity:.25}.line{fill:none;stroke:#a86400;stroke-width:2}.grid{stroke:currentColor;opacity:.2}</style>`)
	p.grid(&b)
	p.bars(&b, hours)
	p.forecast(&b, len(hours), expected)
	p.times(&b, hours, expected, where)
	b.WriteString(`</svg>`)
	_, err := io.WriteString(w, b.String())
	return err
}

// plot knows where things are.
type plot struct {
	n   int // hours
	top int // load at the upper edge
}

func (p *plot) x(i int) float64 {
	return plotLeft + float64(i)*float64(plotWidth-plotLeft)/float64(max(p.n, 1))
}

func (p *plot) y(load int) float64 {
	const height = plotHeight - plotTop - plotBottom
	return plotTop + height*(1-float64(load)/float64(p.top))
}

func (p *plot) grid(b *strings.Builder) {
	for i := range 5 {
		load := p.top * i / 4
		fmt.Fprintf(b, `<line class="grid" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/>`, plotLeft, plotWidth, p.y(load), p.y(load))
		fmt.Fprintf(b, `<text x="%d" y="%.1f" text-anchor="end">%d</text>`, plotLeft-6, p.y(load)+4, load)
	}
}

func (p *plot) bars(b *strings.Builder, hours []Hour) {
	for i, h := range hours {
		fmt.Fprintf(b, `<rect class="bar" x="%.1f" y="%.1f" width="%.1f" height="%.1f"><title>about %d</title></rect>`,
			p.x(i)+1, p.y(h.Total), max(p.x(i+1)-p.x(i)-2, 0.5), p.y(0)-p.y(h.Total), h.Total)
	}
}

func (p *plot) forecast(b *strings.Builder, from int, expected []Expected) {
	if len(expected) == 0 {
		return
	}
	middle := func(i int) float64 { return (p.x(from+i) + p.x(from+i+1)) / 2 }
	var line, back strings.Builder
	b.WriteString(`<polygon class="band" points="`)
	for i, e := range expected {
		fmt.Fprintf(b, "%.1f,%.1f ", middle(i), p.y(e.High))
		fmt.Fprintf(&line, "%.1f,%.1f ", middle(i), p.y(e.Load))
	}
	for i := len(expected) - 1; i >= 0; i-- {
		fmt.Fprintf(&back, "%.1f,%.1f ", middle(i), p.y(expected[i].Low))
	}
	fmt.Fprintf(b, `%s"/><polyline class="line" points="%s"/>`, back.String(), line.String())
}

// times names every sixth hour, and the day at midnight.
func (p *plot) times(b *strings.Builder, hours []Hour, expected []Expected, where *time.Location) {
	var all []time.Time
	for _, h := range hours {
		all = append(all, h.From)
	}
	for _, e := range expected {
		all = append(all, e.From)
	}
	for i, at := range all {
		at = at.In(where)
		if at.Hour()%6 != 0 {
			continue
		}
		text := at.Format("15:04")
		if at.Hour() == 0 {
			text = at.Format("Mon 2 Jan")
		}
		fmt.Fprintf(b, `<text x="%.1f" y="%d">%s</text>`, p.x(i), plotHeight-10, text)
	}
}
