package server

import (
	"context"
	"strconv"
	"time"

	"boothd/cmd/centrald/accesslog"
	"boothd/cmd/centrald/border"
	"boothd/sync/grant"
)

// sweepSchema is when the next sweep is due, whichever instance does it.
const sweepSchema = `
CREATE TABLE sweep (
	one BIGINT PRIMARY KEY,
	due BIGINT NOT NULL
);
INSERT INTO sweep (one, due) VALUES (1, 0);`

func (s *Server) openSweep(ctx context.Context) error { return s.DB.Migrate(ctx, "sweep", sweepSchema) }

const (
	upkeepEvery = 10 * time.Minute
	sweepEvery  = time.Hour // by one of the instances
)

// upkeep erases what its time has come for and reads again what others have signed.
func (s *Server) upkeep(ctx context.Context) error {
	tick := time.NewTicker(upkeepEvery)
	defer tick.Stop()
	for {
		s.eraseAtOnce(ctx)
		if err := s.sweep(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("what is old not erased", "err", err)
		}
		if err := s.readDocuments(); err != nil {
			s.log.Error("signed documents not read again", "err", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// eraseAtOnce erases what is kept for hours only.
func (s *Server) eraseAtOnce(ctx context.Context) {
	_, err := s.Recent.Erase(ctx)
	s.notErased(ctx, "recent checks", err)
	if s.Cases != nil {
		_, err := s.Cases.EraseQuestions(ctx)
		s.notErased(ctx, "questions of cases", err)
	}
}

func (s *Server) notErased(ctx context.Context, part string, err error) {
	if err != nil && ctx.Err() == nil {
		s.log.Error("not erased", "part", part, "err", err)
	}
}

// kindErased is an access log entry about what was erased of a part because its time had
// come.
const kindErased accesslog.Kind = "retention"

// sweep erases everywhere what has had its time, if that is due and no other instance has
// taken it on. What is left, because a part failed or the instance was stopped, the next
// sweep erases. The access log keeps how much was erased.
func (s *Server) sweep(ctx context.Context) error {
	now := s.now()
	if mine, err := s.takeSweep(ctx, now); err != nil || !mine {
		return err
	}
	for _, part := range s.sweepers(now) {
		n, err := part.erase(ctx)
		s.notErased(ctx, part.name, err)
		if n == 0 {
			continue
		}
		entry := accesslog.Entry{Kind: kindErased, Detail: map[string]string{"part": part.name, "erased": strconv.FormatInt(n, 10)}}
		if _, err := s.Access.Append(ctx, entry); err != nil {
			return err
		}
	}
	return nil
}

// takeSweep reports whether a sweep is due and this instance has it to do.
func (s *Server) takeSweep(ctx context.Context, now time.Time) (bool, error) {
	done, err := s.DB.ExecContext(ctx, "UPDATE sweep SET due = $1 WHERE one = 1 AND due <= $2", now.Add(sweepEvery).UnixNano(), now.UnixNano())
	if err != nil {
		return false, err
	}
	n, err := done.RowsAffected()
	return n > 0, err
}

// sweeper erases what is old of one part and tells how much that was.
type sweeper struct {
	name  string
	erase func(context.Context) (int64, error)
}

// sweepers are those of the parts that are open. A system's come before the repository's,
// which has only to see to what they left.
func (s *Server) sweepers(now time.Time) []sweeper {
	r := &s.config.Retention
	logs := now.Add(-time.Duration(r.AccessLog))
	all := []sweeper{
		{"records", func(ctx context.Context) (int64, error) {
			return s.Intake.Erase(ctx, now.Add(-time.Duration(r.Records)))
		}},
		{"access log", func(ctx context.Context) (int64, error) { _, err := s.Access.Erase(ctx, logs); return 0, err }}, // which tells of it itself
		{"alerts", func(ctx context.Context) (int64, error) {
			return s.Alerts.Erase(ctx, now.Add(-time.Duration(r.Alerts)))
		}},
		{"flow", func(ctx context.Context) (int64, error) { return 0, s.Flow.Erase(ctx, now.Add(-time.Duration(r.Flow))) }},
		{"releases", func(ctx context.Context) (int64, error) { return s.Releases.Erase(ctx, logs) }},
		{"uses of grants", func(ctx context.Context) (int64, error) { return s.uses.Erase(ctx, now.Add(-grant.MaxLife)) }},
		{"office", func(ctx context.Context) (int64, error) { return 0, s.Book.Erase(ctx, logs) }},
	}
	return append(all, s.systemSweepers(now)...)
}

func (s *Server) systemSweepers(now time.Time) []sweeper {
	r := &s.config.Retention
	var all []sweeper
	add := func(open bool, name string, erase func(context.Context) (int, error)) {
		if open {
			all = append(all, sweeper{name, func(ctx context.Context) (int64, error) {
				n, err := erase(ctx)
				return int64(n), err
			}})
		}
	}
	add(s.EES != nil, "EES", func(ctx context.Context) (int, error) {
		return s.EES.Erase(ctx, border.Until{Closed: r.EES.Before(now), Overstay: r.Overstay.Before(now)})
	})
	add(s.VIS != nil, "VIS", func(ctx context.Context) (int, error) { return s.VIS.Erase(ctx, r.VIS.Before(now)) })
	add(s.ETIAS != nil, "ETIAS", func(ctx context.Context) (int, error) {
		return s.ETIAS.Erase(ctx, r.ETIAS.Before(now), r.Expired.Before(now))
	})
	add(s.CIR != nil, "CIR", func(ctx context.Context) (int, error) { return s.CIR.Erase(ctx) })
	add(s.Cases != nil, "cases", func(ctx context.Context) (int, error) { return s.Cases.Erase(ctx, r.Cases.Before(now)) })
	return all
}

// forget lets go of an entry that a system is about to erase: its links, and what the
// repository holds of it.
func (s *Server) forget(ctx context.Context, system, entry string) error {
	if err := s.Links.Forget(ctx, system, entry); err != nil || s.CIR == nil {
		return err
	}
	return s.CIR.Forget(ctx, system, entry)
}
