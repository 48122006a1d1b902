// Package tape records what a driver and its device say to each other, and plays it back to the
// driver later, without the device.
//
// A tape holds everything that crossed the wire, fingerprints, names and numbers among it: it is
// personal data, whoever's finger was laid. Record invented things or your own, and delete the
// tape when it has served.
//
// # Format
//
// A tape is text, one JSON object a line. The first line is the [Head]:
//
//	{"tape":1,"driver":"demo","address":"serial:/run/demo","serial":{"baud":115200}}
//	{"tape":1,"driver":"uareu","address":"usb:1-10","usb":{"id":"05ba:000a","bcd":259,"interfaces":[{"Number":0,"Class":255,…}]}}
//
// Every further line is an [Event]: a transfer in the order in which they ended, "at" so many
// microseconds after the tape began.
//
//	{"at":5120,"do":"write","data":"3f"}
//	{"at":6001,"do":"read","data":"44626f6f…"}
//	{"at":812,"do":"control","setup":"c004000700","length":1,"data":"01"}
//	{"at":99812,"do":"read","endpoint":130,"length":65536,"data":"…"}
//	{"at":100204,"do":"read","endpoint":129,"length":64,"error":"gone"}
//
// setup is bmRequestType, bRequest, wValue and wIndex (USB 2.0 §9.3), the latter two big-endian.
// An error is one of gone, stall, timeout and failed. Transfers that were given up by the driver are
// not on the tape.
//
// # Playing
//
// What the driver sends must be what it sent then, in the same order; anything else is an
// error matching [ErrOther]. What the device said is handed out once everything that the driver sent
// before it has been sent, after as long a silence as then, but at most a second. At the end of the
// tape the device says no more. A serial line hands out bytes in other portions if the driver's buffers are other
// ones.
//
// A driver that sends random numbers must be given those of then (uareu.Config.Seed). Network
// cameras and chip readers cannot be recorded: their transports are others.
package tape
