package stage

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"boothd/capture/mrz"
	"boothd/capture/synthetic"
	"boothd/cmd/boothsim/demo"
	"boothd/cmd/boothsim/hardware"
	"boothd/cmd/centrald/seed"
)

func newFolder(t *testing.T) *demo.Folder {
	t.Helper()
	folder, err := demo.Make(filepath.Join(t.TempDir(), "demo"))
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

// Making a folder takes a while, so that these share one.
func TestDocumentsOfTheDemo(t *testing.T) {
	folder := newFolder(t)
	t.Run("bearers of special chips are fit for the demo", func(t *testing.T) { bearersAreFit(t, folder) })
	t.Run("a chip is the same one every time", func(t *testing.T) { chipIsTheSame(t, folder) })
	t.Run("words for chips", func(t *testing.T) { wordsForChips(t, folder) })
}

func bearersAreFit(t *testing.T, folder *demo.Folder) {
	seeded := map[int]bool{}
	for _, r := range seed.Roles() {
		seeded[r.Traveller] = true
	}
	w := wallet{folder: folder}
	for _, b := range bearers() {
		traveller := synthetic.New(b.traveller)
		if seeded[b.traveller] || traveller.Format != mrz.TD3 || traveller.Child || traveller.Fields.Nationality == "UTO" {
			t.Errorf("traveller %d is more special than by the chip", b.traveller)
		}
		seeded[b.traveller] = true // nobody is there twice
		d, err := w.document(b.traveller, "")
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Chip != nil; got != (b.chip != ChipSilent) || d.What != b.chip {
			t.Errorf("traveller %d presents a chip %t that is %s, want %s", b.traveller, got, d.What, b.chip)
		}
		zone, err := mrz.Parse(d.MRZ, time.Now())
		if err != nil || len(zone.Faults) > 0 {
			t.Errorf("traveller %d: %v, %v", b.traveller, zone.Faults, err)
		}
		if unknown := zone.Issuer == demo.Unknown().Code; unknown != (b.chip == chipUnknown) {
			t.Errorf("traveller %d has a document of %s", b.traveller, zone.Issuer)
		}
	}
}

func chipIsTheSame(t *testing.T, folder *demo.Folder) {
	text := func(word string) []byte {
		t.Helper()
		w := wallet{folder: folder} // as after a restart
		d, err := w.document(1, word)
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(d.Chip)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	genuine := text("")
	if !bytes.Equal(genuine, text(ChipGenuine)) {
		t.Error("another chip in the same document")
	}
	if bytes.Equal(genuine, text("cloned")) {
		t.Error("a cloned chip is the genuine one")
	}
}

func wordsForChips(t *testing.T, folder *demo.Folder) {
	for _, test := range []struct {
		name      string
		traveller int
		word      string
		chip      bool
		fails     bool
	}{
		{"a sticker has no chip", 7, "", false, false},
		{"a sticker cannot be given one", 7, "cloned", false, true},
		{"a passport without a chip", 1, ChipNone, false, false},
		{"a file by its name", 1, "missing=EF.ATR/INFO", true, false},
		{"a file that the document does not have", 1, "altered=DG3", false, true},
		{"a special document with a genuine chip", 411, ChipGenuine, true, false},
		{"an unknown state's chip that is a copy", 492, "cloned", true, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := wallet{folder: folder}
			d, err := w.document(test.traveller, test.word)
			if (err != nil) != test.fails || !test.fails && (d.Chip != nil) != test.chip {
				t.Errorf("chip %t, %v", d.Chip != nil, err)
			}
		})
	}
	for _, c := range ChipWords() {
		if err := CheckChip(c.Word); err != nil || c.What == "" {
			t.Errorf("word %q: %v, %q", c.Word, err, c.What)
		}
	}
	if CheckChip("clonde") == nil {
		t.Error("a word that is none is taken")
	}
}

func TestWithoutAChipReaderThePageIsPresentedAlone(t *testing.T) {
	s, _ := play(t)
	if what, err := s.Present(t.Context(), 411, ""); err != nil || what != "" {
		t.Errorf("presented %q, %v", what, err)
	}
	if _, err := s.Present(t.Context(), 411, "cloned"); err == nil {
		t.Error("laid a chip on no reader")
	}
	if err := s.Hardware.Plug(hardware.ChipReader); err == nil {
		t.Error("plugged in what is not there")
	}
	if s.Addresses().PCSC != "" {
		t.Error("there is an address of no chip reader")
	}
	t.Run("nobody is put onto the list of certificates", func(t *testing.T) { nobodyOnTrustList(t, s) })
}

func nobodyOnTrustList(t *testing.T, s *Stage) {
	if _, err := s.AddToList(t.Context(), demo.TrustList, 21, Added{}); err == nil {
		t.Error("put somebody onto it")
	}
	state := s.lists.state()
	i := slices.IndexFunc(state, func(l ListState) bool { return l.Name == demo.TrustList })
	if i < 0 || !state[i].Certificates || state[i].Entries != 3 || state[i].Version != 1 {
		t.Errorf("lists are %+v", state)
	}
}
