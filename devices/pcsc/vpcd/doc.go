// Package vpcd emulates contactless readers and lays chips on them: it runs Debian's pcscd
// with the virtual reader driver vpcd, and is the chip's side of that driver's wire.
//
//	daemon, err := vpcd.Start(ctx, dir)   // pcscd with two readers
//	os.Setenv(vpcd.SocketVariable, daemon.Socket())
//	laid, err := vpcd.Lay(ctx, daemon.Reader(0), chip)
//	…
//	err = laid.Lift()
//
// A chip is a [devices.Card]: what drives a chip in process drives it behind pcscd.
//
// # The wire
//
// The reader listens on TCP, one port a slot. The chip connects, which lays it on the
// reader, and closes the connection, which lifts it. Every message is a length of 16 bits,
// most significant byte first, and so many bytes. One byte is a control: 0 takes the field
// away, 1 gives it, 2 resets, and none of these is answered; 4 asks for the answer to reset
// and comes again and again, because it is how the reader looks whether the chip is still
// there. Anything longer is a command APDU. (vsmartcard's virtualsmartcard/src/vpcd.)
//
// # Traps
//
// Debian's driver (3.3) writes a message's length and its bytes in two pieces and does not
// switch Nagle's algorithm off. The second piece waits for the acknowledgement of the first,
// which Linux delays by 40 ms: every APDU costs that much unless the chip's socket asks for
// quick acknowledgements (TCP_QUICKACK), which it must before each read.
//
// The driver looks every 0.4 s whether the chip is still there. One that is laid sooner after
// the last one was lifted is taken for that one; a reset at that moment blinds pcscd to it
// until it is lifted too. Nobody exchanges documents so fast, but programs do: wait until the
// reader says that it is empty, or a second.
//
// The length of 16 bits cannot carry the longest extended APDUs: commands end at 65,535
// bytes and so do responses, three bytes short of what ISO/IEC 7816-4 allows.
//
// The driver listens on every address of the machine. It belongs on machines for tests and
// demonstrations, never on a booth.
package vpcd
