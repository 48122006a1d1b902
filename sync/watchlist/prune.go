package watchlist

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Rollout has groups of booths take a version that is signed; see Sign.
func Rollout(o SignOptions) (*SignedHead, error) {
	if _, err := openFolder(o.Dir, o.List).signed(o.Version); err != nil {
		return nil, fmt.Errorf("roll out list %s version %d: %w", o.List, o.Version, err)
	}
	return Sign(o)
}

// Prune removes from the list's folder what no booth needs: signed versions older than those
// that Publish keeps at a broker, and contents that no version names. It returns how many
// files it removed.
func Prune(dir, list string) (int, error) {
	n := 0
	err := locked(dir, func() (err error) {
		n, err = openFolder(dir, list).prune()
		return err
	})
	if err != nil {
		return n, fmt.Errorf("prune list %s: %w", list, err)
	}
	return n, nil
}

func (f folder) prune() (int, error) {
	h, err := f.head()
	if err != nil {
		return 0, err
	}
	if h == nil {
		return 0, errors.New("no signed version")
	}
	window, snapshots, err := f.window(h)
	if err != nil {
		return 0, err
	}
	needed := map[string]bool{}
	for _, s := range window {
		needed[f.signedFile(s.Version)] = true
		for _, c := range s.sent(ChunksAlways, snapshots[s.Version]) {
			needed[f.contentFile(c)] = true
		}
	}
	all, err := f.versions()
	if err != nil {
		return 0, err
	}
	for _, v := range all { // a version that is not signed needs its contents
		if v <= h.Version {
			continue
		}
		s, err := f.manifest(v)
		if err != nil {
			return 0, err
		}
		needed[f.signedFile(v)] = true
		for _, c := range s.sent(ChunksAlways, true) {
			needed[f.contentFile(c)] = true
		}
	}
	return f.removeOthers(needed, window[0].Version)
}

// removeOthers removes contents and manifests that are not needed, and what lies in the work
// folder of versions before the first.
func (f folder) removeOthers(needed map[string]bool, first uint64) (int, error) {
	n := 0
	for _, dir := range []string{filepath.Dir(f.signedFile(1)), filepath.Join(f.dir, f.list, "contents"), f.work()} {
		files, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return n, err
		}
		for _, file := range files {
			path := filepath.Join(dir, file.Name())
			if needed[path] || strings.HasPrefix(file.Name(), ".") || dir == f.work() && !workBefore(file.Name(), first) {
				continue
			}
			if err := os.Remove(path); err != nil {
				return n, err
			}
			n++
		}
	}
	return n, nil
}

// workBefore reports whether a file of the work folder is of an earlier version.
func workBefore(name string, first uint64) bool {
	digits, _, _ := strings.Cut(name, ".")
	v, err := strconv.ParseUint(digits, 10, 64)
	return err == nil && v < first
}
