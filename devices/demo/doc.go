// Package demo drives the virtual demo scanner: a program (package demoemu) on a
// pseudo-terminal that draws fingers. It shows a booth without hardware, and it is the smallest
// driver of the house: whoever writes one may begin with a copy of this folder.
//
// # Protocol
//
// The source is this comment. The host asks, the scanner answers; numbers are big-endian.
//
//	host      scanner
//	'?'       'D' and a line of text that ends in LF: what it is
//	'c' n     'F' n, width, height, dpi (2 bytes each), the pixels, CRC-32 (IEEE) of all before it
//	          'A' n: the finger was lifted too early
//	'k'       nothing: the host has the picture
//
// The answer to 'c' comes with the next finger. A further 'c' takes the place of one that waits.
// A finger of which the host has the picture is not shown again until it was lifted.
//
// Traps:
//   - A picture that is on its way when its capture is given up arrives all the same. So what
//     comes is read until the line has been silent for 50 ms before anything is asked again, and
//     an answer with another number than the question's is skipped.
//   - A byte of a question may be lost: it is asked again every second until the answer begins.
//   - The pixels may hold any byte: only the lengths tell where an answer ends.
package demo
