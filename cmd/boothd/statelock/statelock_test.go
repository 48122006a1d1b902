package statelock

import (
	"path/filepath"
	"testing"
)

func TestOneAtATimeHasTheState(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	first, err := Take(path)
	if err != nil {
		t.Fatal(err)
	}
	if second, err := Take(path); err == nil {
		second.Close()
		t.Error("two have it")
	}
	first.Close()
	again, err := Take(path)
	if err != nil {
		t.Fatalf("after it was given back: %v", err)
	}
	again.Close()
}
