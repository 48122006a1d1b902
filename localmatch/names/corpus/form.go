package corpus

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// form is how a full name is put together.
type form struct {
	weight float64
	slots  []slot
}

// slot is a place in a form.
type slot struct {
	kind    byte   // 'S', 'G', 'M', 'F', 'P', or 0 for a word as it stands
	word    string // of kind 0
	joint   byte   // what stands before it: ' ', '-', or 0 if it is joined to the one before
	surname bool   // before the comma
}

// maxSlots bounds a form.
const maxSlots = 10

// readForm reads a weight, perhaps a sex, and the slots.
func (c *Culture) readForm(args []string) error {
	weight, err := strconv.ParseFloat(args[0], 64)
	if err != nil {
		return err
	}
	args = args[1:]
	sexes := []int{0, 1}
	if len(args) > 0 && strings.HasSuffix(args[0], ":") {
		sex := slices.Index([]string{"f:", "m:"}, args[0])
		if sex < 0 {
			return fmt.Errorf("%q says neither m nor f", args[0])
		}
		sexes, args = []int{sex}, args[1:]
	}
	f := form{weight: weight}
	comma := slices.Index(args, ",")
	for i, a := range args {
		if i != comma {
			f.slots = append(f.slots, readSlots(a, i < comma)...)
		}
	}
	if len(f.slots) == 0 || len(f.slots) > maxSlots {
		return errors.New("a form of no parts, or of too many")
	}
	for _, sex := range sexes {
		c.forms[sex] = append(c.forms[sex], f)
	}
	return nil
}

func readSlots(text string, surname bool) []slot {
	var slots []slot
	joint := byte(' ')
	for text != "" {
		end := strings.IndexAny(text, "+-")
		if end < 0 {
			end = len(text)
		}
		s := slot{word: text[:end], joint: joint, surname: surname}
		if len(s.word) == 1 && strings.Contains("SGMFP", s.word) {
			s.kind, s.word = s.word[0], ""
		}
		slots = append(slots, s)
		if end == len(text) {
			break
		}
		joint = text[end]
		if joint == '+' {
			joint = 0
		}
		text = text[end+1:]
	}
	return slots
}
