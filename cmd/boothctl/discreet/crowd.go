package discreet

import (
	"fmt"
	"math/rand/v2"
	"time"

	"boothd/capture"
	"boothd/capture/mrz"
	"boothd/capture/synthetic"
	"boothd/localmatch/gallery"
)

// crowd is who passes the booth and whom the list names. Whether a traveller is in it was
// drawn by lot, so nothing else sets the arms apart.
type crowd struct {
	blocks  [][arms]Arm // by place in the block, the arm of who passes
	entries int
}

func newCrowd(blocks, entries int, rng *rand.Rand) *crowd {
	c := &crowd{blocks: make([][arms]Arm, blocks), entries: entries}
	for i := range c.blocks {
		for place, arm := range rng.Perm(int(arms)) {
			c.blocks[i][place] = Arm(arm)
		}
	}
	return c
}

// person is the synthetic traveller of a number: all have passports, whose zones are of the
// same length, and a birth date that is known.
func person(n int) synthetic.Traveller { return synthetic.New(n/3*10 + n%3) }

// lines is the zone of who passes at a place of a block.
func (c *crowd) lines(block, place int) []string { return person(block*int(arms) + place).MRZ }

// listed calls add with the entries of the list: one for each traveller with a discreet alert,
// filled up with people who do not pass.
func (c *crowd) listed(now time.Time, add func(*gallery.Entry) error) error {
	n := 0
	put := func(number int) error {
		z, err := mrz.Parse(person(number).MRZ, now)
		if err != nil {
			return err
		}
		n++
		return add(entryOf(n, &z))
	}
	for i, block := range c.blocks {
		for place, arm := range block {
			if arm != Discreet {
				continue
			}
			if err := put(i*int(arms) + place); err != nil {
				return err
			}
		}
	}
	for number := len(c.blocks) * int(arms); n < c.entries; number++ {
		if err := put(number); err != nil {
			return err
		}
	}
	return nil
}

func entryOf(n int, z *mrz.Zone) *gallery.Entry {
	return &gallery.Entry{
		ID:         fmt.Sprintf("discreet-%07d", n),
		Names:      []string{z.Surname + ", " + z.GivenNames},
		BirthDates: []string{z.BirthDate.ISO()},
		Sex:        z.Sex,
		Documents:  []gallery.DocumentNumber{{Number: z.DocumentNumber, Type: z.DocumentCode[:1], Issuer: z.Issuer}},
		Category:   "discreet check", Action: "note place, time, vehicle and companions; let pass", Discreet: true,
	}
}

// officer asks one system about documents and may not see discreet findings.
func officer() capture.Officer {
	return capture.Officer{ID: "officer-1", Profile: capture.Profile{
		Name: "first-line", Category: "border guard", Purpose: "border check",
		Systems: map[capture.Modality][]string{capture.ModalityDocument: {sis}},
	}}
}
