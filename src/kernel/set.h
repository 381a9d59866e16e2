/* The reference sources are compiled once for each instruction set, with that set's compiler flags.
 * SV_SET(name) is the name of a function in the set that is being compiled. */
#ifndef SV_KERNEL_SET_H
#define SV_KERNEL_SET_H

#include "kernel/kernel.h"

#ifndef SV_KERNEL_SET
#define SV_KERNEL_SET reference
#endif

#define SV_SET_JOIN(name, set)   sv_##name##_##set
#define SV_SET_EXPAND(name, set) SV_SET_JOIN(name, set)
#define SV_SET(name)             SV_SET_EXPAND(name, SV_KERNEL_SET)

extern const sv_kernels SV_SET(kernels);

bool SV_SET(survey)(sv_dtype dtype, sv_lanes *lanes, const void *const stream[SV_STREAMS],
                    int64_t lines, sv_pair_bits *pairs, sv_power_lanes *powers);
void SV_SET(zeros_f4)(sv_counts *counts, const float *const stream[SV_STREAMS], int64_t lines);
void SV_SET(zeros_f8)(sv_counts *counts, const double *const stream[SV_STREAMS], int64_t lines);
void SV_SET(count_f4)(sv_counts *counts, const float *const stream[SV_STREAMS], int64_t lines);
void SV_SET(count_f8)(sv_counts *counts, const double *const stream[SV_STREAMS], int64_t lines);
void SV_SET(fold_f4)(double high[SV_LANES], double low[SV_LANES],
                     const float *const stream[SV_STREAMS], int64_t lines, double pivot,
                     bool all_finite);
void SV_SET(fold_f8)(double high[SV_LANES], double low[SV_LANES],
                     const double *const stream[SV_STREAMS], int64_t lines, double pivot,
                     bool all_finite);
void SV_SET(centre_f4)(double squares[SV_LANES], const float *const stream[SV_STREAMS],
                       int64_t lines, double pilot, double scale, bool all_finite);
void SV_SET(centre_f8)(double squares[SV_LANES], const double *const stream[SV_STREAMS],
                       int64_t lines, double pilot, double scale, bool all_finite);
void SV_SET(powers_f4)(double cubes[SV_LANES], double fourths[SV_LANES],
                       const float *const stream[SV_STREAMS], int64_t lines, double pilot,
                       double scale, bool all_finite);
void SV_SET(powers_f8)(double cubes[SV_LANES], double fourths[SV_LANES],
                       const double *const stream[SV_STREAMS], int64_t lines, double pilot,
                       double scale, bool all_finite);
void SV_SET(equal_f4)(const float *samples, int64_t pairs, uint64_t *bits);
void SV_SET(equal_f8)(const double *samples, int64_t pairs, uint64_t *bits);
void SV_SET(equal_stored)(const char *samples, size_t itemsize, int64_t pairs, uint64_t *bits);
int64_t SV_SET(find_f4)(const float *samples, int64_t n, float value);
int64_t SV_SET(find_f8)(const double *samples, int64_t n, double value);
void SV_SET(convert)(sv_dtype dtype, const char *from, ptrdiff_t stride, int64_t n, void *to);
void SV_SET(part)(const char *from, ptrdiff_t frame_bytes, size_t itemsize, int rows,
                  int64_t frames, char *to, ptrdiff_t row_bytes);
/* The same, a sample at a time. */
void SV_SET(part_some)(const char *from, ptrdiff_t frame_bytes, size_t itemsize, int rows,
                       int64_t frames, char *to, ptrdiff_t row_bytes);
/* The same of frames all behind which another one lies, of 4-byte samples. */
void SV_SET(part_chunk)(const char *from, ptrdiff_t frame_bytes, int rows, int64_t frames, char *to,
                        ptrdiff_t row_bytes);
bool SV_SET(survey_frames)(const sv_frames *f, int64_t first, int64_t count, sv_lanes *lanes);
/* IBM floats to float64; of convert(). */
void SV_SET(convert_ibm4)(bool big, const char *from, ptrdiff_t stride, int64_t n, double *to);
void SV_SET(integers)(sv_dtype dtype, const char *from, ptrdiff_t stride, int64_t n, uint32_t *to);
void SV_SET(histogram_f4)(const sv_bins *bins, const void *samples, int64_t n, uint32_t *counts);
void SV_SET(histogram_i4)(const sv_bins *bins, const void *samples, int64_t n, uint32_t *counts);
void SV_SET(histogram_f8)(const sv_bins *bins, const void *samples, int64_t n, uint32_t *counts);
double SV_SET(dot_f4)(const float *x, ptrdiff_t x_step, const float *y, ptrdiff_t y_step,
                      int64_t n);
double SV_SET(dot_f8)(const double *x, ptrdiff_t x_step, const double *y, ptrdiff_t y_step,
                      int64_t n);
double SV_SET(sizes_f4)(const float *x, ptrdiff_t step, int64_t n);
double SV_SET(sizes_f8)(const double *x, ptrdiff_t step, int64_t n);
void SV_SET(spread_f4)(const float *x, int64_t n, sv_spread *spread);
void SV_SET(spread_f8)(const double *x, int64_t n, sv_spread *spread);
void SV_SET(centre_row_f4)(const float *x, int64_t n, double pilot, double scale, float *to,
                           const void *next, sv_deviations *found);
void SV_SET(centre_row_f8)(const double *x, int64_t n, double pilot, double scale, float *to,
                           const void *next, sv_deviations *found);
void SV_SET(centre_frames)(const float *frames, int64_t step, int64_t n, int64_t rows,
                           const float *pilots, const float *scales, float *to, int64_t to_step,
                           double *sums, double *squares);
void SV_SET(add_products)(double *sums, const float *products, int64_t n, double scale,
                          const double *scales, double delta, const double *deltas, double offset,
                          const double *offsets);
float SV_SET(sum_f4)(const float *const stream[SV_STREAMS], int64_t lines);
bool SV_SET(split_frames)(const uint8_t packings[SV_STEIM_CODES], const unsigned char *frames,
                          int64_t num_frames, sv_byte_order order, int32_t *differences,
                          int64_t *count);
void SV_SET(add_up)(int32_t before, const int32_t *differences, int64_t count, int32_t *samples);
void SV_SET(transform)(sv_waves *waves, int levels, const double *roots);
void SV_SET(restore)(sv_waves *waves, int levels, const double *roots);
void SV_SET(multiply)(sv_waves *to, const sv_waves *from, const double *factors, int64_t n,
                      bool add);
void SV_SET(centre_windows)(const sv_waves *samples, int64_t n, double means[SV_WINDOWS],
                            double squares[SV_WINDOWS]);
void SV_SET(take_off)(const sv_waves *samples, int64_t n, const double means[SV_WINDOWS],
                      sv_waves *to);
bool SV_SET(weigh_windows)(const sv_waves *samples, int64_t length, int64_t count,
                           const double *reciprocals, const double least[SV_WINDOWS],
                           sv_waves *scratch, sv_waves *weights);
void SV_SET(add_weighed)(const sv_waves *products, const sv_waves *weights, int64_t count,
                         double *sums);
void SV_SET(add_slid)(const double *samples, const double *const templates[], int64_t num_templates,
                      int64_t length, const double *weights, int64_t count, double *const sums[]);
void SV_SET(settle)(const double *sums, int64_t n, double divisor, float *function);

#endif
