package gallery

import "time"

// clockTolerance is how far this booth's clock may be behind central's.
const clockTolerance = 5 * time.Minute

// Expired reports whether the list's lease has ended: it is not earlier than this clock says, nor
// than central has told.
func (i Info) Expired(now time.Time) bool { return !now.Before(i.Expires) || !i.Seen.Before(i.Expires) }

// ClockBehind reports whether central has told a later time than this clock's.
func (i Info) ClockBehind(now time.Time) bool {
	now = now.Add(clockTolerance)
	return now.Before(i.Issued) || now.Before(i.Seen)
}

// Old reports whether the list is past its soft age: what is new may be missing.
func (i Info) Old(now time.Time) bool { return i.SoftAge > 0 && now.Sub(i.Issued) > i.SoftAge }
