package system

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"boothd/capture"
)

// kept says which fields of the struct stay with each field that profiles name.
var kept = map[Field][]string{
	FieldOfficer:        {"Officer", "Category", "At"},
	FieldBooth:          {"Booth", "At"},
	FieldPurpose:        {"Purpose", "LegalBasis", "At"},
	FieldGrant:          {"Grant"},
	FieldDocumentNumber: {"DocumentNumber"},
	FieldDocumentType:   {"DocumentType"},
	FieldIssuer:         {"Issuer"},
	FieldExpiryDate:     {"ExpiryDate"},
	FieldVisaSticker:    {"VisaSticker"},
	FieldName:           {"Surname", "GivenNames", "NameTruncated"},
	FieldBirthDate:      {"BirthDate"},
	FieldSex:            {"Sex"},
	FieldNationality:    {"Nationality"},
	FieldFinger:         {"Finger"},
	FieldFace:           {"Face"},
	FieldIdentify:       {"Identify"},
}

// always are the fields that every question has.
var always = []string{"ID", "System"}

// full returns a question with every field set, also those that are added one day.
func full(t testing.TB) Question {
	t.Helper()
	var q Question
	v := reflect.ValueOf(&q).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i); f.Interface().(type) {
		case string:
			f.SetString("x")
		case bool:
			f.SetBool(true)
		case time.Time:
			f.Set(reflect.ValueOf(time.Unix(1_800_000_000, 0).UTC()))
		default:
			if f.Kind() != reflect.Pointer {
				t.Fatalf("Question.%s: this test does not know how to set a %s", v.Type().Field(i).Name, f.Type())
			}
			f.Set(reflect.New(f.Type().Elem()))
		}
	}
	return q
}

// set names the fields of the question that are not empty.
func set(q Question) []string {
	var names []string
	v := reflect.ValueOf(q)
	for i := range v.NumField() {
		if !v.Field(i).IsZero() {
			names = append(names, v.Type().Field(i).Name)
		}
	}
	return names
}

func sorted(s ...string) []string { return slices.Sorted(slices.Values(s)) }

func TestKeepLeavesOfEveryFieldOnlyWhatItNames(t *testing.T) {
	for f, want := range kept {
		q := full(t)
		q.Keep([]Field{f})
		if got := set(q); !slices.Equal(sorted(got...), sorted(slices.Concat(always, want)...)) {
			t.Errorf("%s keeps %v, want %v besides %v", f, got, want, always)
		}
	}
}

func TestEveryFieldOfAQuestionHasARule(t *testing.T) {
	ruled := slices.Clone(always)
	for _, names := range kept {
		ruled = append(ruled, names...)
	}
	for _, name := range set(full(t)) {
		if !slices.Contains(ruled, name) {
			t.Errorf("Question.%s: no field of a profile stands for it", name)
		}
	}
	nothing := full(t)
	nothing.Keep(nil)
	if got := set(nothing); !slices.Equal(got, always) {
		t.Errorf("a profile that allows nothing leaves %v", got)
	}
}

func TestInterpolIsToldTheDocumentAndNothingElse(t *testing.T) {
	for _, name := range []string{SLTD, TDAWN} {
		q := full(t)
		q.Keep(Allowed(name))
		want := sorted(append(slices.Clone(always), "DocumentNumber", "DocumentType", "Issuer")...)
		if got := sorted(set(q)...); !slices.Equal(got, want) {
			t.Errorf("%s is told %v", name, got)
		}
	}
}

func TestAllowedHoldsToTheSystemsOwnLaw(t *testing.T) {
	for _, test := range []struct {
		name   string
		system string
		field  Field
		want   bool
	}{
		{"only VIS is asked by sticker", VIS, FieldVisaSticker, true},
		{"SIS is not asked by sticker", SIS, FieldVisaSticker, false},
		{"only the CIR is told the ground", CIR, FieldIdentify, true},
		{"EES is not told the ground", EES, FieldIdentify, false},
		{"EES is asked by face", EES, FieldFace, true},
		{"Eurodac is asked by finger", Eurodac, FieldFinger, true},
		{"Eurodac is not told a name", Eurodac, FieldName, false},
		{"Europol is not sent fingers", Europol, FieldFinger, false},
		{"ETIAS is not sent a face", ETIAS, FieldFace, false},
		{"a national list is asked as SIS is", "national", FieldFinger, true},
		{"a national list is not told the ground", "national", FieldIdentify, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := slices.Contains(Allowed(test.system), test.field); got != test.want {
				t.Errorf("Allowed(%s) has %s: %t", test.system, test.field, got)
			}
		})
	}
}

func TestAllowedNamesOnlyFieldsThatKeepKnows(t *testing.T) {
	for _, system := range []string{SIS, VIS, EES, ETIAS, Eurodac, ECRISTCN, Europol, SLTD, TDAWN, CIR, "national"} {
		seen := map[Field]bool{}
		for _, f := range Allowed(system) {
			if kept[f] == nil || seen[f] {
				t.Errorf("Allowed(%s): %s is not known or comes twice", system, f)
			}
			seen[f] = true
		}
	}
}

func TestAllowedMayBeChangedByTheCaller(t *testing.T) {
	list := Allowed(SLTD)
	list[0] = FieldOfficer
	if slices.Contains(Allowed(SLTD), FieldOfficer) {
		t.Error("what a caller writes into the list changes what Interpol is told")
	}
}

func TestEveryTextOfAQuestionIsLimited(t *testing.T) {
	good := full(t)
	good.BirthDate, good.ExpiryDate, good.Sex = "1974-08", "2030-01-02", "F"
	good.Identify = &capture.Identification{Ground: capture.GroundNoDocument, BestInterests: "b"}
	if err := good.Check(); err != nil {
		t.Fatalf("a good question: %v", err)
	}
	v := reflect.ValueOf(&good).Elem()
	for i := range v.NumField() {
		if v.Field(i).Kind() != reflect.String {
			continue
		}
		for _, bad := range []string{string(make([]byte, MaxText+1)), "a\x00", "a\u202eb", "\xff"} {
			before := v.Field(i).String()
			v.Field(i).SetString(bad)
			if good.Check() == nil {
				t.Errorf("Question.%s may be %.10q", v.Type().Field(i).Name, bad)
			}
			v.Field(i).SetString(before)
		}
	}
}
