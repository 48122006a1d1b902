package gallery

// Code writes ISO 3166's code of Germany, which lists, courts and settings may hold, as ICAO
// 9303-3 §5 does; other codes stay as they are.
func Code(code string) string {
	if code == "DEU" {
		return "D"
	}
	return code
}
