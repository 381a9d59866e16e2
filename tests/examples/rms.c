#include <seisview.h>
#include <stdio.h>

/* The rms of every tenth sample of the first channel. */
int main(int argc, char **argv)
{
    sv_recording *recording;
    sv_segment segment;
    sv_error error;
    if (argc < 2 || sv_recording_open(argv[1], NULL, &recording, &error) != SV_OK) {
        fprintf(stderr, "%s\n", argc < 2 ? "name a recording" : error.message);
        return 1;
    }
    sv_view channel, every_tenth; /* values: nothing is copied, allocated or freed */
    sv_summary summary;
    sv_recording_segment(recording, 0, &segment); /* segment.samples: channels × samples */
    sv_view_at(&segment.samples, 0, 0, &channel, NULL);
    sv_view_slice(&channel, 0, 0, SV_END, 10, &every_tenth, NULL);
    sv_summary_of(&every_tenth, 0, 0, &summary);
    printf("%.6g\n", sv_summary_rms(&summary));
    sv_recording_close(recording); /* the views answer SV_STALE from here on */
    return 0;
}
