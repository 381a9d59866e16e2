#include "kernel/set.h"

#define SV_TEXT_OF(set) #set
#define SV_TEXT(set)    SV_TEXT_OF(set)

const sv_kernels SV_SET(kernels) = {
    .name = SV_TEXT(SV_KERNEL_SET),
    .survey = SV_SET(survey),
    .zeros_f4 = SV_SET(zeros_f4),
    .zeros_f8 = SV_SET(zeros_f8),
    .count_f4 = SV_SET(count_f4),
    .count_f8 = SV_SET(count_f8),
    .fold_f4 = SV_SET(fold_f4),
    .fold_f8 = SV_SET(fold_f8),
    .centre_f4 = SV_SET(centre_f4),
    .centre_f8 = SV_SET(centre_f8),
    .powers_f4 = SV_SET(powers_f4),
    .powers_f8 = SV_SET(powers_f8),
    .equal_f4 = SV_SET(equal_f4),
    .equal_f8 = SV_SET(equal_f8),
    .equal_stored = SV_SET(equal_stored),
    .find_f4 = SV_SET(find_f4),
    .find_f8 = SV_SET(find_f8),
    .convert = SV_SET(convert),
    .part = SV_SET(part),
    .integers = SV_SET(integers),
    .histogram_f4 = SV_SET(histogram_f4),
    .histogram_i4 = SV_SET(histogram_i4),
    .histogram_f8 = SV_SET(histogram_f8),
    .spread_f4 = SV_SET(spread_f4),
    .spread_f8 = SV_SET(spread_f8),
    .shift_f4 = SV_SET(shift_f4),
    .shift_f8 = SV_SET(shift_f8),
    .centre_frames = SV_SET(centre_frames),
    .add_products = SV_SET(add_products),
    .sum_f4 = SV_SET(sum_f4),
    .split_frames = SV_SET(split_frames),
    .add_up = SV_SET(add_up),
};
