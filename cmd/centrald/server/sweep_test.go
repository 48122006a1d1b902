package server_test

import (
	"slices"
	"testing"
	"time"

	"boothd/capture"
	"boothd/cmd/centrald/accesslog"
	"boothd/cmd/centrald/border"
	"boothd/cmd/centrald/identity"
	"boothd/cmd/centrald/visa"
	"boothd/localmatch/gallery"
	"boothd/sync/system"
)

// What a system erases leaves the repository and the links as well.
func TestWhatHasHadItsTimeIsErasedEverywhere(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		ctx := t.Context()
		fill(t, p.start())
		p.now = func() time.Time { return time.Now().AddDate(4, 0, 0) }
		in := p.start()
		until(t, "the stay is still there after three years", func() bool {
			e, err := in.Registers[system.EES].Get(ctx, "ees-1")
			return err == nil && e == nil
		})
		told(t, in, "EES")
		f, err := in.CIR.Get(ctx, "file-1")
		if err != nil || f == nil || len(f.Holdings) != 1 || f.Holdings[0].System != system.VIS {
			t.Errorf("file %+v, %v", f, err)
		}
		if links, err := in.Links.Of(ctx, system.VIS, "vis-1", []string{system.EES, system.VIS}); err != nil || len(links) != 0 {
			t.Errorf("links %+v, %v", links, err)
		}
		if e, err := in.Registers[system.VIS].Get(ctx, "vis-1"); err != nil || e == nil {
			t.Errorf("the visa's holder: %v, %v", e, err)
		}
		in.stop()
		p.now = func() time.Time { return time.Now().AddDate(7, 0, 0) }
		in = p.start()
		until(t, "the file is still there without any entry", func() bool {
			f, err := in.CIR.Get(ctx, "file-1")
			return err == nil && f == nil
		})
		for _, name := range []string{system.VIS, system.CIR} {
			until(t, "there are people left in "+name, func() bool {
				n, err := in.Registers[name].Count(ctx)
				return err == nil && n == 0
			})
		}
		told(t, in, "VIS")
	})
}

// told waits until the access log says that one of a part was erased.
func told(t *testing.T, in *instance, part string) {
	t.Helper()
	until(t, "what was erased is not in the access log", func() bool {
		all, err := in.Access.Recent(t.Context(), 50)
		return err == nil && slices.ContainsFunc(all, func(e accesslog.Entry) bool {
			return e.Kind == "retention" && e.Detail["part"] == part && e.Detail["erased"] == "1"
		})
	})
}

// fill puts a person with a stay that has ended and a visa that has just expired.
func fill(t *testing.T, in *instance) {
	t.Helper()
	ctx, today := t.Context(), time.Now()
	who := identity.Identity{Surname: "ERIKSSON", GivenNames: "ANNA", BirthDate: "1974-08-12", Nationality: "UTO"}
	entry := gallery.Entry{ID: "ees-1", Names: []string{"ERIKSSON, ANNA"}, Documents: []gallery.DocumentNumber{{Number: "L898902C3", Issuer: "UTO"}}}
	err := in.EES.Put(ctx, border.File{Entry: entry, Records: []border.Crossing{
		{ID: "1", Booth: "gate", Kind: border.KindEntry, At: today.AddDate(0, -2, 0)}, {ID: "2", Booth: "gate", Kind: border.KindExit, At: today.AddDate(0, -1, 0)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	entry.ID = "vis-1"
	if err := in.Registers[system.VIS].Put(ctx, entry); err != nil {
		t.Fatal(err)
	}
	err = in.VIS.Put(ctx, visa.Visa{Sticker: "UTO123", Holder: "vis-1", From: today.AddDate(0, -3, 0).Format(time.DateOnly),
		Until: today.AddDate(0, 0, -1).Format(time.DateOnly), Status: visa.StatusValid})
	if err != nil {
		t.Fatal(err)
	}
	err = in.CIR.Put(ctx, identity.File{ID: "file-1", Identity: who, Documents: []identity.Document{{Type: "P", Issuer: "UTO", Number: "L898902C3"}},
		Biometrics: []identity.Biometric{{Kind: capture.ModalityFinger, Reference: "print-1"}},
		Holdings:   []identity.Member{{System: system.EES, Entry: "ees-1"}, {System: system.VIS, Entry: "vis-1"}}})
	if err != nil {
		t.Fatal(err)
	}
	if links, err := in.Links.Of(ctx, system.VIS, "vis-1", []string{system.EES, system.VIS}); err != nil || len(links) != 1 {
		t.Fatalf("links %+v, %v", links, err)
	}
}
