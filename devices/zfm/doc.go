// Package zfm drives the serial fingerprint modules of the ZFM-20, ZFM-60, ZFM-70, FPM10A,
// R305, R307 and R503 kind and their many clones.
//
// # Protocol
//
// The makers' public manuals (ZhianTec ZFM-20 and ZFM-60/70, Hangzhou Grow R30x and R503); no
// recording was to be had, so nothing here is proven on a real module. The host asks and
// the module answers, at 57600 baud unless somebody changed it, 8 data bits, no parity, 1 stop
// bit, in packets
//
//	EF 01 | address, 4 | kind | length, 2 | content | checksum, 2
//
// big endian. The length counts the content and the checksum, which is the sum of kind, length
// and content. A picture comes in packets of 32 to 256 bytes without an acknowledgement between
// them, two pixels to a byte, and lasts as long as its bytes: 38,448 of them for 256 by 288
// pixels take 6.7 seconds at 57600 baud and 3.3 at 115200.
//
// So opening a module sets it to 115200 baud and to packets of 256 bytes. Both are kept in its
// flash, which wears, and are therefore written only if they are different; that is the only
// instruction sent that writes. What is enrolled in a module is neither used nor touched, and
// the matcher in it is not either.
//
// Traps:
//   - There is no retransmission. A picture of which a byte was lost or changed is sent again
//     as a whole, twice at most; it stays in the module until the next one is taken. A packet
//     that was lost altogether shows only in the number of bytes.
//   - A module that was interrupted sends on. What comes is read until the line has been silent
//     for 200 ms before anything is asked again. Bytes may be slow: what ends a packet is a gap
//     of 300 ms, not a deadline on the picture.
//   - The answer to a change of speed comes at the old speed.
//   - After power-up a module is deaf for up to half a second; some then send one byte, 55.
//   - Light on the print that somebody left on the glass looks like a finger. So between two
//     pictures the module must have seen no finger once.
//   - Some clones and some firmware of the R30x and R503 refuse to hand pictures out. That shows
//     with the first finger: the error says "model without image upload".
//   - The picture does not say its width. Its number of bytes tells the model; what is not in
//     the table is refused, the sensors of 80 by 208 pixels among them: 4 mm of a finger are
//     too little to identify anybody by.
//
// # What a caller must know
//
// Pictures have 16 levels of grey and are handed out as they came, level times 17: matching
// loses little by that, and gains nothing if they are smoothed.
//
// A lay of the finger gives one picture. The ring of an R503 breathes blue while a finger is
// awaited; the lamp of other modules burns if they let themselves be told so, and otherwise
// flickers with every look.
package zfm
