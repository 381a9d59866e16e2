#include "kernel_cases.h"

int main(void)
{
    return run_kernel_cases("avx512");
}
