package stage

import (
	"context"
	"fmt"

	"boothd/capture/inspection"
	"boothd/cmd/boothsim/demo"
)

// CheckAtCentral is a check of a chip as central's record of a booth's check has it.
type CheckAtCentral struct {
	Evidence string `json:"evidence"` // "chip-1"
	inspection.Check
}

// String is the check in a line, "chip-1 pa_hash DG2 failed altered".
func (c CheckAtCentral) String() string {
	line := c.Evidence + " " + c.Name
	if c.Group > 0 {
		line += fmt.Sprintf(" DG%d", c.Group)
	}
	line += " " + string(c.State)
	if c.Reason != "" {
		line += " " + c.Reason
	}
	return line
}

// recordsLookedAt is in how many records the last check is looked for.
const recordsLookedAt = 20

// ChecksAtCentral returns what the records of a booth's check tell of the chip; empty is the
// check whose record came last.
func (s *Stage) ChecksAtCentral(ctx context.Context, check string) ([]CheckAtCentral, error) {
	if check == "" {
		last, err := s.Portal.Intake.Records(ctx, recordsLookedAt)
		if err != nil {
			return nil, err
		}
		for i := len(last) - 1; i >= 0; i-- {
			if last[i].Check != "" {
				check = last[i].Check
			}
		}
	}
	records, err := s.Portal.Intake.Record(ctx, demo.Booth, check)
	if err != nil {
		return nil, err
	}
	list := []CheckAtCentral{}
	for _, r := range records {
		for _, e := range r.Evidence {
			if e.Chip == nil {
				continue
			}
			for _, c := range e.Chip.Checks {
				list = append(list, CheckAtCentral{e.ID, c})
			}
		}
	}
	return list, nil
}
