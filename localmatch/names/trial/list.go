package trial

import (
	"context"
	"errors"
	"iter"
	"math"
	"strings"

	"boothd/localmatch/gallery"
	"boothd/localmatch/names"
)

// List is what of a list's entries serves to find people: names, birth dates, nationalities
// and sex, packed tightly.
type List struct {
	ends []uint64 // where the entries end in text
	text []byte
}

// ErrEmpty says that no entry of a list has a name.
var ErrEmpty = errors.New("no entry has a name")

// ReadList packs the entries. Those without a name are left out.
func ReadList(ctx context.Context, entries iter.Seq2[*gallery.Entry, error]) (*List, error) {
	l := &List{}
	for e, err := range entries {
		if err != nil {
			return nil, err
		}
		if err := l.add(ctx, e); err != nil {
			return nil, err
		}
	}
	if len(l.ends) == 0 {
		return nil, ErrEmpty
	}
	return l, nil
}

// Invent makes a list of n invented people of the seed, at least one.
func Invent(ctx context.Context, seed uint64, n int) (*List, error) {
	return ReadList(ctx, func(yield func(*gallery.Entry, error) bool) {
		for _, e := range People(seed, n) {
			if !yield(e, nil) {
				return
			}
		}
	})
}

// Len returns the number of entries.
func (l *List) Len() int { return len(l.ends) }

// Separators of the packed text, which no valid entry holds.
const (
	fieldEnd = "\x00"
	valueEnd = "\x1f"
)

func (l *List) add(ctx context.Context, e *gallery.Entry) error {
	if len(e.Names) == 0 {
		return nil
	}
	if len(l.ends) == math.MaxUint32 {
		return errors.New("too many entries")
	}
	if len(l.ends)%1024 == 0 && ctx.Err() != nil {
		return ctx.Err()
	}
	for i, values := range [][]string{e.Names, e.BirthDates, e.Nationalities, {e.Sex}} {
		if i > 0 {
			l.text = append(l.text, fieldEnd...)
		}
		for k, v := range values {
			if k > 0 {
				l.text = append(l.text, valueEnd...)
			}
			l.text = append(l.text, v...)
		}
	}
	l.ends = append(l.ends, uint64(len(l.text)))
	return nil
}

// entry unpacks entry i.
func (l *List) entry(i int) *gallery.Entry {
	from := uint64(0)
	if i > 0 {
		from = l.ends[i-1]
	}
	f := strings.Split(string(l.text[from:l.ends[i]]), fieldEnd)
	return &gallery.Entry{Names: values(f[0]), BirthDates: values(f[1]), Nationalities: values(f[2]), Sex: f[3]}
}

func values(field string) []string {
	if field == "" {
		return nil
	}
	return strings.Split(field, valueEnd)
}

// person makes an entry ready to be compared. A birth date that cannot be read is left out.
func person(e *gallery.Entry) names.Person {
	p := names.Person{Nationalities: e.Nationalities, Sex: e.Sex, Births: births(e.BirthDates)}
	for _, n := range e.Names {
		p.Names = append(p.Names, names.Parse(n))
	}
	return p
}

func births(dates []string) []names.Birth {
	var all []names.Birth
	for _, d := range dates {
		if b, err := names.ParseBirth(d); err == nil {
			all = append(all, b)
		}
	}
	return all
}
