package numbers

import "golang.org/x/text/language"

// Issuer writes the code of a state or an organisation the one way in which codes are compared:
// that of ICAO 9303-3 §5. It knows
//
//   - Germany, which is D in a zone;
//   - the two letters of ISO 3166-1, and UK;
//   - codes of ISO 3166-1 that were superseded while the state, or the one that it became a part
//     of, went on (ISO 3166-3), which older documents and lists hold: ROM, ZAR, TMP;
//   - the codes by which the United Kingdom tells its kinds of nationals apart: all are GBR;
//   - those of Kosovo: RKS, in its own documents; XKX, in the European Union's; UNK, in those of
//     the United Nations' mission. All are RKS.
//
// States that fell apart, such as SUN, YUG and SCG, are nobody else. Codes that it does not know
// stay as they are.
func Issuer(code string) string {
	if len(code) == 2 {
		code = threeLetters(code)
	}
	switch code {
	case "DEU", "DDR":
		return "D"
	case "GBD", "GBN", "GBO", "GBP", "GBS":
		return "GBR"
	case "XKX", "UNK", "XKK", "KS":
		return "RKS"
	case "EU":
		return "EUE"
	case "UN":
		return "UNO"
	}
	return successor(code)
}

// threeLetters writes the two letters of a state with three.
func threeLetters(code string) string {
	region, err := language.ParseRegion(code)
	if err != nil || !region.IsCountry() {
		return code
	}
	if long := region.Canonicalize().ISO3(); long != "ZZZ" { // unknown
		return long
	}
	return code
}

// successor returns the code that stands for a superseded one now, any other as it is.
func successor(code string) string {
	switch code {
	case "AFI":
		return "DJI"
	case "BUR":
		return "MMR"
	case "BYS":
		return "BLR"
	case "DHY":
		return "BEN"
	case "FXX":
		return "FRA"
	case "HVO":
		return "BFA"
	case "NHB":
		return "VUT"
	case "PCZ":
		return "PAN"
	case "RHO":
		return "ZWE"
	case "ROM":
		return "ROU"
	case "SKM":
		return "IND"
	case "TMP":
		return "TLS"
	case "VDR":
		return "VNM"
	case "YMD":
		return "YEM"
	case "ZAR":
		return "COD"
	}
	return code
}
