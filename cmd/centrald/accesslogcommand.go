package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"boothd/capture/audit/chain"
	"boothd/cmd/centrald/accesslog"
)

type accessLogCommand struct {
	Verify accessLogVerify `cmd:"" help:"Prove an exported access log, without the database."`
}

type accessLogVerify struct {
	File   string   `arg:"" type:"existingfile" help:"What the office exported."`
	Anchor []string `placeholder:"SEQ:HASH" help:"Number and hash of an entry that was noted elsewhere, such as the last of an earlier export."`
}

var errBroken = errors.New("the export does not prove what it tells")

// Run says what the export holds and fails if it is broken.
func (v *accessLogVerify) Run(k *kong.Kong) error {
	var anchors []chain.Anchor
	for _, text := range v.Anchor {
		a, err := anchorOf(text)
		if err != nil {
			return err
		}
		anchors = append(anchors, a)
	}
	f, err := os.Open(v.File)
	if err != nil {
		return err
	}
	defer f.Close()
	report, err := accesslog.VerifyExport(f, anchors...)
	if err != nil {
		return err
	}
	return sayExport(k.Stdout, report)
}

func anchorOf(text string) (chain.Anchor, error) {
	seq, hash, ok := strings.Cut(text, ":")
	n, err := strconv.ParseUint(seq, 10, 64)
	if !ok || err != nil || n == 0 || hash == "" {
		return chain.Anchor{}, fmt.Errorf("anchor %q is not SEQ:HASH", text)
	}
	return chain.Anchor{Seq: n, Hash: hash}, nil
}

func sayExport(w io.Writer, r *chain.Report) error {
	if r.Break != nil {
		fmt.Fprintf(w, "broken: %s\n", r.Break.Text)
		if r.Entries > 0 {
			fmt.Fprintf(w, "intact up to there: entries %d to %d\n", r.First, r.Last)
		}
		return errBroken
	}
	if r.Entries == 0 {
		fmt.Fprintln(w, "intact: the export holds no entry")
		return nil
	}
	fmt.Fprintf(w, "intact: entries %d to %d, %d of them, %d erased on schedule\n", r.First, r.Last, r.Entries, r.Erased)
	fmt.Fprintf(w, "head: %d:%s\n", r.Last, r.Hash)
	if r.Anchored > 0 {
		fmt.Fprintf(w, "what was noted elsewhere vouches for everything up to entry %d\n", r.Anchored)
	} else {
		fmt.Fprintln(w, "nobody vouches for it: give --anchor with what was noted elsewhere, or ask central's office for a proof of the head")
	}
	return nil
}
