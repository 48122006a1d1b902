package ocr

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"math"
)

// greyOf returns the picture as grey values that begin at 0, 0. Pictures that hold their
// brightness apart are not copied.
func greyOf(ctx context.Context, img image.Image) (*image.Gray, error) {
	b := img.Bounds()
	width, height := b.Dx(), b.Dy()
	if width < leastSide || height < leastSide {
		return nil, fmt.Errorf("%w: picture of %d by %d pixels", ErrNotFound, width, height)
	}
	if width > MaxPixels/height {
		return nil, fmt.Errorf("%w: %d by %d pixels", ErrTooLarge, width, height)
	}
	switch m := img.(type) {
	case *image.Gray:
		return &image.Gray{Pix: m.Pix[m.PixOffset(b.Min.X, b.Min.Y):], Stride: m.Stride,
			Rect: image.Rect(0, 0, width, height)}, nil
	case *image.YCbCr:
		return &image.Gray{Pix: m.Y[m.YOffset(b.Min.X, b.Min.Y):], Stride: m.YStride,
			Rect: image.Rect(0, 0, width, height)}, nil
	}
	out := image.NewGray(image.Rect(0, 0, width, height))
	for y := range height {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		greyRow(out.Pix[y*out.Stride:][:width], img, b.Min.X, b.Min.Y+y)
	}
	return out, nil
}

// greyRow fills a row. Transparent parts are white paper.
func greyRow(row []uint8, img image.Image, x0, y int) {
	switch m := img.(type) {
	case *image.RGBA:
		pix := m.Pix[m.PixOffset(x0, y):]
		for x := range row {
			p := pix[4*x:][:4]
			row[x] = luma(int(p[0]), int(p[1]), int(p[2])) + 255 - p[3]
		}
	case *image.NRGBA:
		pix := m.Pix[m.PixOffset(x0, y):]
		for x := range row {
			p := pix[4*x:][:4]
			v, a := int(luma(int(p[0]), int(p[1]), int(p[2]))), int(p[3])
			row[x] = uint8((v*a + 255*(255-a)) / 255)
		}
	case *image.CMYK:
		pix := m.Pix[m.PixOffset(x0, y):]
		for x := range row {
			p := pix[4*x:][:4]
			r, g, b := color.CMYKToRGB(p[0], p[1], p[2], p[3])
			row[x] = luma(int(r), int(g), int(b))
		}
	case *image.Gray16:
		pix := m.Pix[m.PixOffset(x0, y):]
		for x := range row {
			row[x] = pix[2*x] // the upper byte
		}
	default:
		for x := range row {
			c := color.RGBA64Model.Convert(img.At(x0+x, y)).(color.RGBA64)
			row[x] = luma(int(c.R>>8), int(c.G>>8), int(c.B>>8)) + 255 - uint8(c.A>>8)
		}
	}
}

// luma weighs the colours as ITU-R BT.601 does.
func luma(r, g, b int) uint8 { return uint8((299*r + 587*g + 114*b + 500) / 1000) }

// pyramid holds a picture and its halves, the largest first.
type pyramid []*image.Gray

func newPyramid(ctx context.Context, img *image.Gray) (pyramid, error) {
	p := pyramid{img}
	for min(img.Rect.Dx(), img.Rect.Dy()) >= 2*leastSide && len(p) < 6 {
		var err error
		if img, err = halved(ctx, img); err != nil {
			return nil, err
		}
		p = append(p, img)
	}
	return p, nil
}

func halved(ctx context.Context, img *image.Gray) (*image.Gray, error) {
	width, height := img.Rect.Dx()/2, img.Rect.Dy()/2
	out := image.NewGray(image.Rect(0, 0, width, height))
	for y := range height {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		a := img.Pix[2*y*img.Stride:][:2*width]
		b := img.Pix[(2*y+1)*img.Stride:][:2*width]
		row := out.Pix[y*out.Stride:][:width]
		for x := range row {
			row[x] = uint8((int(a[2*x]) + int(a[2*x+1]) + int(b[2*x]) + int(b[2*x+1]) + 2) >> 2)
		}
	}
	return out, nil
}

// level returns the smallest picture in which a length of so many pixels of the largest is
// still at least want, and how much smaller than the largest it is.
func (p pyramid) level(length, want float64) (*image.Gray, float64) {
	i, scale := 0, 1.0
	for i+1 < len(p) && length*scale/2 >= want {
		i, scale = i+1, scale/2
	}
	return p[i], scale
}

// scaled returns the picture with its longer side of about the given length, and the
// number of its pixels to one of the largest picture.
func (p pyramid) scaled(ctx context.Context, side int) (*image.Gray, float64, error) {
	long := max(p[0].Rect.Dx(), p[0].Rect.Dy())
	factor := min(float64(side)/float64(long), mostEnlarged)
	from, scale := p.level(1, factor)
	rest := factor / scale
	if math.Abs(rest-1) < 0.12 {
		return from, scale, nil
	}
	out := image.NewGray(image.Rect(0, 0, int(float64(from.Rect.Dx())*rest), int(float64(from.Rect.Dy())*rest)))
	for y := range out.Rect.Dy() {
		if ctx.Err() != nil {
			return nil, 0, context.Cause(ctx)
		}
		resampleRow(out.Pix[y*out.Stride:][:out.Rect.Dx()], from, float64(y), 1/rest)
	}
	return out, factor, nil
}

// mostEnlarged is how much small pictures are enlarged, so that touching characters come
// apart.
const mostEnlarged = 3

// resampleRow interpolates a row of a picture that is step times as large.
func resampleRow(row []uint8, from *image.Gray, y, step float64) {
	width, height := from.Rect.Dx(), from.Rect.Dy()
	sy := min(max((y+0.5)*step-0.5, 0), float64(height-1))
	y0 := int(sy)
	fy := int((sy - float64(y0)) * 256)
	upper := from.Pix[y0*from.Stride:][:width]
	lower := from.Pix[min(y0+1, height-1)*from.Stride:][:width]
	for x := range row {
		sx := min(max((float64(x)+0.5)*step-0.5, 0), float64(width-1))
		x0 := int(sx)
		x1 := min(x0+1, width-1)
		fx := int((sx - float64(x0)) * 256)
		top := int(upper[x0])*(256-fx) + int(upper[x1])*fx
		low := int(lower[x0])*(256-fx) + int(lower[x1])*fx
		row[x] = uint8((top*(256-fy) + low*fy) >> 16)
	}
}
