/* make_samples DTYPE: numbers on standard input, as samples on standard output. For tests: the
 * inverse of `seisview dump`. */
#include <stdio.h>

#include "seisview.h"

int main(int argc, char **argv)
{
    sv_error error;
    sv_dtype dtype;
    char word[64];
    if (argc != 2 || sv_dtype_parse(argv[1], &dtype, &error) != SV_OK) {
        fprintf(stderr, "usage: make_samples DTYPE <NUMBERS >SAMPLES\n");
        return 1;
    }
    while (scanf("%63s", word) == 1) {
        sv_scalar scalar;
        char sample[16];
        if (sv_scalar_parse(word, &scalar) != SV_OK ||
            sv_dtype_store(dtype, sample, scalar) != SV_OK) {
            fprintf(stderr, "make_samples: '%s' is no %s\n", word, argv[1]);
            return 1;
        }
        fwrite(sample, 1, sv_dtype_itemsize(dtype), stdout);
    }
    return ferror(stdin) || fclose(stdout) != 0 ? 1 : 0;
}
