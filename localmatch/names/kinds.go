package names

import "strings"

// particles and titles, after what lists and documents write.
var kinds = kindTable(
	`AL EL UL UR AR AS ASH AD AZ AN AT BIN BEN IBN BINT BINTI BN BENT OULD OULAD WULD AG ABU ABOU ABI UMM UM
	DE DEL DELLA DELLE DI DA DO DOS DAS DU D LA LE LES LAS LOS VAN VON VOM DER DEN DEM ZU ZUM ZUR TEN TER TE AF AV
	Y E I MC MAC O SAN SANTA ST SAINT DIN DEEN EDDINE UD UDDIN ULLAH`,
	`MR MRS MS MISS DR PROF PROFESSOR SIR LORD LADY DAME MONSIEUR MADAME MME MLLE HERR FRAU SENOR SENORA DON DONA
	JR SR JUNIOR SENIOR II III IV PHD ESQ ING
	HAJI HAJJI HADJI HADJ HAJJ ALHAJI ALHAJ EL_HADJ SHEIKH SHAIKH SHAYKH SHEIK CHEIKH MULLAH MULLA MAULAWI MAWLAWI
	MOLVI MAULVI MAULANA MAWLANA USTAD USTADH AYATOLLAH HOJJATOLESLAM IMAM QARI SAYED SAYYID SEYED SEYYED SYED SAYYED
	GENERAL GEN COLONEL COL MAJOR MAJ CAPTAIN CAPT LIEUTENANT LT COMMANDER BRIGADIER ADMIRAL SERGEANT SGT
	PRESIDENT PRASIDENT MINISTER PRINCE PRINCESS KING QUEEN EMIR
	NEE NE BORN AKA ALIAS NA FNU LNU LLC LTD INC THE`,
)

// abbreviations are the titles that are never a name, wherever they stand.
var abbreviations = map[string]bool{
	"MR": true, "MRS": true, "MS": true, "MISS": true, "DR": true, "PROF": true, "PROFESSOR": true, "MME": true, "MLLE": true,
	"HERR": true, "FRAU": true, "JR": true, "SR": true, "II": true, "III": true, "IV": true, "PHD": true, "ESQ": true, "ING": true,
	"GEN": true, "CAPT": true, "LT": true, "SGT": true, "AKA": true, "ALIAS": true, "NA": true, "FNU": true, "LNU": true,
	"LLC": true, "LTD": true, "INC": true,
}

func kindTable(particles, titles string) map[string]Kind {
	table := map[string]Kind{}
	for _, w := range strings.Fields(particles) {
		table[w] = Particle
	}
	for _, w := range strings.Fields(titles) {
		table[w] = Title
	}
	return table
}

func kindOf(text string) Kind {
	if k, ok := kinds[text]; ok {
		return k
	}
	return plainKind(text)
}

// plainKind is the kind of a word that is neither particle nor title.
func plainKind(text string) Kind {
	if len(text) == 1 {
		return Initial
	}
	return Ordinary
}
