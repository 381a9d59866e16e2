/* seisview undo: takes back the newest edits. */
#include "cli/command.h"
#include "cli/editing.h"

int cmd_undo(const struct options *options)
{
    return editing_steps(options, sv_edit_undo, "was undone");
}
