/* Forgetting: a new journal takes the place of the old one, with the newest transactions alone. */
#include "edit/editor.h"

sv_status sv_editor_forget(sv_editor *editor, sv_error *error)
{
    sv_journal fresh;
    if (!editor->has_journal) {
        return SV_OK;
    }
    sv_status status = sv_editor_exclude(editor, error);
    if (status == SV_OK) {
        status = sv_journal_create(editor->system, editor->journal_path, &editor->recording,
                                   editor->journal.number, &fresh, error);
    }
    if (status == SV_OK) {
        sv_journal_close(&editor->journal);
        editor->journal = fresh;
    }
    sv_editor_readmit(editor);
    return status;
}
