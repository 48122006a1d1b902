// Package campaign does to every driver what happens to devices in a booth, on purpose and one
// after another: cables are pulled, answers come garbled, short, over-long, late or not at all,
// captures are given up, the machine is suspended. After each of it the device must be usable
// again within [Limit], the others must not have noticed, and nothing may be left over.
//
// It is two campaigns. [Sweep] counts the transfers of one device from plugging it in to a
// finished capture, and then, for each of them and each [Fault], plugs the device in again and
// lets that transfer go wrong. [Storm] lets many devices work and pulls, spoils and suspends at
// random, from a seed: the same seed does the same deeds.
//
// What it works on is a [Rig]: an emulator, a transport and hands that lay fingers and pull
// plugs. Those of [Virtual] live in memory, so that a test runs them in a testing/synctest bubble,
// where an hour of suspension lasts no time and what is measured is exact. Those of [Real] use
// sockets and pseudo-terminals, and time passes.
//
// Between the driver and its transport stands a [Saboteur]. It counts, spoils and tells how much
// was moved. A driver cannot tell that it is there.
//
// What a test with emulators cannot show: what a real kernel does when a cable is pulled (package
// kerneltest does), and how long a real device takes to start.
package campaign
