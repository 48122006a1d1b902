// Package v4l2 finds and drives the cameras of this machine: USB cameras (UVC) and whatever
// else Linux shows as a video device.
//
// [Bus] lists the video devices that take pictures; the nodes that such cameras have for
// their metadata, and what only sends or tunes, are left out. A [Camera] has a format that is
// chosen when it is opened: Motion JPEG before packed YUV before grey, of the sizes that
// come at [LeastRate] or more the smallest that is as large as wanted, or else the largest.
// What is not JPEG is encoded here.
//
// It sends pictures only while somebody wants them, and for a few seconds longer, since most
// need a moment to find their exposure: its light is on only then, and the bus is free
// otherwise. While nobody wants one, none is kept.
//
// # The kernel's interface
//
// Source: the Linux kernel's userspace API guide, part "Video for Linux API", and
// linux/videodev2.h, whose structures are spelt out in this package, for 64-bit
// machines. What it does not say at first sight:
//   - Anybody who may open the node may start a camera that nobody streams from. The buffers
//     are what is exclusive: they are taken at Open, and a second Open finds it busy.
//   - Settings outlive the program that made them. So exposure, focus and white balance
//     that the configuration does not name are set to be automatic.
//   - A camera that was unplugged answers ENODEV. Until the kernel knows, the queue may answer
//     EIO, which is also what a suspended machine leaves behind; then, and when pictures just
//     stop coming, streaming is started again, until pictures have been missing for ten seconds.
//   - Times are of the monotonic clock, except where the flags say otherwise.
//   - A picture that arrived damaged has the flag ERROR, or not: JPEG files are looked at as
//     package jpegfile does, others must have their whole length.
//   - A metadata node (UVC makes one for each camera) reports in "capabilities" what its camera
//     can do; "device_caps" is what the node itself can.
package v4l2
