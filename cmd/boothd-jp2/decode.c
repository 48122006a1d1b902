//go:build linux && cgo && (amd64 || arm64)

#include <string.h>

#include "decode.h"

// The stream is the bytes in memory; an offset never passes their end.

static OPJ_SIZE_T jp2_read(void *to, OPJ_SIZE_T n, void *user)
{
	struct jp2 *j = user;

	if (j->at >= j->size)
		return (OPJ_SIZE_T)-1;
	if (n > j->size - j->at)
		n = j->size - j->at;
	memcpy(to, j->data + j->at, n);
	j->at += n;
	return n;
}

static OPJ_OFF_T jp2_skip(OPJ_OFF_T n, void *user)
{
	struct jp2 *j = user;

	if (n < 0 || (OPJ_SIZE_T)n > j->size - j->at)
		return -1;
	j->at += (size_t)n;
	return n;
}

static OPJ_BOOL jp2_seek(OPJ_OFF_T n, void *user)
{
	struct jp2 *j = user;

	if (n < 0 || (OPJ_SIZE_T)n > j->size)
		return OPJ_FALSE;
	j->at = (size_t)n;
	return OPJ_TRUE;
}

int jp2_open(struct jp2 *j, int codestream)
{
	opj_dparameters_t how;

	j->stream = opj_stream_create(64 * 1024, OPJ_TRUE);
	j->codec = opj_create_decompress(codestream ? OPJ_CODEC_J2K : OPJ_CODEC_JP2);
	if (!j->stream || !j->codec)
		return 0;
	opj_stream_set_user_data(j->stream, j, NULL);
	opj_stream_set_user_data_length(j->stream, j->size);
	opj_stream_set_read_function(j->stream, jp2_read);
	opj_stream_set_skip_function(j->stream, jp2_skip);
	opj_stream_set_seek_function(j->stream, jp2_seek);
	opj_set_default_decoder_parameters(&how);
	return opj_setup_decoder(j->codec, &how) && opj_read_header(j->stream, j->codec, &j->image) && j->image;
}

// What follows the last tile is not asked for: files whose end mark is missing are common.
int jp2_decode(struct jp2 *j)
{
	return opj_decode(j->codec, j->stream, j->image);
}
