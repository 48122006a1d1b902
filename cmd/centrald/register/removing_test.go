package register

import (
	"context"
	"errors"
	"testing"

	"boothd/cmd/centrald/store"
	"boothd/cmd/centrald/store/storetest"
	"boothd/localmatch/gallery"
)

func TestAnEntryStaysIfThoseWhoKnowOfItCannotLetItGo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		var told []string
		busy := errors.New("busy")
		fails := busy
		r := open(t, db, "VIS", func(o *Options) {
			o.Removing = func(_ context.Context, id string) error {
				told = append(told, id)
				return fails
			}
		})
		if err := r.Put(t.Context(), gallery.Entry{ID: "vis-1", Names: []string{"ERIKSSON, ANNA"}}); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Remove(t.Context(), "vis-1"); !errors.Is(err, busy) {
			t.Errorf("removed: %v", err)
		}
		if e, err := r.Get(t.Context(), "vis-1"); err != nil || e == nil {
			t.Errorf("%v, %v", e, err)
		}
		fails = nil
		if was, err := r.Remove(t.Context(), "vis-1"); err != nil || !was || len(told) != 2 {
			t.Errorf("%v, %v; told of %v", was, err, told)
		}
	})
}
