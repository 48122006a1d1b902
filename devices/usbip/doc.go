// Package usbip speaks the USB/IP protocol, version 1.1.1 (0x0111), from both ends.
//
// As a client it is a USB transport: [Bus] lists the devices that other machines, or the
// booth's simulator, export over TCP, and its ports open like those of package usb. As a
// server it exports emulated devices: a [Device] says what it is and answers transfers,
// and [Server] does the rest, the standard requests of USB 2.0 §9.4 included, so that a
// real kernel can enumerate it. [Serve] runs one device on one connection that is already
// attached, such as the socket whose other end was given to the kernel's vhci_hcd.
//
// # Protocol
//
// The source is the Linux kernel's Documentation/usb/usbip_protocol.rst. Every integer is
// big-endian. A connection starts with one operation (list the devices, or import one);
// after a successful import it carries nothing but URBs: 48 byte headers, followed by data
// where data moves.
//
// Traps:
//   - Answers name only the sequence number. Whether data follows an answer is known from
//     the transfer that was asked for: one that reads gets its actual length in bytes.
//   - A cancelled transfer gets one answer, either its own or that of the cancellation.
//   - The kernel's usbipd leaves devices that are in use out of its list, those that the
//     asking client uses included. [Bus] adds what it holds itself.
//   - One end of the connection going away is how a device is unplugged.
//
// The protocol neither authenticates nor encrypts: export on the loopback interface, or
// inside a tunnel.
//
// Isochronous transfers are not supported: neither scanners nor readers use them.
package usbip
