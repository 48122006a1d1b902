package boothd_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A folder imports only itself and folders to its left.
var arrow = []string{"internal", "devices", "capture", "localmatch", "sync", "cmd"}

func TestImportsRunInOneDirection(t *testing.T) {
	seen := map[string]int{}
	err := filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		folder, _, below := strings.Cut(filepath.ToSlash(path), "/")
		rank := slices.Index(arrow, folder)
		if err != nil || !below || rank < 0 || !strings.HasSuffix(path, ".go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			imported, _ := strconv.Unquote(spec.Path.Value)
			if rest, ours := strings.CutPrefix(imported, "boothd/"); ours {
				target, _, _ := strings.Cut(rest, "/")
				if slices.Index(arrow, target) > rank || !slices.Contains(arrow, target) {
					t.Errorf("%s: %s must not import %s", path, folder, imported)
				}
				seen[folder]++
			}
		}
		return nil
	})
	if err != nil || seen["devices"] == 0 {
		t.Fatalf("read the sources: imports seen %v, error %v", seen, err)
	}
}
