// Package pcsc drives readers of contactless chips by way of PC/SC: pcscd and libpcsclite
// on Linux, the system's own service elsewhere.
//
// [Bus] lists the readers that the service knows, [Driver] opens one as a
// devices.ChipReader. A service that is not there has no readers; one that is restarted
// makes its readers gone, and they are opened anew at a later scan. Package vpcd beside this
// one emulates the readers.
//
// # What a caller must know
//
// Connect takes a chip that is in the field already. Elsewhere in this booth what was
// presented before the call is another traveller's; a chip's reader is asked because a
// document was just read, and that document often lies there. Whether the chip belongs to
// the document is for the caller to prove, with the keys of its machine-readable zone. A
// presentation of which Connect said that it must be repeated is not tried again: the next
// call waits until that chip has left the field.
//
// A chip is taken for this program alone. While another program holds it, Connect waits for
// two seconds and then returns an error that matches devices.ErrBusy. Closing a card resets
// the chip, so that nobody finds an open session.
//
// Not every reader carries extended APDUs, and nothing tells one that does not from a chip
// that was badly laid. The error of an extended command on a chip that is in the field is
// therefore a *devices.RetryError that also matches errors.ErrUnsupported: a caller may go on
// with short commands on a new connection.
//
// # Traps
//
// Nothing ends a transmission: SCardCancel ends only SCardGetStatusChange, and other calls
// on the same connection to pcscd wait for their turn. So every connection belongs to one
// goroutine that makes all calls on it, and a call that is given up because its context
// ended gives up the connection: the goroutine closes it when the call returns. The next
// Connect waits for that, since the chip is not free earlier; Close waits a second at most.
//
// github.com/ebfe/scard panics on an empty command and on a card without an agreed
// protocol, and frees what a SCardGetStatusChange under way reads when another one begins on
// a reader of the same name. The goroutine that owns the connection prevents all three.
//
// pcscd numbers its readers in the order of their coming. Two readers of the same model
// can therefore exchange their addresses, unless their names have serial numbers in them.
//
// Without cgo there is no libpcsclite; Scan then returns an error matching
// [errors.ErrUnsupported].
package pcsc
