// Package secugenemu is the scanner's side of the wire that package secugen speaks: an emulated
// SecuGen Hamster Pro 20 for the server of package usbip.
//
//	scanner := secugenemu.New(secugenemu.Unit{})
//	server.Plug("1-1", scanner)
//	scanner.Lay(finger)
//
// It behaves as the recording of a real unit does and shares no code with the driver, so that
// the two check each other. What was not recorded is assumed: a frame shows the glass as it was
// when it was exposed, nothing follows a frame until the next exposure, the stream that is stopped
// forgets what it had left, and light grows with the exposure.
//
// # What a picture can show
//
// The glass is 300 by 400 pixels at 500 dpi. It is seen through a prism, in perspective: 952
// columns of the raw frame wide at the top and 752 at the bottom. The unit's lines are unevenly
// light, its lamp lights the edges less than the middle, and its calibration says how; it is
// invented, only its layout is that of real units. [Scanner.Seen] is the picture of an ideal host.
//
// A hand takes longer than a look: after [Scanner.Lift] one exposure shows the empty glass, even
// if a finger was laid again in the meantime.
//
// # Faults
//
// [Scanner.Inject] makes the next frames or requests fail. Unplugging is the server's.
package secugenemu
