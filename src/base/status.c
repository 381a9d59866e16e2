#include "seisview/status.h"

#include <stddef.h>

static const struct {
    const char *name, *text;
} statuses[] = {
#define SV_STATUS(name, text) {"SV_" #name, text},
#include "seisview/status.def"
#undef SV_STATUS
};

const char *sv_status_text(sv_status status)
{
    return (size_t)status < SV_NUM_STATUSES ? statuses[status].text : "an unknown status";
}

const char *sv_status_name(sv_status status)
{
    return (size_t)status < SV_NUM_STATUSES ? statuses[status].name : "SV_UNKNOWN";
}
