package pki

import (
	"slices"
	"strings"

	"golang.org/x/text/language"
)

// zoneCountries are the codes of machine-readable zones that are not those of ISO 3166, and
// others under which a state issues, with the countries of the authorities that sign for them
// (ICAO 9303-3 §5).
var zoneCountries = map[string][]string{
	"D": {"DE"}, "GBD": {"GB"}, "GBN": {"GB"}, "GBO": {"GB"}, "GBP": {"GB"}, "GBS": {"GB"},
	"RKS": {"KS", "XK"}, "EUE": {"EU"}, "UNO": {"UN"}, "UNA": {"UN"}, "UNK": {"UN"},
	// Hong Kong and Macao have authorities of their own and issue for CHN.
	"CHN": {"CN", "HK", "MO"},
}

// zoneCode brings a code of a machine-readable zone to the form without fillers.
func zoneCode(code string) string {
	return strings.ToUpper(strings.TrimRight(strings.TrimSpace(code), "<"))
}

// sameCountry compares an authority's country, of two letters, and the code of the state that
// it says itself, if any, with the issuing state of a zone. known is false if nobody can say.
func sameCountry(country, state, zone string) (same, known bool) {
	zone = zoneCode(zone)
	if state != "" && zoneCode(state) == zone {
		return true, true
	}
	if countries := zoneCountries[zone]; countries != nil {
		return slices.Contains(countries, country), true
	}
	if len(zone) != 3 {
		return false, false
	}
	region, err := language.ParseRegion(zone)
	if err != nil || !region.IsCountry() {
		return false, state != "" // another state than the authority says of itself
	}
	return region.String() == country, true
}
