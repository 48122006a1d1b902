// Package uareu drives the DigitalPersona U.are.U 4000 and 4500 fingerprint scanners and
// their Microsoft siblings over USB.
//
// # Protocol
//
// There is no data sheet. Power-up, pictures and the 4500 and Microsoft v2 models follow
// recordings of real scanners; the other models and the stuck state follow what was
// published with the open drivers of this family.
//
// Registers are written and read by one vendor request on endpoint 0. Endpoint 0x81 sends
// events (the scanner has power, a finger came, it went), endpoint 0x82 the picture: a
// header of 64 bytes and up to 289 lines of 384 pixels, 8 bits each. The sensing field is
// about 19 mm wide and 14.5 mm high; 500 dpi is what is commonly assumed, the maker
// advertises 512.
//
// Traps:
//   - The event that says the scanner has power may come before power-up is finished, and
//     may be repeated at any time. The driver listens before its first request.
//   - What was written to the power register is not what is read from it.
//   - The read of a picture must be under way when the capture is requested.
//   - The picture is scrambled with a key that runs on over all its lines and may change
//     from block to block. Whether it is scrambled is judged once, before the first block
//     is unscrambled: afterwards the first lines are smooth.
//   - Lines may be missing; they are copies of those that follow.
//   - A Microsoft v2 wakes up only after a challenge was answered.
//   - Only the 4000B and 4500 have their pictures upside down.
//
// # What a caller must know
//
// A lay of the finger gives one picture: a second capture waits until the finger was lifted
// and laid again. A finger that was lifted too early for a whole picture is a
// *devices.RetryError; the scanner itself is then in order, or has been made so by another
// power-up.
package uareu
