// Package usb reaches USB devices through libusb, and says what a driver may expect of any
// USB transport.
//
// A driver asks [Open] for the interface it wants and talks to a [Conn]; whether that is a
// device on this machine ([Bus], by way of gousb and libusb), one exported by another
// machine or an emulator (package usbip), or a recording that umockdev plays to libusb,
// it cannot tell.
//
// # What a caller must know
//
// [Bus] keeps no state: every Scan asks libusb afresh, with a context of its own, because
// libusb learns of devices that come later only from a running udev, which containers and
// small systems lack. Scan opens no device. Every Conn owns its libusb context and the
// goroutine behind it; both end with Close.
//
// Only the interface that the driver wants is taken from its kernel driver, and given back
// by Close: a keyboard with a fingerprint reader in it goes on typing.
//
// libusb cannot cancel a control transfer that waits. Control returns when its context
// ends, but the transfer itself lives on until its time-out (the context's deadline, at
// most 5 seconds); the next Control and Close wait for it.
//
// gousb has no way to clear a halted endpoint. A Conn on which an endpoint stalled resets
// the device as it closes, so that the next Open finds it in order.
//
// Without cgo there is no libusb; Scan then returns an error matching
// [errors.ErrUnsupported].
package usb
