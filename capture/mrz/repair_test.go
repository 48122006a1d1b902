package mrz

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestRepairs(t *testing.T) {
	for _, tt := range []struct {
		name    string
		read    []string
		meant   []string
		repairs string
	}{
		{
			"a right zone is left alone, look-alikes and all",
			specimen, specimen, "",
		},
		{
			"letters in dates and check digits become digits",
			[]string{"IDCHEA1234567<G<<<<<<<<<<<<<<<", "7SIOZSGMZOO90IBCHE<<<<<<<<<<<B", "SMITH<<JOHN<ALBERT<<<<<<<<<<<<"},
			[]string{"IDCHEA1234567<6<<<<<<<<<<<<<<<", "7510256M2009018CHE<<<<<<<<<<<8", "SMITH<<JOHN<ALBERT<<<<<<<<<<<<"},
			"documentNumber 1:15 G-6 birthDate 2:2 S-5 birthDate 2:3 I-1 birthDate 2:4 O-0 birthDate 2:5 Z-2 birthDate 2:6 S-5 birthDate 2:7 G-6 expiryDate 2:9 Z-2 expiryDate 2:10 O-0 expiryDate 2:11 O-0 expiryDate 2:14 I-1 expiryDate 2:15 B-8 composite 2:30 B-8",
		},
		{
			"a letter in a date is repaired though the letter's check digit was right by chance",
			[]string{"P<GBRUK<SPECIMEN<<ANGELA<ZOE<<<<<<<<<<<<<<<<", "9250764733GBRBB09117F2007162<<<<<<<<<<<<<<08"},
			[]string{"P<GBRUK<SPECIMEN<<ANGELA<ZOE<<<<<<<<<<<<<<<<", "9250764733GBR8809117F2007162<<<<<<<<<<<<<<08"},
			"birthDate 2:14 B-8 birthDate 2:15 B-8",
		},
		{
			"a letter in a date is left when the check digit is wrong all the same",
			[]string{specimen[0], "L898902C36UTO74O8129F1204159ZE184226B<<<<<10"},
			[]string{specimen[0], "L898902C36UTO74O8129F1204159ZE184226B<<<<<10"},
			"",
		},
		{
			"a document number is repaired where one exchange alone explains both digits",
			[]string{"I<UTOD2314S8907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"},
			[]string{"I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"},
			"documentNumber 1:11 S-5",
		},
		{
			"a document number is left where two exchanges would explain it",
			[]string{specimen[0], "LB98902C36UTO7408122F1204159ZE184226B<<<<<10"},
			[]string{specimen[0], "LB98902C36UTO7408122F1204159ZE184226B<<<<<10"},
			"",
		},
		{
			"a document number is left where the letter may well be one",
			[]string{specimen[0], "L898902G36UTO7408122F1204159ZE184226B<<<<<10"},
			[]string{specimen[0], "L898902G36UTO7408122F1204159ZE184226B<<<<<10"},
			"",
		},
		{
			"a document number is left when the composite digit was right as read",
			[]string{"I<PRT0000414022<ZZ70<<<<<<<<<<", "8010100M2012294PRT<<<<<<<<<<<2", "MIGUEL<<SOPHIA<<<<<<<<<<<<<<<<"},
			[]string{"I<PRT0000414022<ZZ70<<<<<<<<<<", "8010100M2012294PRT<<<<<<<<<<<2", "MIGUEL<<SOPHIA<<<<<<<<<<<<<<<<"},
			"",
		},
		{
			"a long document number is repaired in its continuation",
			[]string{"I<UTOD23145890<1Z33<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<2", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"},
			[]string{"I<UTOD23145890<1233<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<2", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"},
			"documentNumber 1:17 Z-2",
		},
		{
			"names that no digit covers are left",
			[]string{strings.Replace(specimen[0], "MARIA", "MAR1A", 1), specimen[1]},
			[]string{strings.Replace(specimen[0], "MARIA", "MAR1A", 1), specimen[1]},
			"",
		},
		{
			"a French card is known in spite of its misread first letters",
			[]string{"1DFRATE5T<NAME<<<<<<<<<<<<<<<<0CHE02", "I7I0GVA123451RO8ERTA<<<<<<<9IIZ3IIF2"},
			[]string{"IDFRATEST<NAME<<<<<<<<<<<<<<<<0CHE02", "1710GVA123451ROBERTA<<<<<<<9112311F2"},
			"documentCode 1:1 1-I surname 1:8 5-S documentNumber 2:1 I-1 documentNumber 2:3 I-1 givenNames 2:16 8-B birthDate 2:29 I-1 birthDate 2:30 I-1 birthDate 2:31 Z-2 birthDate 2:33 I-1 birthDate 2:34 I-1",
		},
		{
			"a French driving licence's name and date are repaired",
			[]string{"D1FRA13AA0000261B1231MART1N<<9"},
			[]string{"D1FRA13AA000026181231MARTIN<<9"},
			"expiryDate 1:17 B-8 surname 1:26 1-I",
		},
		{
			"lines that are no zone come back as they are",
			[]string{"p<uto"}, []string{"p<uto"}, "",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			lines, repairs := Repaired(tt.read)
			if !slices.Equal(lines, tt.meant) {
				t.Errorf("got  %q\nwant %q", lines, tt.meant)
			}
			var said []string
			for _, r := range repairs {
				said = append(said, fmt.Sprintf("%s %d:%d %s-%s", r.Field, r.Line, r.Column, r.Read, r.Meant))
			}
			if got := strings.Join(said, " "); got != tt.repairs {
				t.Errorf("got  %s\nwant %s", got, tt.repairs)
			}
		})
	}
}

// One look-alike in a field that a check digit covers must come back as it was printed or be
// left as read; a date or check digit must always come back. Of other mistakes only few
// may be explained by a look-alike.
func TestRepairsOfSimulatedMisreadings(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var right, left, chance, others int
	for range 20000 {
		printed := randomPassport(t, rng)
		col := rng.IntN(28)
		if col >= 10 && col < 13 || col == 20 {
			continue
		}
		ch := printed[1][col]
		dated := col >= 9 // a date or a check digit
		likes := lookAlikes(ch)
		if likes == "" {
			continue
		}
		read := slices.Clone(printed)
		replace(read, span{1, col, col + 1}, string(likes[rng.IntN(len(likes))]))
		got, _ := Repaired(read)
		switch {
		case slices.Equal(got, printed):
			right++
		case slices.Equal(got, read) && !dated:
			left++
		default:
			t.Fatalf("printed %q, read %q, repaired to %q", printed[1], read[1], got[1])
		}

		smudge := slices.Clone(printed)
		at := rng.IntN(9)
		other := "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[rng.IntN(36)]
		if other == printed[1][at] || strings.IndexByte(lookAlikes(printed[1][at]), other) >= 0 {
			continue
		}
		replace(smudge, span{1, at, at + 1}, string(other))
		others++
		if got, _ := Repaired(smudge); !slices.Equal(got, smudge) {
			chance++
		}
	}
	t.Logf("one look-alike: %d repaired, %d left, none wrong; another mistake in the number: %d of %d taken for a look-alike",
		right, left, chance, others)
	if right < left {
		t.Errorf("only %d of %d look-alikes were repaired", right, right+left)
	}
	if chance*100 > others {
		t.Errorf("%d of %d other mistakes were taken for a look-alike", chance, others)
	}
}

func randomPassport(t *testing.T, rng *rand.Rand) []string {
	t.Helper()
	lines, err := Compose(TD3, Fields{
		DocumentCode: "P", Issuer: "UTO", DocumentNumber: randomText(rng, 2) + fmt.Sprintf("%07d", rng.IntN(1e7)),
		Surname: "MUSTER", GivenNames: "ANNA", Nationality: "UTO", Sex: "F",
		BirthDate:  fmt.Sprintf("%02d%02d%02d", rng.IntN(100), 1+rng.IntN(12), 1+rng.IntN(28)),
		ExpiryDate: fmt.Sprintf("%02d%02d%02d", rng.IntN(100), 1+rng.IntN(12), 1+rng.IntN(28)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func randomText(rng *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('A' + rng.IntN(26))
	}
	return string(b)
}
