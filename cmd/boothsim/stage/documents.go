package stage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"boothd/capture/chip/chipemu"
	"boothd/capture/mrz"
	"boothd/capture/synthetic"
	"boothd/cmd/boothsim/demo"
	"boothd/cmd/boothsim/hardware"
)

// The words for chips that are no faults of package chipemu. Whether a document has no chip or
// one that is silent, only the page tells: the sign of a chip is printed there.
const (
	ChipGenuine = "genuine"
	ChipNone    = "none"
	ChipSilent  = "silent"
	chipUnknown = "unknown-state" // of the document, not of its chip
)

// ChipWord is a word for how a chip is.
type ChipWord struct {
	Word string `json:"word"`
	What string `json:"what"`
}

// ChipWords lists the words. Some faults take a value behind an equals sign, "altered=DG1".
func ChipWords() []ChipWord {
	words := []ChipWord{
		{ChipGenuine, "as the state issued it"},
		{ChipNone, "the document has none, and no sign of one on its page"},
		{ChipSilent, "the document has the sign of a chip, and none answers"},
	}
	for _, k := range chipemu.Faults() {
		words = append(words, ChipWord{k.Name, k.What})
	}
	return words
}

// CheckChip reports what is wrong with a word for a chip; the empty one is the traveller's own.
func CheckChip(word string) error {
	switch word {
	case "", ChipGenuine, ChipNone, ChipSilent:
		return nil
	}
	_, err := chipemu.ParseFault(word)
	return err
}

// bearer is a traveller of the cast whose document is special. Central knows none of them, and
// none needs an authorisation to travel, so that the chip alone counts.
type bearer struct {
	traveller int
	chip      string // a word, or that of the unknown state
	note      string
}

func bearers() []bearer {
	return []bearer{
		{411, "cloned", "a copy of a genuine chip, without its keys"},
		{422, "altered=DG2", "the portrait was changed after it was signed"},
		{432, "other-zone", "the chip has another name than the page"},
		{440, "unknown-signer", "signed under an authority that nobody knows"},
		{442, "expired-signer", "signed by a signer whose time is over"},
		{450, "revoked-signer", "signed by a signer that was revoked"},
		{451, "stripped", "a downgrade: that the chip can do PACE is hidden"},
		{460, ChipSilent, "it does not answer; the officer has to say so"},
		{492, chipUnknown, "of a state of which no authority is known here"},
	}
}

// chipOf is the word for a traveller's own chip.
func chipOf(n int) string {
	for _, b := range bearers() {
		if b.traveller == n {
			return b.chip
		}
	}
	if isVisa(synthetic.New(n)) {
		return ChipNone // stickers have none
	}
	return ChipGenuine
}

func isVisa(t synthetic.Traveller) bool { return t.Format == mrz.MRVA || t.Format == mrz.MRVB }

// travellerOf is a traveller with the document that is carried in the demo.
func travellerOf(n int) (synthetic.Traveller, error) {
	t := synthetic.New(n)
	if chipOf(n) != chipUnknown {
		return t, nil
	}
	t.Fields.Issuer = demo.Unknown().Code
	var err error
	t.MRZ, err = mrz.Compose(t.Format, t.Fields)
	return t, err
}

// wallet issues documents and keeps their chips in the demo's folder.
type wallet struct {
	folder *demo.Folder
	mu     sync.Mutex // held while a chip is issued
}

// document is a traveller's document with the chip that the word says; the empty word is the
// traveller's own. A chip is issued when it is first wanted, and is the same one from then on.
func (w *wallet) document(n int, word string) (hardware.Document, error) {
	own := chipOf(n)
	if word == "" {
		word = own
	}
	t, err := travellerOf(n)
	if err != nil {
		return hardware.Document{}, err
	}
	d := hardware.Document{Traveller: n, MRZ: t.MRZ, What: word}
	if word == ChipNone || word == ChipSilent {
		return d, nil
	}
	if isVisa(t) {
		return d, fmt.Errorf("the document of traveller %d is a visa, which has no chip", n)
	}
	d.Chip, err = w.chip(t, word, own == chipUnknown)
	return d, err
}

// chip returns a chip that was issued before, or issues it.
func (w *wallet) chip(t synthetic.Traveller, word string, unknown bool) (*chipemu.Issued, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	name := fmt.Sprintf("%d-%s.json", t.Number, strings.ReplaceAll(word, "/", "-"))
	path := filepath.Join(w.folder.ChipsFolder(), name)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return w.issue(t, word, unknown, path)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return chipemu.ReadIssued(f)
}

func (w *wallet) issue(t synthetic.Traveller, word string, unknown bool, path string) (*chipemu.Issued, error) {
	var faults []chipemu.Fault
	if word != ChipGenuine && word != chipUnknown {
		fault, err := chipemu.ParseFault(word)
		if err != nil {
			return nil, err
		}
		faults = append(faults, fault)
	}
	open := w.folder.Issuer
	if unknown {
		open = w.folder.UnknownIssuer
	}
	issuer, err := open()
	if err != nil {
		return nil, err
	}
	d, err := chipemu.DocumentOf(t)
	if err != nil {
		return nil, err
	}
	issued, err := chipemu.Issue(d, issuer, faults...)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(issued)
	if err != nil {
		return nil, err
	}
	return issued, errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, text, 0o600))
}

// Present lays a traveller's document on the readers. Its chip is as the word says, see
// ChipWords; the empty word is the traveller's own. It returns how the chip is, empty if there is
// no chip reader.
func (s *Stage) Present(ctx context.Context, traveller int, word string) (string, error) {
	if err := s.Hardware.Chips(); err != nil {
		if word != "" {
			return "", err
		}
		t, err := travellerOf(traveller)
		if err != nil {
			return "", err
		}
		return "", s.Hardware.Present(ctx, hardware.Document{Traveller: traveller, MRZ: t.MRZ})
	}
	d, err := s.wallet.document(traveller, word)
	if err != nil {
		return "", err
	}
	return d.What, s.Hardware.Present(ctx, d)
}

// chipRoles are the roles of the bearers.
func chipRoles() []Role {
	var all []Role
	for _, b := range bearers() {
		all = append(all, Role{b.traveller, "chip: " + b.note})
	}
	return all
}
