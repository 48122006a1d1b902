package itl

import "slices"

// check checks a Type-14 record against the standard's table of its fields.
func (p *Print) check(v Version) error {
	switch {
	case p.IDC < 0 || p.IDC > 99:
		return fault(idcField, "is not 0 to 99")
	case !p.Impression.known():
		return fault(3, "is not an impression that is known")
	case p.Source == "" || !clean(p.Source):
		return fault(4, "is empty or has a separator")
	case p.Captured.IsZero() || !isDay(p.Captured):
		return fault(5, "is not a day at midnight UTC")
	case len(p.Positions) < 1 || len(p.Positions) > 6 || v >= V2011 && len(p.Positions) > 1:
		return fault(13, "has the wrong number of positions")
	}
	for _, f := range p.Positions {
		if !f.known() {
			return fault(13, "is not a position of Type-14")
		}
	}
	if err := p.checkPicture(v); err != nil {
		return err
	}
	if err := p.checkParts(); err != nil {
		return err
	}
	if err := p.checkQuality(); err != nil {
		return err
	}
	return checkOther(p.Other, isOther14, clean)
}

// isOther14 tells whether a field has no place in Print: 14.016, 17, 19, 20, and from 26 on.
func isOther14(n int) bool {
	switch n {
	case 16, 17, 19, 20:
		return true
	}
	return n > 25 && n != dataField
}

func (p *Print) checkPicture(v Version) error {
	if p.Image.Width == 0 && p.Image.Data == nil {
		if p.Image.Height != 0 || p.Image.Compression != None || p.Scale != (Scale{}) || p.Bits != 0 {
			return fault(6, "is missing")
		}
		if v < V2011 {
			return fault(dataField, "is missing")
		}
		return nil
	}
	elsewhere := slices.ContainsFunc(p.Other, func(f Field) bool { return f.Number == 994 })
	if err := p.Image.check(p.Bits, 99999, elsewhere && v >= V2011, 6, 11, dataField); err != nil {
		return err
	}
	switch {
	case p.Scale.Unit < NoUnit || p.Scale.Unit > PerCentimetre:
		return fault(8, "is not 0 to 2")
	case p.Scale.Horizontal < 1 || p.Scale.Horizontal > 99999:
		return fault(9, "is not a scale")
	case p.Scale.Vertical < 1 || p.Scale.Vertical > 99999:
		return fault(10, "is not a scale")
	case p.Bits < 8 || p.Bits > 99:
		return fault(12, "is not 8 to 99")
	}
	return nil
}

func (p *Print) checkParts() error {
	part, several := false, false
	for _, f := range p.Positions {
		part, several = part || f == PartOfFinger, several || f.several()
	}
	if part != (p.Part != nil) {
		return fault(14, "is there only and always with position 19")
	}
	if p.Part != nil && (!p.Part.Finger.single() || !printable(p.Part.Code)) {
		return fault(14, "is not a finger and a code")
	}
	if len(p.Areas) > 12 || len(p.Areas) > 0 && !part {
		return fault(15, "has too many areas or is not with position 19")
	}
	for _, a := range p.Areas {
		if !printable(a.View) || !printable(a.Segment) || !p.within(a.Left, a.Right, a.Top, a.Bottom) {
			return fault(15, "is not an area of the picture")
		}
	}
	for _, a := range p.Absent {
		if !a.Finger.single() || !a.Code.known() {
			return fault(18, "is not a finger and a code")
		}
	}
	if len(p.Segments) > 0 && !several {
		return fault(21, "is there although the picture shows one finger")
	}
	for _, s := range p.Segments {
		if !s.Finger.single() || !p.within(s.Left, s.Right, s.Top, s.Bottom) {
			return fault(21, "is not a finger in the picture")
		}
	}
	for _, o := range p.Outlines {
		if !o.Finger.single() || len(o.Points) < 3 || len(o.Points) > 99 {
			return fault(25, "is not a finger and 3 to 99 points")
		}
		for _, at := range o.Points {
			if !p.within(at.X, at.X, at.Y, at.Y) {
				return fault(25, "leaves the picture")
			}
		}
	}
	return nil
}

// within tells whether a box lies in the picture.
func (p *Print) within(left, right, top, bottom int) bool {
	return left >= 0 && left <= right && right <= p.Image.Width &&
		top >= 0 && top <= bottom && bottom <= p.Image.Height
}

func (p *Print) checkQuality() error {
	for _, q := range p.NFIQ {
		if !q.Finger.single() || !(q.Score >= 1 && q.Score <= 5 || q.Score == 254 || q.Score == 255) {
			return fault(22, "is not a finger and a score")
		}
	}
	for n, list := range [][]Quality{p.Segmentation, p.Quality} {
		for _, q := range list {
			if !q.Finger.single() || !(q.Score >= 0 && q.Score <= 100 || q.Score == 254 || q.Score == 255) {
				return fault(23+n, "is not a finger and a score")
			}
		}
	}
	return nil
}
