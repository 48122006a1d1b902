// Package watchlist carries the lists from central operations to the booths: over HTTPS, MQTT
// or on a stick.
//
// # Versions
//
// Each version of a list has one [Manifest], signed by central with Ed25519. It tells what
// the list then holds (entries, issue, lease), names its predecessor by hash, and names
// one or both ways to get there: the delta from the version before, and a snapshot of the
// whole list. So every booth that has version n has the same hash, whichever way it came, and a
// history that was rewritten is noticed.
//
// What a delta or snapshot holds ([Content]) is JSON Lines of gallery.Change: for a snapshot a
// "put" of each entry, in the order of their ids. It is packed into one zstd frame, whose chunks
// of 1 MiB are proved one by one by their SHA-256. A small delta travels in the manifest itself.
//
// A signed [Head] says which version counts, for all booths or for groups of them. It is made
// anew with every change, carries a time and the newest manifest where there is room, and is
// what booths look for.
//
// # Trust
//
// A booth knows three root keys, kept offline, and nothing else. Two of them sign a
// [KeysDocument], which names the online keys: for which lists, from when until when, and which
// are revoked. These sign manifests, heads, and an [Order] to erase lists.
//
// All these documents are envelopes {"document": …, "signatures": […]}. What is signed is the
// document's format, a line feed, and its bytes as they stand in the envelope, so that no
// document passes for one of another kind. None of them ever goes back: see the methods Follows.
//
// # Central operations
//
// [Import] makes entries of published lists of persons. [Build] makes the next version
// in a folder, [Sign] signs it for some booths or all, [Rollout] has others follow, [Urgent]
// changes a few entries at once, [Verify] proves the folder, [Publish] brings it to a broker,
// [Handler] serves it, [Prune] tidies it up.
//
//	DIR/keys.json                     the keys document
//	DIR/orders.json                   a JSON array of signed orders
//	DIR/LIST/head.json
//	DIR/LIST/manifests/VERSION.json
//	DIR/LIST/contents/HASH            a packed content in one file, see Content.Name
//	DIR/LIST/work/VERSION.json        a manifest as it is to be signed
//	DIR/LIST/work/VERSION.jsonl.zst   the whole list, of which the next delta is made
//	DIR/LIST/work/VERSION.ids         its ids, by which urgent changes are made
//
// Booths read the same paths, but for work, from a web server and from sticks.
//
// # Topics
//
// All messages are retained, sent with QoS 1 and at most 128 KiB long.
//
//	boothd/v2/keys                            the keys document
//	boothd/v2/orders/ID                       an order
//	boothd/v2/lists/LIST/head                 the head
//	boothd/v2/lists/LIST/manifests/VERSION    manifests that booths may need
//	boothd/v2/lists/LIST/chunks/SHA256/PART   chunks, in parts of 96 KiB
//	boothd/v2/lists/LIST/sent                 a ChunkMode, for the next publisher
//	boothd/v2/booths/BOOTH/lists/LIST         a booth's Status
//
// A publisher also sends itself one message on boothd/v2/lists/LIST/publisher. A booth needs
// to read boothd/v2/keys, orders/# and lists/#, and to write boothd/v2/booths/BOOTH/#, nothing
// else.
//
// # Booths
//
// A [Subscriber] learns of a new head, gets what it lacks by version, proves it and applies
// it in one step. It never relies on what a broker may have queued for it.
package watchlist
