/* A user's first program, built against an installed seisview: the mean of each channel. */
#include <stdio.h>
#include <stdlib.h>

#include <seisview.h>

static int fail(const sv_error *error)
{
    fprintf(stderr, "%s\n", error->message);
    return EXIT_FAILURE;
}

static sv_status print_means(sv_recording *recording, const sv_segment *segment, sv_error *error)
{
    for (int64_t row = 0; row < segment->num_channels; row++) {
        sv_scan_range range = {segment->index, &row, 1, 0, segment->num_samples};
        sv_summary summary;
        sv_status status = sv_summary_scan(recording, &range, 0, NULL, &summary, NULL, error);
        if (status != SV_OK) {
            return status;
        }
        printf("channel %lld: %lld samples, mean %g\n", (long long)row,
               (long long)summary.num_samples, sv_summary_mean(&summary));
    }
    return SV_OK;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: program FILE\n");
        return EXIT_FAILURE;
    }
    sv_error error;
    sv_recording *recording;
    sv_segment segment;
    if (sv_recording_open(argv[1], NULL, &recording, &error) != SV_OK) {
        return fail(&error);
    }
    sv_status status = sv_recording_segment(recording, 0, &segment);
    if (status == SV_OK) {
        status = print_means(recording, &segment, &error);
    }
    sv_recording_close(recording);
    return status == SV_OK ? EXIT_SUCCESS : fail(&error);
}
