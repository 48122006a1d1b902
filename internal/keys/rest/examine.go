package rest

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
)

// Report is what Examine saw.
type Report struct {
	Source  Source   // that the root is sealed by; SourceNone if there is no root yet
	PCRs    []int    // that it is bound to
	Err     error    // why the root cannot be had; a *RootError in most cases
	Wrapped int      // key files that are wrapped
	Plain   []string // names of key files that are not
	Damaged []string // names of wrapped key files that do not open; known only without Err
	Passed  []Source // sources that would be taken before this one, were the root sealed now
}

// Examine looks at the keys of a daemon that may be running. It changes nothing.
func Examine(ctx context.Context, o Options) Report {
	o.ReadOnly = true
	r := Report{Source: SourceNone}
	switch s, err := readRootFile(o.Dir); {
	case err == nil:
		r.Source, r.PCRs = s.Source, s.PCRs
	case !errors.Is(err, fs.ErrNotExist):
		r.Source = ""
	}
	for _, source := range []Source{SourceTPM, SourceCredential, SourcePassphrase} {
		if source == r.Source {
			break
		}
		if o.has(source) {
			r.Passed = append(r.Passed, source)
		}
	}
	k, err := Open(ctx, o)
	if err == nil && r.Source == SourceNone && o.Source != SourceAuto && o.Source != SourceNone && o.Source != "" {
		// What Open would do if it could write.
		_, err = o.sealFirst(ctx, make([]byte, rootSize))
	}
	r.Err = err
	if err := r.count(k, o.Dir); err != nil && r.Err == nil {
		r.Err = err
	}
	return r
}

// count looks at each key file.
func (r *Report) count(k *Keeper, dir string) error {
	paths, err := keyFiles(dir)
	if err != nil {
		return err
	}
	for _, path := range paths {
		b, err := readLimited(path)
		if err != nil {
			return err
		}
		name := filepath.Base(path)
		if !isWrapped(b) {
			r.Plain = append(r.Plain, name)
			continue
		}
		r.Wrapped++
		if _, err := k.Unwrap(name, b); r.Err == nil && err != nil {
			r.Damaged = append(r.Damaged, name)
		}
	}
	return nil
}
