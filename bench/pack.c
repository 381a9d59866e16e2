/* Packs raw native samples into miniSEED by libmseed, big-endian at 100 Hz, in records of a size
 * that the program does not write itself:
 *
 *   pack FILE RECORD_BYTES ENCODING >OUT
 *
 * ENCODING is SEED's number: 3 int32, 4 float32, 10 Steim1, 11 Steim2. */
#include <libmseed.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AT_ONCE = 1 << 20 }; /* samples, of four bytes each */

static void write_record(char *record, int record_bytes, void *stream)
{
    fwrite(record, 1, (size_t)record_bytes, stream);
}

static MSRecord *begin(const char *record_bytes, const char *encoding)
{
    MSRecord *record = msr_init(NULL);
    if (record != NULL) {
        record->reclen = atoi(record_bytes);
        record->encoding = (int8_t)atoi(encoding);
        record->byteorder = 1;
        record->dataquality = 'D';
        record->samprate = 100.0;
        record->starttime = ms_timestr2hptime("2026-01-01T00:00:00");
        record->sampletype = record->encoding == DE_FLOAT32 ? 'f' : 'i';
    }
    return record;
}

/* What does not fill a record begins the next batch, the last one is packed as it is. libmseed
 * moves the start on. */
static int pack(MSRecord *record, FILE *from)
{
    int32_t *samples = malloc(AT_ONCE * sizeof *samples);
    size_t left = 0, count = 1;
    int status = samples != NULL ? 0 : -1;
    while (status >= 0 && count > 0) {
        count = fread(samples + left, sizeof *samples, AT_ONCE - left, from);
        int64_t packed = 0;
        record->datasamples = samples;
        record->numsamples = record->samplecnt = (int64_t)(left + count);
        status = msr_pack(record, write_record, stdout, &packed, count == 0, 0);
        left += count - (size_t)packed;
        memmove(samples, samples + packed, left * sizeof *samples);
    }
    record->datasamples = NULL;
    free(samples);
    return status;
}

int main(int count, char *arguments[])
{
    FILE *from = count == 4 ? fopen(arguments[1], "rb") : NULL;
    MSRecord *record = from != NULL ? begin(arguments[2], arguments[3]) : NULL;
    if (record == NULL) {
        fputs("Usage: pack FILE RECORD_BYTES ENCODING >OUT\n", stderr);
        return 1;
    }
    int status = pack(record, from);
    msr_free(&record);
    fclose(from);
    return status >= 0 && fflush(stdout) == 0 && !ferror(stdout) ? 0 : 2;
}
