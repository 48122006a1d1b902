// Package sbi lets registration kiosks of MOSIP use the booth's fingerprint scanners and
// cameras, by the Secure Biometric Interface (SBI) 0.9.5 and 1.0.
//
// The interface is HTTP/1.1 with verbs of its own on 127.0.0.1, on the first free port of 4501
// to 4600, where kiosks look for it:
//
//	MOSIPDISC /device    which devices there are
//	MOSIPDINFO /info     the same, signed
//	STREAM /stream       pictures while the traveller is being placed
//	RCAPTURE /capture    capture for a registration
//	CAPTURE /capture     capture for an authentication, encrypted
//
// Errors of the interface are answers with status 200 and a code. Every answer about a device
// is signed with the device key of [Identity] (RS256, compact JWS with x5c); the certification
// is L0, because the key is this machine's and not the scanner's.
//
// # One device, one user
//
// Devices are those of the booth's [devices.Manager], used as a check uses them: what a check
// uses is Busy here, and a check waits while a kiosk captures or streams. One capture runs at a time. A
// kiosk's capture may run beside its own stream of the same device, and then ends it. What was
// presented before a capture began is never returned: it may be another person's.
//
// While a capture or stream runs, and for ten seconds after a capture, [Server.Notice] says so in a
// sentence for the officer's page. Begin and end are logged, without picture and transaction.
//
// # What is captured
//
// A finger is an ISO/IEC 19794-4:2011 record, JPEG 2000 without loss for a registration and WSQ for
// an authentication. A face is an ISO/IEC 19794-5:2011 record, JPEG 2000 without loss for a
// registration and with little loss for an authentication. The score of a finger is that of capture/quality; that of a face is
// only the picture's light and sharpness. Neither is NFIQ, though both are 0 to 100 as the
// interface wants. A capture ends at the requested score, otherwise with the best picture when its
// time is over, never before.
//
// Scanners take single fingers. If several are asked for they are taken one after another, each
// laid anew, in the order of the request; a slap (deviceSubId 1 to 3) is such a list. The score
// is judged finger by finger. A finger that was already taken in the same capture is refused and asked
// for again.
//
// # Who may ask
//
// The interface has no secret. The Host header must be this address, which defeats DNS
// rebinding, and a browser's page only counts if its Origin is configured; programs send no
// Origin. Any program on this machine can therefore capture, as the standard wants it.
//
// # Traps
//
// The delimiter of a stream is "--BoundaryString", which its Content-Type names as a whole:
// readers of RFC 2046 expect two more dashes. Numbers are strings in answers, and strings or
// numbers in requests. Times have no milliseconds. Answers have no member that the standard
// does not name, since the compliance toolkit refuses any.
//
// Sources: MOSIP's specification of the interface (docs 1.2.0), the schemas of its compliance
// toolkit, MockMDS of mosip-mock-services for codes, bio-utils for the records that are taken.
package sbi
