package bdir

import (
	"errors"
	"fmt"
	"time"
)

// ErrFormat says that bytes are not a record of a kind and edition that this package reads.
// A record that is of such an edition but damaged is another error.
var ErrFormat = errors.New("not a record of a known edition")

// Edition is the edition of the standards that a record follows.
type Edition uint8

// The editions.
const (
	ISO2005    Edition = 1 // ISO/IEC 19794-2:2005 and 19794-4:2005
	ISO2011    Edition = 2 // ISO/IEC 19794-2:2011 and 19794-4:2011
	INCITS2004 Edition = 3 // ANSI/INCITS 378-2004 and 381-2004
)

// String names the edition.
func (e Edition) String() string {
	switch e {
	case ISO2005:
		return "ISO/IEC 19794:2005"
	case ISO2011:
		return "ISO/IEC 19794:2011"
	case INCITS2004:
		return "ANSI/INCITS 2004"
	}
	return "unknown edition"
}

// UnknownVendor is the identifier that IBIA keeps for vendors without one of their own.
// INCITS records must name an owner: this one if there is no better.
const UnknownVendor = 0x0103

// Quality values beside 0 (worst) to 100 (best).
const (
	NotGiven uint8 = 254 // nobody tried to judge
	Failed   uint8 = 255 // it could not be judged
)

// Origin is what a record tells of how a view came about.
type Origin struct {
	Device Device
	// Captured is when the view was captured. ISO2011 only.
	Captured CaptureTime
	// Quality holds the judgements of the view. ISO2011 may have up to 255; the older
	// editions have exactly one, without vendor and algorithm.
	Quality []Quality
	// Certificates tell what the device was certified for. ISO2011 only, up to 255.
	Certificates []Certificate
}

// Device is the capture device. Identifiers of vendors are IBIA's; 0 is "not told".
type Device struct {
	Technology uint8  // ISO2011 only: 0 unknown, 1 to 20 as in its table
	Vendor     uint16 // ISO2011 only
	Type       uint16 // the vendor's number of the device; 12 bits in the older editions
	Compliance uint8  // the older editions only, 4 bits: 8 is set for CJIS-RS-0010 appendix F
}

// Quality is one judgement of a view: 0 to 100, NotGiven or Failed, and whose it is.
type Quality struct {
	Score     uint8
	Vendor    uint16 // IBIA's identifier of the vendor of the algorithm
	Algorithm uint16 // the vendor's number of the algorithm
}

// Certificate names a scheme that the device is certified under.
type Certificate struct {
	Authority uint16 // IBIA's identifier of the authority
	Scheme    uint8
}

// CaptureTime is a date and time in Universal Time. A component that is not given has all its
// bits set; the zero value gives nothing.
type CaptureTime struct {
	Year                             uint16
	Month, Day, Hour, Minute, Second uint8
	Millisecond                      uint16
}

// CaptureAt is the capture time t, to the millisecond. It is the zero value if t is not in
// the years 1 to 9999.
func CaptureAt(t time.Time) CaptureTime {
	t = t.UTC()
	if t.IsZero() || t.Year() < 1 || t.Year() > 9999 {
		return CaptureTime{}
	}
	return CaptureTime{
		Year: uint16(t.Year()), Month: uint8(t.Month()), Day: uint8(t.Day()),
		Hour: uint8(t.Hour()), Minute: uint8(t.Minute()), Second: uint8(t.Second()),
		Millisecond: uint16(t.Nanosecond() / int(time.Millisecond)),
	}
}

// Time returns the capture time, and false if not even its day is given or there is no such
// day. Hour, minute, second and millisecond that are not given are taken for 0.
func (c CaptureTime) Time() (time.Time, bool) {
	if c == (CaptureTime{}) || !c.possible() || c.Year == 0xffff || c.Month == 0xff || c.Day == 0xff {
		return time.Time{}, false
	}
	given := func(v uint8) int {
		if v == 0xff {
			return 0
		}
		return int(v)
	}
	ms := int(c.Millisecond)
	if c.Millisecond == 0xffff {
		ms = 0
	}
	t := time.Date(int(c.Year), time.Month(c.Month), int(c.Day),
		given(c.Hour), given(c.Minute), given(c.Second), ms*int(time.Millisecond), time.UTC)
	return t, t.Day() == int(c.Day)
}

// possible reports whether each component is in its range or not given.
func (c CaptureTime) possible() bool {
	in := func(v, low, high uint8) bool { return v == 0xff || low <= v && v <= high }
	return c.Year != 0 && in(c.Month, 1, 12) && in(c.Day, 1, 31) && in(c.Hour, 0, 23) &&
		in(c.Minute, 0, 59) && in(c.Second, 0, 59) && (c.Millisecond <= 999 || c.Millisecond == 0xffff)
}

// checkProduct checks what records of minutiae and of images begin with.
func checkProduct(e Edition, owner, product uint16) error {
	switch {
	case e < ISO2005 || e > INCITS2004:
		return fmt.Errorf("edition %d is unknown", e)
	case e == INCITS2004 && owner == 0:
		return errors.New("the edition wants the product's owner named")
	case e != INCITS2004 && (owner != 0 || product != 0):
		return errors.New("the edition does not tell the product")
	}
	return nil
}

// check says what the edition has no room for.
func (o *Origin) check(e Edition) error {
	for _, q := range o.Quality {
		if q.Score > 100 && q.Score < NotGiven {
			return fmt.Errorf("quality %d is not 0 to 100, 254 or 255", q.Score)
		}
	}
	if e == ISO2011 {
		return o.check2011()
	}
	switch {
	case o.Device.Type > 0xfff || o.Device.Compliance > 0xf:
		return errors.New("the edition has 12 bits for the device and 4 for its compliance")
	case o.Device.Technology != 0 || o.Device.Vendor != 0:
		return errors.New("the edition does not tell technology and vendor of the device")
	case o.Captured != CaptureTime{}:
		return errors.New("the edition does not tell the capture time")
	case len(o.Certificates) > 0:
		return errors.New("the edition has no certificates")
	case len(o.Quality) != 1:
		return fmt.Errorf("the edition has one quality, not %d", len(o.Quality))
	case o.Quality[0].Vendor != 0 || o.Quality[0].Algorithm != 0:
		return errors.New("the edition does not tell whose quality it is")
	}
	return nil
}

func (o *Origin) check2011() error {
	switch {
	case o.Device.Compliance != 0:
		return errors.New("the edition has certificates instead of the device's compliance")
	case o.Captured != CaptureTime{} && !o.Captured.possible():
		return errors.New("the capture time is impossible")
	case len(o.Quality) > 255:
		return fmt.Errorf("%d qualities, 255 have room", len(o.Quality))
	case len(o.Certificates) > 255:
		return fmt.Errorf("%d certificates, 255 have room", len(o.Certificates))
	}
	return nil
}
