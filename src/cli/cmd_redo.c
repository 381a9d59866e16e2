/* seisview redo: does again what was undone last. */
#include "cli/command.h"
#include "cli/editing.h"

int cmd_redo(const struct options *options)
{
    return editing_steps(options, sv_edit_redo, "was done again");
}
