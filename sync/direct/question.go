package direct

import (
	"boothd/capture"
	"boothd/sync/system"
)

// question is the query as one system may be asked it.
func question(q capture.Query, booth, name string) system.Question {
	p := &q.Officer.Profile
	out := system.About(&q, name)
	out.Officer, out.Category, out.Booth = q.Officer.ID, p.Category, booth
	out.Purpose, out.LegalBasis, out.At = p.Purpose, p.LegalBasis, q.At
	out.Keep(system.Allowed(name))
	return out
}
