/* What every public header needs: the mark of an exported function. */
#ifndef SEISVIEW_API_H
#define SEISVIEW_API_H

#if defined(__GNUC__)
#define SV_API __attribute__((visibility("default")))
#else
#define SV_API
#endif

#endif
