package mrz

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"strings"
	"time"
)

// Fields are a zone's fields as printed, without the fillers at their end, dates as YYMMDD.
// They are what Compose prints and what a Report shows.
type Fields struct {
	DocumentCode       string `json:"documentCode"`
	Issuer             string `json:"issuer"`
	DocumentNumber     string `json:"documentNumber"`
	LongDocumentNumber bool   `json:"longDocumentNumber,omitempty"` // not for Compose
	Surname            string `json:"surname"`
	GivenNames         string `json:"givenNames"`
	NameTruncated      bool   `json:"nameTruncated"` // not for Compose
	Nationality        string `json:"nationality"`
	BirthDate          string `json:"birthDate"`
	Sex                string `json:"sex"` // "M", "F" or "<"
	ExpiryDate         string `json:"expiryDate"`
	IssueDate          string `json:"issueDate,omitempty"` // not for Compose, which has it in the number
	Optional           string `json:"optional"`
	Optional2          string `json:"optional2"`
	AdministrativeCode string `json:"administrativeCode"`
}

// LogValue keeps the traveller out of logs.
func (f Fields) LogValue() slog.Value { return slog.StringValue("zone fields") }

// Fields returns the zone's fields as printed.
func (z Zone) Fields() Fields {
	f := Fields{
		DocumentCode:       z.DocumentCode,
		Issuer:             z.Issuer,
		DocumentNumber:     z.DocumentNumber,
		LongDocumentNumber: z.LongDocumentNumber,
		Surname:            z.Surname,
		GivenNames:         z.GivenNames,
		NameTruncated:      z.NameTruncated,
		Nationality:        z.Nationality,
		BirthDate:          z.BirthDate.Text,
		Sex:                z.Sex,
		ExpiryDate:         z.ExpiryDate.Text,
		IssueDate:          z.IssueDate.Text,
		Optional:           z.Optional,
		Optional2:          z.Optional2,
		AdministrativeCode: z.AdministrativeCode,
	}
	if f.Sex == "" && z.Format != FRADL && z.Format != CHEDL {
		f.Sex = "<"
	}
	return f
}

// Report is what is to be said of one zone: its fields and check digits as printed and, if
// repairs were proven, the repairs and the report of the repaired zone.
type Report struct {
	Format   Format          `json:"format,omitempty"`
	Valid    bool            `json:"valid"`
	Checks   map[string]bool `json:"checks,omitempty"` // by field, each right or wrong
	Fields   *Fields         `json:"fields,omitempty"`
	Birth    string          `json:"birth,omitempty"`  // the birth date with its century: "1974-08-12"
	Expiry   string          `json:"expiry,omitempty"` // likewise
	Faults   []Fault         `json:"faults,omitempty"`
	Repairs  []Repair        `json:"repairs"`
	Repaired *Report         `json:"repaired,omitempty"`
	Error    string          `json:"error,omitempty"` // why there is no zone
}

// LogValue keeps the traveller out of logs.
func (r Report) LogValue() slog.Value {
	return slog.StringValue(fmt.Sprintf("report of a %s zone, valid %t", r.Format, r.Valid))
}

// NewReport parses the lines as printed and repaired. Lines that are no zone give a report
// with Error set.
func NewReport(lines []string, now time.Time) Report {
	z, err := Parse(lines, now)
	if err != nil {
		return Report{Error: err.Error(), Repairs: []Repair{}}
	}
	r := report(z)
	repaired, err := Read(lines, now)
	if err == nil && len(repaired.Repairs) > 0 {
		r.Repairs = repaired.Repairs
		after := report(repaired)
		r.Repaired = &after
	}
	return r
}

func report(z Zone) Report {
	f := z.Fields()
	r := Report{
		Format:  z.Format,
		Valid:   z.Valid(),
		Fields:  &f,
		Birth:   z.BirthDate.ISO(),
		Expiry:  z.ExpiryDate.ISO(),
		Faults:  z.Faults,
		Repairs: []Repair{},
		Checks:  make(map[string]bool, len(z.Checks)),
	}
	for _, c := range z.Checks {
		r.Checks[c.Field] = c.OK
	}
	return r
}

// maxRecordLine bounds a line of Records, in bytes; blanks at its end count.
const maxRecordLine = 256

// ErrRecord is matched by the errors of Records after which the next record follows.
var ErrRecord = errors.New("record cannot be read")

// Records splits r into zones: the lines of each, an empty line or more between them; CR LF
// ends a line too. A record with more than three lines, or with a line of 256
// bytes or more, gives an error that matches ErrRecord and is skipped to its end. Any other error
// is r's and the last. Errors name the line and never its content.
func Records(r io.Reader) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		in := &recordReader{in: bufio.NewReaderSize(r, maxRecordLine)}
		for {
			lines, err := in.next()
			switch {
			case errors.Is(err, ErrRecord):
				if !yield(nil, err) {
					return
				}
			case err != nil && !errors.Is(err, io.EOF):
				yield(nil, err)
				return
			case len(lines) > 0:
				if !yield(lines, nil) {
					return
				}
			}
			if errors.Is(err, io.EOF) {
				return
			}
		}
	}
}

type recordReader struct {
	in   *bufio.Reader
	line int
}

// next returns the next record, possibly empty, and io.EOF with or after the last.
func (r *recordReader) next() ([]string, error) {
	var lines []string
	var bad error
	for {
		line, long, err := r.readLine()
		if line == "" && !long && (err == nil || errors.Is(err, io.EOF)) {
			if bad != nil {
				return nil, bad
			}
			return lines, err
		}
		switch {
		case err != nil && !errors.Is(err, io.EOF):
			return nil, fmt.Errorf("read line %d: %w", r.line, err)
		case bad != nil:
		case long:
			bad = fmt.Errorf("%w: line %d: %d bytes or more", ErrRecord, r.line, maxRecordLine)
		case len(lines) == maxLines:
			bad = fmt.Errorf("%w: line %d: more than %d lines", ErrRecord, r.line, maxLines)
		default:
			lines = append(lines, line)
		}
	}
}

// readLine returns a line without blanks at its end. A long line is consumed and not returned.
func (r *recordReader) readLine() (line string, long bool, err error) {
	r.line++
	for {
		part, err := r.in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			long = true
			continue
		}
		if long {
			return "", true, err
		}
		return strings.TrimRight(string(part), " \t\r\n"), false, err
	}
}
