package finger

import "boothd/localmatch/finger/ridge"

// ridgesOf keeps of a print what comparisons need: the part that shows clear ridges.
func ridgesOf(p *ridge.Print) *Ridges {
	left, top, right, bottom := p.Width, p.Height, -1, -1
	for y := 0; y < p.Height; y += RidgeCell {
		for x := 0; x < p.Width; x += RidgeCell {
			if p.Clear(x, y) {
				left, right = min(left, x), max(right, x)
				top, bottom = min(top, y), max(bottom, y)
			}
		}
	}
	if right < 0 {
		return nil
	}
	r := &Ridges{Left: left / RidgePatch * RidgePatch, Top: top / RidgePatch * RidgePatch}
	r.Columns = right/RidgePatch - left/RidgePatch + 1
	lines := bottom/RidgePatch - top/RidgePatch + 1
	r.Pattern = NewBitmap(r.Columns*RidgePatch/RidgeDot, lines*RidgePatch/RidgeDot)
	r.Clear = NewBitmap(r.Columns*RidgePatch/RidgeCell, lines*RidgePatch/RidgeCell)
	for y := range r.Pattern.Height {
		for x := range r.Pattern.Width {
			px, py := r.Left+x*RidgeDot, r.Top+y*RidgeDot
			if p.Clear(px, py) && p.Raised(px, py) {
				r.Pattern.Set(x, y)
			}
		}
	}
	for y := range r.Clear.Height {
		for x := range r.Clear.Width {
			if p.Clear(r.Left+x*RidgeCell, r.Top+y*RidgeCell) {
				r.Clear.Set(x, y)
			}
		}
	}
	r.Flow, r.Period = make([]uint8, r.Columns*lines), make([]uint8, r.Columns*lines)
	for i := range r.Flow {
		x, y := r.Left+i%r.Columns*RidgePatch+RidgePatch/2, r.Top+i/r.Columns*RidgePatch+RidgePatch/2
		r.Flow[i] = NoFlow
		if p.Clear(x, y) {
			r.Flow[i] = uint8((p.Flow(x, y)+128)>>8) & 127
			r.Period[i] = p.Period(x, y)
		}
	}
	return r
}
