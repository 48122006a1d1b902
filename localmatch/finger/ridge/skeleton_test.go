package ridge

import (
	"strings"
	"testing"
)

func drawn(picture string) *bitmap {
	rows := strings.Fields(picture)
	b := newBitmap(len(rows[0]), len(rows))
	for y, row := range rows {
		for x, c := range row {
			if c == '#' {
				b.line(y)[x/64] |= 1 << (x % 64)
			}
		}
	}
	return b
}

func (d *drawing) String() string {
	var b strings.Builder
	for y := range d.height {
		for x := range d.width {
			b.WriteByte(".#"[count(d.on[d.at(x, y)])])
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func count(on bool) int {
	if on {
		return 1
	}
	return 0
}

// bar is a thick line from the upper left to the right with a short twig.
const bar = `
	........................................
	........................................
	..................##....................
	..................##....................
	..################################......
	..################################......
	..################################......
	........................................
	........................................`

func TestAThickLineIsThinnedToItsMiddle(t *testing.T) {
	d := skeleton(drawn(bar))
	if ends := d.found(); len(ends) != 2 {
		t.Fatalf("%d ends in\n%s", len(ends), d)
	}
	for x := 6; x < 30; x++ {
		n := 0
		for y := range d.height {
			n += count(d.on[d.at(x, y)])
		}
		if n != 1 {
			t.Errorf("column %d is %d pixels high in\n%s", x, n, d)
		}
	}
}

func TestABreakIsMendedIfBothEndsFaceEachOther(t *testing.T) {
	facing := skeleton(drawn(`
		..............................................
		..####################......##################
		..............................................`))
	if ends := facing.found(); len(ends) != 2 {
		t.Errorf("%d ends in\n%s", len(ends), facing)
	}
	beside := skeleton(drawn(`
		..............................................
		..####################........................
		..............................................
		..............................................
		..............................................
		..............................................
		............................################..
		..............................................`))
	if ends := beside.found(); len(ends) != 4 {
		t.Errorf("%d ends in\n%s", len(ends), beside)
	}
}

func TestIslandsVanishAndRingsStay(t *testing.T) {
	d := skeleton(drawn(`
		..................................
		..#####.......##############......
		..#####.......#............#......
		..............#............#......
		..............#............#......
		..............##############......
		..................................`))
	if ends := d.found(); len(ends) != 0 {
		t.Errorf("%d ends in\n%s", len(ends), d)
	}
	left, right := 0, 0
	for _, i := range d.kept {
		if x, _ := d.xy(int(i)); d.on[i] && x < 10 {
			left++
		} else if d.on[i] {
			right++
		}
	}
	if left != 0 || right < 30 {
		t.Errorf("island kept or ring lost:\n%s", d)
	}
}

func TestNeighboursAreKnownAfterEveryChange(t *testing.T) {
	d := newDrawing(drawn(bar))
	for k, i := range []int{d.at(5, 5), d.at(6, 5), d.at(18, 2), d.at(0, 0), d.at(39, 8)} {
		d.put(i, k%2 == 1)
	}
	for y := range d.height {
		for x := range d.width {
			i := d.at(x, y)
			var want uint8
			for k, s := range d.steps {
				want |= uint8(count(d.on[i+s])) << k
			}
			if d.on[i] && d.around[i] != want {
				t.Fatalf("pixel %d, %d knows %08b, has %08b", x, y, d.around[i], want)
			}
		}
	}
}
