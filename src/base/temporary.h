/* Files without a name: they are gone when their last descriptor is closed. */
#ifndef SV_BASE_TEMPORARY_H
#define SV_BASE_TEMPORARY_H

/* $TMPDIR, else /var/tmp: a recording may be too large for a /tmp that lies in memory. */
const char *sv_temporary_directory(void);

/* A new nameless file in `directory`, open for reading and writing. −1 with errno. */
int sv_open_nameless(const char *directory);

#endif
