// Package uareuemu is the scanner's side of the wire that package uareu speaks: an emulated
// U.are.U of any model, for the server of package usbip.
//
//	scanner := uareuemu.New(uareuemu.UareU4500)
//	server.Plug("1-1", scanner)
//	scanner.Lay(finger)
//
// It behaves as the recordings of real scanners do and as the driver's documentation says
// where there is none: it sleeps until called, announces its power, scrambles its pictures
// with keys of its own, and leaves lines out. It shares no code with the driver, so that
// the two check each other.
//
// # What a picture can show
//
// A scanner sees less than what is laid on it, and [Scanner.Seen] says how much. The 15
// columns at both edges stay blank. At most 289 of the 290 rows are transmitted: the
// missing ones arrive as copies of their neighbours, which rows these are depends on the
// model (see [Scanner.SetBlocks]).
//
// # Faults
//
// [Scanner.Inject] makes the next pictures or power-ups fail. Unplugging is the server's.
package uareuemu
