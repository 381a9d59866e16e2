/* The peer for miniSEED: libmseed's own reader, one thread, every record unpacked and its samples
 * added up:
 *
 *   unpack FILE */
#include <libmseed.h>
#include <stdio.h>

static double sum_of(const MSRecord *record)
{
    const int32_t *integers = record->datasamples;
    const float *floats = record->datasamples;
    double sum = 0.0;
    for (int64_t i = 0; i < record->numsamples; i++) {
        sum += record->sampletype == 'f' ? (double)floats[i] : (double)integers[i];
    }
    return sum;
}

int main(int count, char *arguments[])
{
    if (count != 2) {
        fputs("Usage: unpack FILE\n", stderr);
        return 1;
    }
    MSRecord *record = NULL;
    double sum = 0.0;
    int64_t num_samples = 0;
    int status;
    while ((status = ms_readmsr(&record, arguments[1], 0, NULL, NULL, 1, 1, 0)) == MS_NOERROR) {
        sum += sum_of(record);
        num_samples += record->numsamples;
    }
    ms_readmsr(&record, NULL, 0, NULL, NULL, 0, 0, 0);
    printf("%lld samples, sum %.17g\n", (long long)num_samples, sum);
    return status == MS_ENDOFFILE ? 0 : 2;
}
