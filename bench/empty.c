/* Does nothing, linked to the libraries of others that seisview is linked to: what of its start-up
 * is theirs. Naming a function of each keeps the linker from leaving it out. */
#include <jansson.h>
#include <libmseed.h>
#include <sndfile.h>

int main(int count, char *arguments[])
{
    (void)arguments;
    if (count > 1) {
        return sf_version_string() != NULL && ms_samplesize('i') == 4 && json_null() != NULL;
    }
    return 0;
}
