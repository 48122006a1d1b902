package names

import "strings"

// arabicLetters writes the letters of ICAO 9303-3 §6 C the way romanisations usually do; the
// zone's own codes for them (XKH, XSH) come to the same in zoneForms. Short vowels are not
// written in Arabic, so that words in it compare by their skeleton.
var arabicLetters = map[rune]string{
	'ء': "", 'آ': "A", 'أ': "A", 'ؤ': "U", 'إ': "I", 'ئ': "I", 'ا': "A", 'ب': "B", 'ة': "A", 'ت': "T", 'ث': "TH", 'ج': "J",
	'ح': "H", 'خ': "KH", 'د': "D", 'ذ': "DH", 'ر': "R", 'ز': "Z", 'س': "S", 'ش': "SH", 'ص': "S", 'ض': "D", 'ط': "T", 'ظ': "Z",
	'ع': "A", 'غ': "GH", 'ف': "F", 'ق': "Q", 'ك': "K", 'ل': "L", 'م': "M", 'ن': "N", 'ه': "H", 'ى': "A",
	'َ': "A", 'ُ': "U", 'ِ': "I", 'ٱ': "A", 'ٰ': "A",
	'ٹ': "T", 'ټ': "T", 'پ': "P", 'ځ': "DZ", 'څ': "TS", 'چ': "CH", 'ڈ': "D", 'ډ': "D", 'ڑ': "R", 'ړ': "R", 'ږ': "ZH", 'ژ': "ZH",
	'ښ': "KH", 'ک': "K", 'ګ': "G", 'ڭ': "NG", 'گ': "G", 'ں': "N", 'ڼ': "N", 'ھ': "H", 'ۀ': "A", 'ہ': "H", 'ۂ': "A", 'ۃ': "A",
	'ۍ': "I", 'ې': "E", 'ے': "E", 'ۓ': "E", 'ڤ': "V", 'ڨ': "G", 'ۆ': "O", 'ێ': "E", 'ە': "A", 'ڕ': "R", 'ڵ': "L",
}

// persianLetters sound otherwise in Persian, Dari, Pashto and Urdu.
var persianLetters = map[rune]string{'ث': "S", 'ذ': "Z", 'ض': "Z", 'ة': "E"}

// arabicWords are words whose romanisation has vowels that the script does not show, and so
// frequent that it is worth knowing them; see also arabicNames.
var arabicWords = map[string]string{
	"بن": "BIN", "ابن": "IBN", "بنت": "BINT", "ابو": "ABU", "أبو": "ABU", "ابی": "ABI", "أبی": "ABI", "ام": "UMM", "أم": "UMM", "ال": "AL",
	"آل": "AL", "عبد": "ABD", "الله": "ALLAH", "عبدالله": "ABDALLAH", "ولد": "OULD", "بو": "BU", "ذو": "DHU", "الدین": "AL DIN",
}

// arabicKeyboard writes ي and ك as the keyboard of Iran does, for one spelling in the tables,
// and leaves out what is seldom written: signs, and joiners.
var arabicKeyboard = strings.NewReplacer("ي", "ی", "ك", "ک", "ـ", "", "\u200c", "", "ْ", "", "ّ", "", "ً", "", "ٌ", "", "ٍ", "")

// writeArabic also separates the article and ABU, which are written as one with the word.
// It reports whether vowels are missing.
func writeArabic(s string, alphabet alphabet) (string, bool) {
	s = arabicKeyboard.Replace(s)
	if w, ok := arabicWords[s]; ok {
		return w, false
	}
	if rest, ok := strings.CutPrefix(s, "عبدال"); ok && rest != "له" {
		w, _ := writeArabic(rest, alphabet)
		return "ABDUL " + w, true
	}
	for _, p := range []struct{ head, written string }{{"ابو", "ABU "}, {"أبو", "ABU "}, {"ال", "AL "}} {
		rest, ok := strings.CutPrefix(s, p.head)
		if ok && len([]rune(rest)) >= 3 && s != "الیاس" && !strings.HasPrefix(s, "الکس") && !strings.HasPrefix(s, "الب") {
			w, bare := writeArabic(rest, alphabet)
			return p.written + w, bare
		}
	}
	if w, ok := arabicNames[s]; ok {
		return w, false
	}
	return spellArabic([]rune(s), alphabet), true
}

func spellArabic(s []rune, alphabet alphabet) string {
	var b strings.Builder
	for i, r := range s {
		vowel := i > 0 && (i+1 == len(s) || !strings.ContainsRune("اآىةهو", s[i+1]))
		switch {
		case r == 'ه' && i+1 == len(s) && i > 0:
			b.WriteString("A")
		case r == 'و' && vowel:
			b.WriteString("U")
		case r == 'و' && alphabet == persian:
			b.WriteString("V")
		case r == 'و':
			b.WriteString("W")
		case r == 'ی' && vowel:
			b.WriteString("I")
		case r == 'ی':
			b.WriteString("Y")
		case alphabet == persian && persianLetters[r] != "":
			b.WriteString(persianLetters[r])
		default:
			b.WriteString(arabicLetters[r])
		}
	}
	return b.String()
}

// arabicNames are common names with the letters of the keyboard of Iran for ي and ك.
var arabicNames = map[string]string{
	"محمد": "MUHAMMAD", "احمد": "AHMAD", "أحمد": "AHMAD", "محمود": "MAHMUD", "حسن": "HASAN", "حسین": "HUSAYN",
	"حسنی": "HASANI", "علی": "ALI", "عمر": "UMAR", "عثمان": "UTHMAN", "خالد": "KHALID", "سعید": "SAID", "صالح": "SALIH", "ابراهیم": "IBRAHIM",
	"إبراهیم": "IBRAHIM", "یوسف": "YUSUF", "مصطفی": "MUSTAFA", "مصطفى": "MUSTAFA", "رحمن": "RAHMAN", "رحیم": "RAHIM", "کریم": "KARIM",
	"ناصر": "NASIR", "جمال": "JAMAL", "کمال": "KAMAL", "سلیمان": "SULAYMAN", "اسماعیل": "ISMAIL", "إسماعیل": "ISMAIL", "حمزة": "HAMZA",
	"فاطمة": "FATIMA", "فاطمه": "FATIMA", "مریم": "MARYAM", "زینب": "ZAYNAB", "عائشة": "AISHA", "خدیجة": "KHADIJA", "جاسم": "JASIM",
	"قاسم": "QASIM", "طاهر": "TAHIR", "طالب": "TALIB", "نصر": "NASR", "فضل": "FADL", "بدر": "BADR", "شمس": "SHAMS", "نور": "NUR",
	"حکیم": "HAKIM", "عزیز": "AZIZ", "مجید": "MAJID", "حمید": "HAMID", "رشید": "RASHID", "سید": "SAYYID", "شیخ": "SHAYKH", "خان": "KHAN",
	"جعفر": "JAFAR", "صدام": "SADDAM", "بشار": "BASHAR", "حافظ": "HAFIZ", "ولی": "WALI", "گل": "GUL", "امیر": "AMIR", "سلمان": "SALMAN",
	"سلطان": "SULTAN", "مهدی": "MAHDI", "رضا": "RIDA", "اکبر": "AKBAR", "عباس": "ABBAS", "موسى": "MUSA", "موسی": "MUSA", "عیسى": "ISA",
	"عیسی": "ISA", "یحیى": "YAHYA", "یحیی": "YAHYA", "هاشم": "HASHIM", "مبارک": "MUBARAK", "منصور": "MANSUR", "عادل": "ADIL", "فیصل": "FAYSAL",
	"فهد": "FAHD", "سعد": "SAAD", "سعود": "SAUD", "طارق": "TARIQ", "بلال": "BILAL", "ایمن": "AYMAN", "أیمن": "AYMAN", "أسامة": "USAMA", "اسامه": "USAMA",
	"حق": "HAQ", "دین": "DIN", "غلام": "GHULAM", "شاه": "SHAH", "جان": "JAN", "زاده": "ZADA", "پور": "PUR",
}
