// Package secugen drives the SecuGen Hamster Pro 20 fingerprint scanner (1162:2200) over USB.
//
// # Protocol
//
// There is no data sheet. Requests, their order, the frame and the steps from frame to picture
// follow the recording of one unit and the picture that came with it, which the package gives in
// every pixel; the thresholds for a finger follow what was published with open software. What the
// parts of the calibration mean was found out from that one unit.
//
// Vendor requests on endpoint 0 reach the scanner, and through it the registers of its sensor.
// Endpoint 0x82 sends a frame of 956 by 688 pixels, 8 bits each, after an exposure was requested
// and the stream was started. Each unit has a calibration of 22,942 bytes in its memory, under a
// checksum: picture window and exposure, how unevenly its lines and its light are, and where on a
// frame every tenth pixel of a straight picture at 500 dpi lies.
//
// Traps:
//   - There is no touch detector. A finger is found by looking at frames.
//   - The stream must be stopped after each frame, whatever happened to it.
//   - The window's first column is 12 more in the registers than in the calibration, its size 3
//     more than the pixels that come.
//   - The first frame after power-on is dropped. It is of a wider window and cut off, since the
//     host asks for no more than a picture's bytes.
//   - The last two bytes of the calibration are its checksum. Older software took them for the
//     parameters of a sharpening, which then did nothing on the recorded unit and would spoil the
//     pictures of others.
//   - A frame ends in black video (0x80 0x10 and so on) up to a full packet. Where it does not, in
//     a unit whose first frames did, bytes are missing and the frame is taken again.
//   - Status is always 0 and tells nothing of a finger.
//
// # Finding a finger
//
// While a capture waits, the lamp is on and a frame is taken every 200 ms. It is compared with the
// empty glass in the middle of the field: a mean rise of 25 grey or more is a finger (45 in the
// recording), 5 or less is the empty glass, and becomes the new background. Two things are asked in
// addition, since frames of the time before a finger were not recorded: a finger has ridges, which
// light that falls on the glass has not (mean difference over half a ridge 28 grey in the recording,
// less than 1 on empty glass); and a background with ridges is a finger that lay there when the
// scanner was opened, so that it is found at once. A finger that was found is looked at until it
// presses no more firmly, at most five times, and the last frame is the picture.
//
// A look moves 657,920 bytes, so waiting costs 3.3 MB/s, which is 6 % of what bulk transfers can
// move on a high-speed bus (53.2 MB/s, USB 2.0 table 5-10), and occupies 40 ms of each 200 ms. The
// recorded frames took 38.5 ms each, where the wire would allow 12.4 ms: the sensor sets the pace,
// 3.1 times the wire's limit.
//
// # Geometry
//
// The prism shows the finger in perspective. In a picture that ignores it, ten pixels of 500 dpi
// become, with the recorded unit's calibration:
//
//	                          top of the frame   middle   bottom
//	across                          9.94          9.01     7.85
//	down                           11.27         10.26     7.82
//	either, straightened           10.00         10.00    10.00
//
// so that a picture was up to a fifth too small and pressed out of proportion, by another amount at
// each place. The package straightens by the calibration's grid; that 10 pixels are 20 mil, its
// maker's grid is trusted. Making a picture takes 9 ms of one core, a look 2 ms.
//
// # What a caller must know
//
// A lay of the finger gives one picture: a second capture waits until a look has shown the glass
// without it. A finger that was lifted while it was looked at is a *devices.RetryError, and so is
// one that touches too faintly for two seconds after the glass was empty, once per lay. A frame that
// is spoilt is taken once more; then the scanner is at fault. Lamp and stream are off after every
// call.
//
// A calibration with a wrong checksum is read again once, then refused, and so is a unit of another
// picture size: nothing is known of it. Opening takes 1.4 s, of which 0.9 s is the calibration,
// which is not kept: a unit is opened anew only after a fault or when it was plugged in, and then
// it had better be read.
//
// A capture that is cancelled reads the frame on its way to its end, which would be in the way of
// the next one, and ends within 0.8 s even if the scanner is silent.
//
// The innermost loops are hidden from the race detector (go:norace), which would slow them tenfold:
// they work on memory of one capture alone.
package secugen
