package config

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"boothd/capture/policy"
)

func TestDocumentsAreRead(t *testing.T) {
	const list = "[[list]]\nname = \"csca\"\nsystem = \"PKD\"\n"
	path := write(t, strings.Replace(whole, "[usb]", list+"[documents]\ntrust = \"csca\"\nreaders = [\"ACS ACR\"]\ngroups = [11, 12]\njp2 = \"jp2\"\n[usb]", 1))
	c, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	want := Documents{Trust: "csca", Readers: []string{"ACS ACR"}, Groups: []int{11, 12}, Chip: []string{"law"}, JP2: filepath.Join(filepath.Dir(path), "jp2")}
	if !reflect.DeepEqual(c.Documents, want) {
		t.Errorf("documents %+v, want %+v", c.Documents, want)
	}
	for _, l := range c.PeopleLists() {
		if l.Name == "csca" {
			t.Error("people are looked up in the list of certificates")
		}
	}
	if len(c.Lists) != 3 || len(c.PeopleLists()) != 2 {
		t.Errorf("%d lists, %d of people", len(c.Lists), len(c.PeopleLists()))
	}
}

func TestAListOfCertificatesAnswersForNoSystem(t *testing.T) {
	const list = "[[list]]\nname = \"csca\"\nsystem = \"PKD\"\n[documents]\ntrust = \"csca\"\n[usb]"
	text := strings.Replace(whole, "[usb]", list, 1)
	text = strings.Replace(text, `document = ["SIS", "EES"]`, `document = ["SIS", "PKD"]`, 1)
	_, err := Read(write(t, text))
	if err == nil || !strings.Contains(err.Error(), `profile[0].systems.document: "PKD": nobody answers for it`) {
		t.Errorf("error %v", err)
	}
}

func TestChipReadersAreChosenByName(t *testing.T) {
	for name, tt := range map[string]struct {
		text  string // of [documents]
		names []string
		use   bool
	}{
		"all by default": {"", nil, true},
		"all":            {`readers = ["*"]`, nil, true},
		"all and one":    {`readers = ["ACR", "*"]`, nil, true},
		"one":            {`readers = ["ACR"]`, []string{"ACR"}, true},
		"none":           {`readers = []`, nil, false},
	} {
		c, err := Read(write(t, strings.Replace(whole, "[usb]", "[documents]\n"+tt.text+"\n[usb]", 1)))
		if err != nil {
			t.Fatal(err)
		}
		if names, use := c.Documents.ReaderNames(); !slices.Equal(names, tt.names) || use != tt.use {
			t.Errorf("%s: %q, %t", name, names, use)
		}
	}
}

func TestRulesOfChecksAreRead(t *testing.T) {
	const text = `
[[policy.check]]
name = "pa_revocation"
reason = "list_missing"
documents = ["D/P", "*/I/2031-08-03"]
not_done = "refer"

[[policy.check]]
name = "pa_chain"
failed = "stop"
undetermined = "note"

[documents]
chip = ["USA/P"]
`
	c, err := Read(write(t, strings.Replace(whole, "[usb]", text+"[usb]", 1)))
	if err != nil {
		t.Fatal(err)
	}
	got := c.Rules()
	want := []policy.CheckRule{
		{Check: "pa_revocation", Reason: "list_missing", NotDone: policy.Refer, Documents: []policy.Kind{
			{State: "D", Code: "P"}, {State: "*", Code: "I", Expires: time.Date(2031, 8, 3, 0, 0, 0, 0, time.UTC)},
		}},
		{Check: "pa_chain", Failed: policy.Stop, Undetermined: policy.Note},
	}
	if !reflect.DeepEqual(got.Checks, want) {
		t.Errorf("checks %+v, want %+v", got.Checks, want)
	}
	if got.ChipsByLaw || !reflect.DeepEqual(got.Chips, []policy.Kind{{State: "USA", Code: "P"}}) {
		t.Errorf("chips by law: %t, %v", got.ChipsByLaw, got.Chips)
	}
	if c, err = Read(write(t, whole)); err != nil || !c.Rules().ChipsByLaw {
		t.Errorf("by default chips are not expected by law: %v", err)
	}
}
