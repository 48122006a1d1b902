//go:build linux && cgo && (amd64 || arm64)

#include <stddef.h>
#include <openjpeg.h>

// A decoding under way: what it reads from, and what it has so far.
struct jp2 {
	const unsigned char *data;
	size_t size, at;
	opj_stream_t *stream;
	opj_codec_t *codec;
	opj_image_t *image;
};

// Reads the header: afterwards image has the sizes. Returns 0 if that cannot be done.
int jp2_open(struct jp2 *j, int codestream);

// Decodes the pixels into image. Returns 0 if that cannot be done.
int jp2_decode(struct jp2 *j);
