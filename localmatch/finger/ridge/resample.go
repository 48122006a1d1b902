package ridge

import "image"

// weights says how one pixel of the result is made of neighbouring pixels of the source:
// from the first on, weights in 1024ths.
type weights struct {
	first int
	share []int32
}

// resample brings a picture to 500 dpi. It averages where the source is finer and
// interpolates linearly where it is coarser.
func resample(img *image.Gray, dpi int) (pixels []uint8, width, height int) {
	size := img.Bounds().Size()
	if dpi == DPI {
		pixels = make([]uint8, size.X*size.Y)
		for y := range size.Y {
			copy(pixels[y*size.X:][:size.X], img.Pix[y*img.Stride:])
		}
		return pixels, size.X, size.Y
	}
	width, height = (size.X*DPI+dpi/2)/dpi, (size.Y*DPI+dpi/2)/dpi
	columns, rows := weigh(size.X, width, dpi), weigh(size.Y, height, dpi)
	narrow := make([]int32, width*size.Y)
	for y := range size.Y {
		src := img.Pix[y*img.Stride:][:size.X]
		for x := range width {
			var sum int32
			for i, share := range columns[x].share {
				sum += share * int32(src[columns[x].first+i])
			}
			narrow[y*width+x] = sum
		}
	}
	pixels = make([]uint8, width*height)
	for y := range height {
		for x := range width {
			var sum int64
			for i, share := range rows[y].share {
				sum += int64(share) * int64(narrow[(rows[y].first+i)*width+x])
			}
			pixels[y*width+x] = uint8((sum + 1<<19) >> 20)
		}
	}
	return pixels, width, height
}

// weigh spreads a triangle over the source around the place of each pixel of the result.
func weigh(from, to, dpi int) []weights {
	all := make([]weights, to)
	reach := max(dpi, DPI) // half the triangle's foot, in 1/500 of a source pixel
	for i := range all {
		centre := (2*i+1)*dpi/2 - DPI/2 // of the pixel, in the same measure
		first := max((centre-reach)/DPI, 0)
		last := min((centre+reach)/DPI+1, from-1)
		var sum int
		heights := make([]int, 0, last-first+1)
		for s := first; s <= last; s++ {
			h := max(reach-max(s*DPI-centre, centre-s*DPI), 0)
			heights = append(heights, h)
			sum += h
		}
		w := weights{first: first, share: make([]int32, len(heights))}
		left := int32(1024)
		best := 0
		for k, h := range heights {
			w.share[k] = int32(h * 1024 / sum)
			left -= w.share[k]
			if h > heights[best] {
				best = k
			}
		}
		w.share[best] += left
		all[i] = w
	}
	return all
}
