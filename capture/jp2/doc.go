// Package jp2 writes pictures as JPEG 2000 files (ISO/IEC 15444-1), as records of fingers and
// faces want them.
//
// It writes one kind of file: one tile, the reversible 5/3 wavelet with up to five levels, code
// blocks of 64 by 64, one quality layer, the reversible colour transform for colours. Without
// Options.Drop nothing is lost; with it the lowest bit planes are left out, which makes the file
// smaller and the picture coarser.
//
//	picture ─▶ components ─▶ wavelet ─▶ code blocks ─▶ packets ─▶ codestream ─▶ boxes
//	           (encode)      (wavelet)  (block, mq)    (packet)   (encode)
//
// Reading is not done here: decoders of foreign files run confined (cmd/boothd-jp2).
// The innermost loops are hidden from the race detector (go:norace): they work on memory of one
// picture alone.
package jp2
