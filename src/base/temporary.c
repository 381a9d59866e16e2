#include "base/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

const char *sv_temporary_directory(void)
{
    const char *directory = getenv("TMPDIR");
    return directory != NULL && directory[0] != '\0' ? directory : "/var/tmp";
}

/* For file systems that cannot make a file without a name. */
static int open_unlinked(const char *directory)
{
    static const char pattern[] = "/seisview-XXXXXX";
    char *path = sv_malloc(strlen(directory) + sizeof pattern);
    if (path == NULL) {
        errno = ENOMEM;
        return -1;
    }
    strcpy(path, directory);
    strcat(path, pattern);
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0) {
        unlink(path);
    }
    sv_free(path);
    return fd;
}

int sv_open_nameless(const char *directory)
{
#ifdef O_TMPFILE
    int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0) {
        return fd;
    }
#endif
    return open_unlinked(directory);
}
