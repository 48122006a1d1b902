package intake

import (
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"boothd/capture"
	"boothd/cmd/centrald/store"
	"boothd/cmd/centrald/store/storetest"
	"boothd/sync/portal"
)

func TestAnItemThatComesAgainIsAcknowledgedInTheSameWords(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, open func() *store.DB) {
		c := newCentral(t)
		here, there := c.instance(t, db, nil), c.instance(t, open(), nil)
		items := c.items(t, "booth-1", 5)
		first := c.commit(t, here, items...)
		if len(first.Acks) != 5 {
			t.Fatalf("%+v", first)
		}
		for _, in := range []*Intake{here, there} {
			if again := c.commit(t, in, items...); !reflect.DeepEqual(again, first) {
				t.Errorf("first %s\nagain %s", asJSON(t, first), asJSON(t, again))
			}
		}
		if r, err := here.Received(t.Context()); err != nil || r.Records != 5 || r.Repeated != 10 || r.Kinds["outcome"] != 3 || r.Missing != 0 {
			t.Errorf("received %+v, %v", r, err)
		}
	})
}

func TestTwoInstancesWithTheSameItemsAtOnceCommitThemOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, open func() *store.DB) {
		c := newCentral(t)
		instances := []*Intake{c.instance(t, db, nil), c.instance(t, open(), nil), c.instance(t, open(), nil)}
		items := c.items(t, "booth-1", 30)
		for batch := range slices.Chunk(items, 6) {
			replies := make([]*portal.ReportReply, len(instances))
			var wg sync.WaitGroup
			for i, in := range instances {
				wg.Go(func() {
					reply, err := in.Commit(t.Context(), batch)
					if err != nil {
						t.Error(err)
						return
					}
					replies[i] = reply
				})
			}
			wg.Wait()
			for _, r := range replies {
				if r == nil || len(r.Acks) != 6 || !reflect.DeepEqual(r, replies[0]) {
					t.Fatalf("replies differ: %s, %s", asJSON(t, r), asJSON(t, replies[0]))
				}
			}
		}
		if n := count(t, db, "SELECT count(*) FROM intake_item"); n != 30 {
			t.Errorf("%d items", n)
		}
	})
}

func TestWhatCannotBeTakenIsRefusedAndNoted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		c := newCentral(t)
		in := c.instance(t, db, nil)
		good := c.item(t, someRecord("booth-1", 1), "epoch", 1)
		c.commit(t, in, good)
		rehashed := func(it portal.Item, change func(*portal.Item)) portal.Item {
			change(&it)
			it.Hash = portal.HashItem(&it)
			return it
		}
		second := c.item(t, someRecord("booth-1", 2), "epoch", 2)
		bent := second
		bent.Hash = good.Hash
		foreign := someRecord("booth-2", 9)
		refused := 0
		for _, test := range []struct {
			name, reason string
			item         portal.Item
		}{
			{"another item under the sequence", reasonOther, c.item(t, someRecord("booth-1", 3), "epoch", 1)},
			{"the record under another sequence", reasonDoubled, c.item(t, someRecord("booth-1", 1), "epoch", 3)},
			{"the record in another epoch", reasonDoubled, c.item(t, someRecord("booth-1", 1), "later", 1)},
			{"a hash of something else", "the hash is not the item's", bent},
			{"sequence zero", "the sequence is out of range", rehashed(second, func(it *portal.Item) { it.Sequence = 0 })},
			{"a sequence beyond the database", "the sequence is out of range", rehashed(second, func(it *portal.Item) { it.Sequence = 1 << 63 })},
			{"an id that is no text", "a field is empty, too long or not text", rehashed(second, func(it *portal.Item) { it.ID = "a\x00b" })},
			{"an endless journal hash", "a field is empty, too long or not text", rehashed(second, func(it *portal.Item) { it.Journal = strings.Repeat("0", 1000) })},
			{"an epoch that is not UTF-8", "a field is empty, too long or not text", rehashed(second, func(it *portal.Item) { it.Epoch = "\xff\x00" })},
			{"a box for another id", "the record does not open with central's key", rehashed(second, func(it *portal.Item) { it.ID = "other" })},
			{"an empty box", "the record does not open with central's key", rehashed(second, func(it *portal.Item) { it.Sealed = nil })},
			{"no JSON", "the record is not in JSON", c.sealed(t, "booth-1", "x", "epoch", 5, []byte("hello"))},
			{"a record of another booth", "the record belongs to another item", c.sealed(t, "booth-1", foreign.ID, "epoch", 6, []byte(asJSON(t, foreign)))},
			{"a check that is no text", "a field of the record is too long or not text", c.sealed(t, "booth-1", "y", "epoch", 7, []byte(`{"id":"y","booth":"booth-1","check":"a\u0000"}`))},
		} {
			t.Run(test.name, func(t *testing.T) {
				for range 2 {
					reply := c.commit(t, in, test.item)
					if len(reply.Acks) != 0 || len(reply.Refused) != 1 || reply.Refused[0].Reason != test.reason || reply.Refused[0].Sequence != test.item.Sequence {
						t.Errorf("%+v", reply)
					}
				}
				refused++
				if n := count(t, db, "SELECT count(*) FROM intake_refused"); n != refused {
					t.Errorf("%d refusals noted, want %d", n, refused)
				}
			})
		}
		if r, err := in.Received(t.Context()); err != nil || r.Refused != refused || r.Doubled != 2 || r.Records != 1 {
			t.Errorf("received %+v, %v", r, err)
		}
		if reply := c.commit(t, in, c.item(t, someRecord("booth-2", 1), "epoch", 1), c.item(t, someRecord("booth-2", 1), "epoch", 2), c.item(t, someRecord("booth-2", 3), "epoch", 3)); len(reply.Acks) != 2 || len(reply.Refused) != 1 {
			t.Errorf("a record twice in one report: %+v", reply)
		}
	})
}

func TestRecordsStaySealedAndOpenByTheirCheck(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		c := newCentral(t)
		in := c.instance(t, db, nil)
		items := c.items(t, "booth-1", 4)
		c.commit(t, in, items...)
		var sealed []byte
		if err := db.QueryRow("SELECT sealed FROM intake_item WHERE sequence = 1").Scan(&sealed); err != nil || strings.Contains(string(sealed), traveller) {
			t.Errorf("the record lies open: %v", err)
		}
		got, err := in.Record(t.Context(), "booth-1", "check-2")
		if err != nil || len(got) != 2 || got[0].ID != "booth-1-record-3" || got[1].Kind != capture.RecordDisposition || got[0].Answers[0].Findings[0].Name != traveller {
			t.Errorf("%d records, %v", len(got), err)
		}
		if got, err := in.Record(t.Context(), "booth-2", "check-2"); err != nil || len(got) != 0 {
			t.Errorf("another booth's: %d records, %v", len(got), err)
		}
		list, err := in.Records(t.Context(), 2)
		want := Summary{Booth: "booth-1", Sequence: 4, ID: "booth-1-record-4", Kind: "disposition", Check: "check-2", Decision: "refer"}
		if err != nil || len(list) != 2 {
			t.Fatalf("%+v, %v", list, err)
		}
		if list[0].At.IsZero() {
			t.Error("no time")
		}
		if want.At = list[0].At; list[0] != want {
			t.Errorf("summary = %+v, want %+v", list[0], want)
		}
	})
}

func TestThroughReachesToTheFirstGap(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		c := newCentral(t)
		in := c.instance(t, db, nil)
		items := c.items(t, "booth-1", 8)
		for _, step := range []struct {
			deliver []portal.Item
			through uint64
		}{
			{nil, 0}, {items[1:3], 0}, {items[:1], 3}, {items[5:7], 3}, {items[3:5], 7}, {items[7:], 8}, {items, 8},
		} {
			if len(step.deliver) > 0 {
				c.commit(t, in, step.deliver...)
			}
			word, err := in.Through(t.Context(), "booth-1", "epoch")
			if err != nil {
				t.Fatal(err)
			}
			journal := ""
			if step.through > 0 {
				journal = items[step.through-1].Journal
			}
			if err := word.Verify(c.public(), "booth-1", "epoch"); err != nil || word.Sequence != step.through || word.Journal != journal {
				t.Errorf("%+v, %v, want through %d", word, err, step.through)
			}
		}
	})
}

func TestWhatWasErasedIsStillTakenOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		c := newCentral(t)
		in := c.instance(t, db, func(o *Options) { o.After = []After{{Name: "work", Do: nobody}} })
		items := c.items(t, "booth-1", 5)
		first := c.commit(t, in, items[:4]...)
		c.clock.add(24 * 3600 * 1e9)
		before := c.clock.now()
		c.commit(t, in, items[4])
		if n, err := in.Erase(t.Context(), before); err != nil || n != 4 {
			t.Fatalf("erased %d, %v", n, err)
		}
		if n, err := in.Erase(t.Context(), before); err != nil || n != 0 {
			t.Errorf("erased %d again, %v", n, err)
		}
		if n := count(t, db, "SELECT count(*) FROM intake_item WHERE sealed IS NOT NULL OR check_id <> ''"); n != 1 {
			t.Errorf("%d items still tell something", n)
		}
		if n := count(t, db, "SELECT count(*) FROM intake_after"); n != 1 {
			t.Errorf("%d pieces of work are left", n)
		}
		if again := c.commit(t, in, items[:4]...); !reflect.DeepEqual(again, first) {
			t.Errorf("first %s\nagain %s", asJSON(t, first), asJSON(t, again))
		}
		if reply := c.commit(t, in, c.item(t, someRecord("booth-1", 2), "epoch", 9)); len(reply.Refused) != 1 || reply.Refused[0].Reason != reasonDoubled {
			t.Errorf("an erased record under another sequence: %+v", reply)
		}
		if got, err := in.Record(t.Context(), "booth-1", "check-1"); err != nil || len(got) != 0 {
			t.Errorf("%d records open, %v", len(got), err)
		}
		if word, err := in.Through(t.Context(), "booth-1", "epoch"); err != nil || word.Sequence != 5 {
			t.Errorf("through %+v, %v", word, err)
		}
	})
}

func TestRecordsSealedToAnOlderKeyAreTaken(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		old, present := newCentral(t), newCentral(t)
		item := old.items(t, "booth-1", 1)[0]
		if reply := present.commit(t, present.instance(t, db, nil), item); len(reply.Refused) != 1 {
			t.Fatalf("without the older key: %+v", reply)
		}
		in := present.instance(t, db, func(o *Options) { o.Opening = append(o.Opening, old.opening) })
		for _, it := range []portal.Item{item, present.items(t, "booth-2", 1)[0]} {
			if reply := present.commit(t, in, it); len(reply.Acks) != 1 {
				t.Fatalf("with both keys: %+v", reply)
			}
		}
		if got, err := in.Record(t.Context(), "booth-1", "check-1"); err != nil || len(got) != 1 {
			t.Errorf("%d records open, %v", len(got), err)
		}
	})
}

func TestWhatWasRefusedIsErasedToo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		c := newCentral(t)
		in := c.instance(t, db, nil)
		refused := make([]portal.Item, eraseAtOnce+1)
		for i := range refused {
			refused[i] = c.item(t, someRecord("booth-1", 1), "epoch", uint64(i+1))
			refused[i].Hash = "another's"
		}
		c.commit(t, in, refused...)
		before := c.clock.now()
		later := refused[0]
		later.Hash = "a third one's"
		c.commit(t, in, later)
		if n, err := in.Erase(t.Context(), before); err != nil || n != eraseAtOnce+1 {
			t.Errorf("erased %d, %v", n, err)
		}
		if n := count(t, db, "SELECT count(*) FROM intake_refused"); n != 1 {
			t.Errorf("%d are left", n)
		}
	})
}

// FuzzCommit delivers what booths might put into their boxes.
func FuzzCommit(f *testing.F) {
	c := newCentral(f)
	db, err := store.Open(f.Context(), f.TempDir()+"/central.db")
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { db.Close() })
	in := c.instance(f, db, nil)
	f.Add("booth-1", "r1", "epoch", uint64(1), []byte(asJSON(f, someRecord("booth-1", 1))))
	f.Add("booth-1", "", "", uint64(0), []byte("{}"))
	f.Add("b\x00", "\xff", "e", uint64(1<<63), []byte(`{"id":"\u0000","booth":"b"}`))
	f.Fuzz(func(t *testing.T, booth, id, epoch string, sequence uint64, plaintext []byte) {
		it := c.sealed(t, booth, id, epoch, sequence, plaintext)
		first := c.commit(t, in, it)
		if len(first.Acks)+len(first.Refused) != 1 {
			t.Fatalf("neither taken nor refused: %+v", first)
		}
		if again := c.commit(t, in, it); !reflect.DeepEqual(first, again) {
			t.Fatalf("%+v, then %+v", first, again)
		}
	})
}
