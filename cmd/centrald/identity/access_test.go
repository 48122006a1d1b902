package identity

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"boothd/capture"
	"boothd/cmd/centrald/store"
	"boothd/cmd/centrald/store/storetest"
	"boothd/sync/grant"
	"boothd/sync/system"
)

func TestAccess(t *testing.T) {
	tests := []struct {
		name    string
		before  func(ctx context.Context, b *bench, c *Cases, id string) error
		system  string
		grant   string
		want    error
		refused string
	}{
		{"under a grant the system replies in full", nil, system.VIS, "grant", nil, ""},
		{"a grant that is not valid", nil, system.VIS, "forged", errGrant, "the grant was not accepted"},
		{"no grant", nil, system.VIS, "", errGrant, "the grant was not accepted"},
		{"a system that the flag does not name", nil, system.Eurodac, "grant", ErrNotFlagged, ErrNotFlagged.Error()},
		{"a system that replied already", func(ctx context.Context, b *bench, c *Cases, id string) error {
			_, err := c.Access(ctx, inspector, id, system.VIS, "grant-1")
			return err
		}, system.VIS, "grant-2", ErrDone, ErrDone.Error()},
		{"a system that was declined", func(ctx context.Context, b *bench, c *Cases, id string) error {
			return c.Decline(ctx, inspector, id, system.VIS, "no need")
		}, system.VIS, "grant", ErrDone, ErrDone.Error()},
		{"a flag that has expired", func(_ context.Context, b *bench, c *Cases, id string) error {
			b.now.pass(72 * time.Hour)
			return nil
		}, system.VIS, "grant", ErrExpired, ErrExpired.Error()},
		{"a moment before it expires", func(_ context.Context, b *bench, c *Cases, id string) error {
			b.now.pass(72*time.Hour - 1)
			return nil
		}, system.VIS, "grant", nil, ""},
		{"a closed case", func(ctx context.Context, b *bench, c *Cases, id string) error {
			return errors.Join(c.Decline(ctx, inspector, id, "", "no need"), c.Close(ctx, inspector, id))
		}, system.VIS, "grant", ErrClosed, ErrClosed.Error()},
	}
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				b := newBench(t, db)
				c := b.open(t, db)
				id := openedCase(t, c)
				if test.before != nil {
					must(t, test.before(t.Context(), b, c, id))
				}
				asked := len(b.vis.asked)
				r, err := c.Access(t.Context(), inspector, id, test.system, test.grant)
				last := b.steps[len(b.steps)-1]
				if last.Deed != DeedAccess || last.Case != id || last.System != test.system || last.Refused != test.refused {
					t.Errorf("logged %+v", last)
				}
				if !errors.Is(err, test.want) {
					t.Fatalf("%v", err)
				}
				if test.want != nil {
					if len(b.vis.asked) > asked || r.State != "" || b.grants.used[test.grant] != (grant.Want{}) {
						t.Errorf("%v; asked %d times, grants used %v", r, len(b.vis.asked)-asked, b.grants.used)
					}
					return
				}
				want := grant.Want{Authority: grant.Judicial, Deed: grant.DeedAccess, System: system.VIS, Subject: "subject-of-anna"}
				if r.State != capture.StateHit || last.Grant != "id of grant" || b.grants.used["grant"] != want {
					t.Errorf("%v; logged %+v, used for %+v", r, last, b.grants.used)
				}
				q := b.vis.asked[0]
				if q.System != system.VIS || q.Grant != "id of grant" || q.Officer != "inspector" || q.VisaSticker != "V1" || q.Face != nil || !q.At.Equal(b.now.now()) {
					t.Errorf("asked with %+v", q)
				}
			})
		}
	})
}

func TestASystemThatGivesNoAnswerIsAskedAgainUnderTheSameGrant(t *testing.T) {
	tests := []struct {
		name  string
		reply system.Reply
		err   error
	}{
		{"it fails", system.Reply{}, errors.New("cut off")},
		{"it cannot say", system.Reply{State: capture.StateUnavailable, Reason: "maintenance"}, nil},
	}
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				b := newBench(t, db)
				c := b.open(t, db)
				id := openedCase(t, c)
				answer := b.vis.reply
				b.vis.reply, b.vis.err = test.reply, test.err
				if r, err := c.Access(t.Context(), inspector, id, system.VIS, "grant"); !errors.Is(err, test.err) || r.State != test.reply.State {
					t.Fatalf("%v, %v", r, err)
				}
				must(t, c.Decline(t.Context(), inspector, id, system.EES, "no need"))
				if err := c.Close(t.Context(), inspector, id); !errors.Is(err, ErrPending) {
					t.Errorf("closed meanwhile: %v", err)
				}
				b.vis.reply, b.vis.err = answer, nil
				if r, err := c.Access(t.Context(), inspector, id, system.VIS, ""); err != nil || r.State != capture.StateHit {
					t.Errorf("%v, %v", r, err)
				}
				if q := b.vis.asked; len(q) != 2 || q[1].Grant != "id of grant" || q[1].ID == q[0].ID {
					t.Errorf("asked with %+v", q)
				}
			})
		}
	})
}

func TestNoGrantIsUsedForASystemThatTakesNothingOfTheQuestion(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		b := newBench(t, db)
		must(t, b.cir.Put(t.Context(), anna(func(f *File) { f.Holdings = []Member{{System: system.Eurodac, Entry: "e-1"}} })))
		eurodac := &full{}
		c := b.open(t, db)
		c.o.Systems = map[string]system.Adapter{system.Eurodac: eurodac}
		id := openedCase(t, c) // by the document, with which Eurodac is not asked
		r, err := c.Access(t.Context(), inspector, id, system.Eurodac, "grant")
		if err != nil || r.State != capture.StateUnavailable || r.Reason == "" {
			t.Errorf("%v, %v", r, err)
		}
		if len(eurodac.asked) > 0 || len(b.grants.used) > 0 {
			t.Errorf("asked %d times, grants used %v", len(eurodac.asked), b.grants.used)
		}
		if last := b.steps[len(b.steps)-1]; last.Deed != DeedAccess || last.System != system.Eurodac || last.Refused == "" {
			t.Errorf("logged %+v", last)
		}
		must(t, c.Decline(t.Context(), inspector, id, system.Eurodac, "it cannot be asked"))
		must(t, c.Close(t.Context(), inspector, id))
	})
}

func TestAnInstanceThatWasCutOffHoldsNobodyUp(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		b := newBench(t, db)
		c := b.open(t, db)
		id := openedCase(t, c)
		_, err := db.Exec("UPDATE identity_flag SET state = $1, grant_id = 'id of grant' WHERE system = 'VIS'", flagAsking)
		must(t, err)
		if _, err := c.Access(t.Context(), inspector, id, system.VIS, "grant-2"); !errors.Is(err, ErrDone) {
			t.Errorf("while it may still be asking: %v", err)
		}
		if err := c.Decline(t.Context(), inspector, id, system.VIS, "no need"); !errors.Is(err, ErrDone) {
			t.Errorf("declined while it may still be asking: %v", err)
		}
		b.now.pass(61 * time.Second)
		step := Step{Case: id, System: system.VIS, Grant: "id of grant", At: b.now.now()}
		must(t, c.claim(t.Context(), step, flagAsking))
		if err := c.claim(t.Context(), step, flagAsking); !errors.Is(err, ErrDone) {
			t.Errorf("taken over twice: %v", err)
		}
		b.now.pass(61 * time.Second)
		if r, err := c.Access(t.Context(), inspector, id, system.VIS, ""); err != nil || r.State != capture.StateHit {
			t.Errorf("later: %v, %v", r, err)
		}
	})
}

func TestOfInstancesThatTakeAStepAtOnceOneDoes(t *testing.T) {
	const n = 6
	tests := []struct {
		name     string
		declines int // how many of them decline
	}{
		{"all have verified a grant and ask", 0},
		{"some ask and some decline", 2},
	}
	storetest.Each(t, func(t *testing.T, db *store.DB, open func() *store.DB) {
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				b := newBench(t, db)
				id := openedCase(t, b.open(t, db))
				var verified, wg sync.WaitGroup
				if test.declines == 0 {
					verified.Add(n)
					b.grants.before = func() { verified.Done(); verified.Wait() }
				}
				errs := make([]error, n)
				for i := range n {
					c := b.open(t, open())
					wg.Go(func() {
						if i < test.declines {
							errs[i] = c.Decline(t.Context(), inspector, id, system.VIS, "no need")
							return
						}
						_, errs[i] = c.Access(t.Context(), inspector, id, system.VIS, fmt.Sprint("grant-", i))
					})
				}
				wg.Wait()
				won := 0
				for _, err := range errs {
					if err == nil {
						won++
					} else if !errors.Is(err, ErrDone) {
						t.Error(err)
					}
				}
				if won != 1 || len(b.vis.asked) > 1 {
					t.Errorf("%d took the step, the system was asked %d times", won, len(b.vis.asked))
				}
			})
		}
	})
}

func TestAnAccessGoesNoFurtherThanTheProfile(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		b := newBench(t, db)
		c := b.open(t, db)
		id := openedCase(t, c)
		b.may[system.VIS] = []system.Field{system.FieldVisaSticker}
		if r, err := c.Access(t.Context(), inspector, id, system.VIS, "grant"); err != nil || r.State != capture.StateHit {
			t.Fatalf("%v, %v", r, err)
		}
		if q := b.vis.asked[0]; q.VisaSticker != "V1" || q.DocumentNumber+q.Officer+q.Grant != "" {
			t.Errorf("asked with %+v", q)
		}
		other := openedCase(t, c)
		delete(b.may, system.VIS)
		if _, err := c.Access(t.Context(), inspector, other, system.VIS, "grant-2"); !errors.Is(err, ErrNotFlagged) || len(b.grants.used) != 1 {
			t.Errorf("a system that the profile lost: %v, grants used %v", err, b.grants.used)
		}
		if flag, err := c.Read(t.Context(), inspector, other); err != nil || len(flag.Facts) != 1 || flag.Facts[0].Value != system.EES {
			t.Errorf("the flag then: %+v, %v", flag, err)
		}
	})
}

func TestARevokedGrantIsNotUsedAgainWithinTheCase(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		b := newBench(t, db)
		c := b.open(t, db)
		id := openedCase(t, c)
		b.vis.err = errors.New("cut off")
		if _, err := c.Access(t.Context(), inspector, id, system.VIS, "grant"); err == nil {
			t.Fatal("the system answered")
		}
		b.vis.err, b.grants.over = nil, map[string]bool{"id of grant": true}
		if _, err := c.Access(t.Context(), inspector, id, system.VIS, ""); !errors.Is(err, grant.ErrRevoked) || len(b.vis.asked) != 1 {
			t.Errorf("%v, asked %d times", err, len(b.vis.asked))
		}
		if last := b.steps[len(b.steps)-1]; last.Grant != "id of grant" || last.Refused != "the grant was not accepted" {
			t.Errorf("logged %+v", last)
		}
	})
}
