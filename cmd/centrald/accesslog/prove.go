package accesslog

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"time"

	"boothd/capture/audit/chain"
)

// Head returns the last entry's place, with Seq 0 while there is none. Whoever keeps it
// elsewhere has an anchor.
func (l *Log) Head(ctx context.Context) (chain.Link, error) {
	link, err := l.chain.Head(ctx, l.db)
	if err != nil {
		return chain.Link{}, fmt.Errorf("read access log: %w", err)
	}
	return link, nil
}

// Verify proves the whole log. The error is about reading, never about the chain.
func (l *Log) Verify(ctx context.Context, anchors ...chain.Anchor) (*chain.Report, error) {
	report, err := l.chain.Verify(ctx, l.db, anchors...)
	if err != nil {
		return nil, fmt.Errorf("verify access log: %w", err)
	}
	return report, nil
}

// VerifyFrom proves what follows an entry that somebody vouches for.
func (l *Log) VerifyFrom(ctx context.Context, start chain.Anchor, anchors ...chain.Anchor) (*chain.Report, error) {
	report, err := l.chain.VerifyFrom(ctx, l.db, start, anchors...)
	if err != nil {
		return nil, fmt.Errorf("verify access log: %w", err)
	}
	return report, nil
}

// Export writes the entries of a time, from inclusive to exclusive, as JSON Lines with their
// proofs, for the supervisory authority, and logs that it was done and for whom. What is
// exported is one piece of the chain, the smallest that holds them all; where the clocks of
// instances differ, entries of the time just before or after may be among it. VerifyExport
// proves the piece without the database; the last hash of each export is an anchor for the
// next.
func (l *Log) Export(ctx context.Context, w io.Writer, from, to time.Time, recipient string) error {
	var first, last sql.NullInt64
	err := l.db.QueryRowContext(ctx, "SELECT min(seq), max(seq) FROM accesslog WHERE at >= $1 AND at < $2",
		from.UnixMilli(), to.UnixMilli()).Scan(&first, &last)
	if err != nil {
		return fmt.Errorf("export access log: %w", err)
	}
	link, err := l.Append(ctx, Entry{Kind: KindExport, Detail: map[string]string{
		"from": from.UTC().Format(time.RFC3339), "to": to.UTC().Format(time.RFC3339), "recipient": recipient,
	}})
	if err != nil {
		return err
	}
	if !first.Valid { // nothing but the line that says so
		first.Int64, last.Int64 = int64(link.Seq)+1, int64(link.Seq)
	}
	if err := l.chain.Export(ctx, l.db, w, uint64(first.Int64), uint64(last.Int64)); err != nil {
		return fmt.Errorf("export access log: %w", err)
	}
	return nil
}

// VerifyExport is Verify for what Export wrote. Anchors must lie in what was exported.
func VerifyExport(r io.Reader, anchors ...chain.Anchor) (*chain.Report, error) {
	report, err := table(nil).VerifyExport(r, anchors...)
	if err != nil {
		return nil, fmt.Errorf("verify export: %w", err)
	}
	return report, nil
}

// eraseAtOnce limits how many bodies one transaction erases: queries wait for it.
const eraseAtOnce = 2000

// Erase removes the bodies of the entries that are older than before and returns how many
// were. The chain still proves that they were there and that nothing else changed.
//
// What the database's files may hold on to for a while, chain.Table.Erase tells.
func (l *Log) Erase(ctx context.Context, before time.Time) (int64, error) {
	if now := l.now(); before.After(now) {
		before = now // or each erasure would be old enough for the next
	}
	var total int64
	for {
		n, err := l.erase(ctx, before)
		total += n
		if err != nil {
			return total, fmt.Errorf("erase access log: %w", err)
		}
		if n == 0 {
			return total, nil
		}
	}
}

func (l *Log) erase(ctx context.Context, before time.Time) (n int64, err error) {
	through, due, err := l.chain.Expired(ctx, l.db, before, l.now())
	if err != nil || !due {
		return 0, err
	}
	err = l.locked(ctx, func(tx *sql.Tx) error {
		if n, err = l.chain.Erase(ctx, tx, through, eraseAtOnce); err != nil || n == 0 {
			return err
		}
		at := l.now().UTC()
		_, err = l.chain.Append(ctx, tx, chain.Entry{At: at, Content: Entry{
			Kind: KindErasure, At: at, Detail: chain.ErasureDetail(through, before, n),
		}})
		return err
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}
