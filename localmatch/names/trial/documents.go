package trial

// formats are how states number their passports, as far as it is publicly known (PRADO, and
// the states' own guidance): A is a letter, 9 a digit, G one of Germany's serial alphabet,
// anything else stands for itself. A state that is missing has one letter and seven digits.
var formats = map[string]string{
	"DEU": "CGGGGGGGG", "AUT": "A9999999", "CHE": "A9999999", "FRA": "99AA99999", "ITA": "AA9999999", "ESP": "AAA999999",
	"PRT": "AA999999", "GBR": "999999999", "IRL": "AA9999999", "NLD": "AAGGGGGG9", "BEL": "AA999999", "POL": "AA9999999",
	"CZE": "99999999", "SVK": "AA9999999", "HUN": "AA9999999", "ROU": "999999999", "BGR": "999999999", "GRC": "AA9999999",
	"HRV": "999999999", "SRB": "999999999", "TUR": "U99999999", "UKR": "AA999999", "RUS": "999999999", "GEO": "99AA99999",
	"USA": "999999999", "CAN": "AA999999", "MEX": "A99999999", "BRA": "AA999999", "ARG": "AAA999999", "IND": "A9999999",
	"PAK": "AA9999999", "BGD": "A99999999", "CHN": "E99999999", "KOR": "M99999999", "JPN": "AA9999999", "VNM": "A9999999",
	"PHL": "P9999999A", "IDN": "A9999999", "IRN": "A99999999", "IRQ": "A99999999", "SYR": "999999999", "EGY": "A99999999",
	"MAR": "AA9999999", "DZA": "999999999", "TUN": "A999999", "NGA": "A99999999", "ETH": "AA9999999", "ISR": "99999999",
}

const anyFormat = "A9999999"

// german are the characters of Germany's serial numbers, which make no words and are not
// taken for one another.
const german = "CFGHJKLMNPRTVWXYZ0123456789"

func (v *Inventor) number(state string) string {
	format, ok := formats[state]
	if !ok {
		format = anyFormat
	}
	b := []byte(format)
	for i, c := range b {
		switch c {
		case '9':
			b[i] = '0' + byte(v.r.IntN(10))
		case 'A':
			b[i] = 'A' + byte(v.r.IntN(26))
		case 'G':
			b[i] = german[v.r.IntN(len(german))]
		}
	}
	return string(b)
}
