/* The same loop; it is compiled with -ffast-math. */
#include "match_loop.c"
