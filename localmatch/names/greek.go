package names

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// greekLetters is ELOT 743, which ISO 843 transcription and Greek passports follow.
var greekLetters = map[rune]string{
	'α': "A", 'β': "V", 'γ': "G", 'δ': "D", 'ε': "E", 'ζ': "Z", 'η': "I", 'θ': "TH", 'ι': "I", 'κ': "K", 'λ': "L",
	'μ': "M", 'ν': "N", 'ξ': "X", 'ο': "O", 'π': "P", 'ρ': "R", 'σ': "S", 'ς': "S", 'τ': "T", 'υ': "Y", 'φ': "F",
	'χ': "CH", 'ψ': "PS", 'ω': "O",
}

// Pairs that ELOT 743 writes together; those with υ are read V or F after what follows.
var (
	greekPairs   = strings.NewReplacer("ου", "OU", "γγ", "NG", "γξ", "NX", "γχ", "NCH", "μπ", "MP", "ντ", "NT")
	greekVoiced  = "βγδζλμνραεηιουω"
	greekInitial = strings.NewReplacer(" μπ", " B")
)

func writeGreek(s string) string {
	var plain []rune
	for _, r := range norm.NFD.String(s) {
		if !unicode.IsMark(r) {
			plain = append(plain, unicode.ToLower(r))
		}
	}
	for i, r := range plain {
		if r == 'υ' && i > 0 && strings.ContainsRune("αεη", plain[i-1]) {
			plain[i] = 'F'
			if i+1 < len(plain) && strings.ContainsRune(greekVoiced, plain[i+1]) {
				plain[i] = 'V'
			}
		}
	}
	return writeLetters(greekPairs.Replace(strings.TrimSpace(greekInitial.Replace(" "+string(plain)))), greekLetters)
}

// armenianLetters after ISO 9985, without its marks, as Armenian passports write.
var armenianLetters = map[rune]string{
	'ա': "A", 'բ': "B", 'գ': "G", 'դ': "D", 'ե': "E", 'զ': "Z", 'է': "E", 'ը': "Y", 'թ': "T", 'ժ': "ZH", 'ի': "I", 'լ': "L",
	'խ': "KH", 'ծ': "TS", 'կ': "K", 'հ': "H", 'ձ': "DZ", 'ղ': "GH", 'ճ': "CH", 'մ': "M", 'յ': "Y", 'ն': "N", 'շ': "SH",
	'ո': "O", 'չ': "CH", 'պ': "P", 'ջ': "J", 'ռ': "R", 'ս': "S", 'վ': "V", 'տ': "T", 'ր': "R", 'ց': "TS", 'ւ': "U",
	'փ': "P", 'ք': "K", 'օ': "O", 'ֆ': "F", 'և': "EV",
}

// georgianLetters is the national system of 2002, without its apostrophes.
var georgianLetters = map[rune]string{
	'ა': "A", 'ბ': "B", 'გ': "G", 'დ': "D", 'ე': "E", 'ვ': "V", 'ზ': "Z", 'თ': "T", 'ი': "I", 'კ': "K", 'ლ': "L", 'მ': "M",
	'ნ': "N", 'ო': "O", 'პ': "P", 'ჟ': "ZH", 'რ': "R", 'ს': "S", 'ტ': "T", 'უ': "U", 'ფ': "P", 'ქ': "K", 'ღ': "GH", 'ყ': "Q",
	'შ': "SH", 'ჩ': "CH", 'ც': "TS", 'ძ': "DZ", 'წ': "TS", 'ჭ': "CH", 'ხ': "KH", 'ჯ': "J", 'ჰ': "H",
}
