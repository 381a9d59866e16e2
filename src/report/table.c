/* Tables for people: cards for a few rows, one line a row for many.
 *
 *   quake.bin                              quake.bin
 *
 *   format       raw                       format raw, dtype <f4, num_samples 60000
 *   dtype        <f4
 *                                          channel  sample_min
 *   channel          0      1                    0   -1234.567
 *   num_samples  60000  60000                    1    -234.567
 *
 * The title is the file that all rows belong to, facts are what they have in common. */
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "report/page.h"
#include "report/style.h"

#define GAP         2  /* blanks between columns */
#define PLAIN_WIDTH 80 /* of lines of facts where there is no terminal to ask */

enum ink { PLAIN, BOLD, DIM, WARNING };

enum place {
    IN_TITLE, /* the first column alone */
    IN_FACTS,
    IN_BODY,
    LEFT_OUT /* not known of any row, or the terminal is too narrow */
};

/* What a page's column is like, and where it goes. */
struct layout {
    enum place place;
    int width;     /* of its widest cell */
    bool numeric;  /* its cells stand at the right edge */
    bool constant; /* all rows say the same */
};

/* A page on its way to paper. */
struct drawing {
    FILE *file;
    bool color;
    int width;
    const sv_column *columns;
    const struct sv_page *page;
    struct layout *layout; /* of each column */
    bool is_list;
};

static void draw(const struct drawing *drawing, enum ink ink, const char *text)
{
    static const char *const codes[] = {
        [PLAIN] = "", [BOLD] = "\033[1m", [DIM] = "\033[2m", [WARNING] = "\033[33m"};
    bool color = drawing->color && ink != PLAIN;
    fprintf(drawing->file, "%s%s%s", color ? codes[ink] : "", text, color ? "\033[m" : "");
}

static void draw_blanks(const struct drawing *drawing, int count)
{
    fprintf(drawing->file, "%*s", count > 0 ? count : 0, "");
}

static const char *text_of(const struct drawing *drawing, int row, int column)
{
    return sv_page_cell(drawing->page, row, column)->text;
}

static enum ink ink_of(const struct drawing *drawing, int row, int column)
{
    const struct sv_cell *cell = sv_page_cell(drawing->page, row, column);
    bool number = cell->kind == SV_VALUE_INT || cell->kind == SV_VALUE_REAL;
    bool wrong = cell->kind == SV_VALUE_BOOL && cell->number == 0.0;
    switch (drawing->columns[column].notice) {
    case SV_NOTICE_NONZERO: return number && cell->number != 0.0 ? WARNING : PLAIN;
    case SV_NOTICE_FALSE: return wrong ? WARNING : PLAIN;
    case SV_NOTICE_NEVER: break;
    }
    return cell->kind == SV_VALUE_NULL ? DIM : PLAIN;
}

static bool names_or_tells(const struct drawing *drawing, int column)
{
    return drawing->columns[column].heading || drawing->columns[column].fact;
}

/* What is not known of any row is no fact. */
static bool is_unknown(const struct drawing *drawing, int column)
{
    return sv_page_cell(drawing->page, 0, column)->kind == SV_VALUE_NULL &&
           drawing->layout[column].constant;
}

static void place_title(struct drawing *drawing)
{
    if (drawing->columns[0].heading && drawing->layout[0].constant) {
        drawing->layout[0].place = IN_TITLE;
    }
}

static void draw_title(const struct drawing *drawing)
{
    if (drawing->layout[0].place == IN_TITLE) {
        draw(drawing, BOLD, text_of(drawing, 0, 0));
        fputs("\n\n", drawing->file);
    }
}

/* ---- cards --------------------------------------------------------------------------------- */

static int key_width(const struct drawing *drawing)
{
    int widest = 0;
    for (int column = 0; column < drawing->page->num_columns; column++) {
        int width = sv_display_width(drawing->columns[column].key);
        bool drawn =
            drawing->layout[column].place == IN_FACTS || drawing->layout[column].place == IN_BODY;
        widest = drawn && width > widest ? width : widest;
    }
    return widest;
}

/* All cards are as wide as the widest. */
static int card_width(const struct drawing *drawing)
{
    int widest = 0;
    for (int column = 0; column < drawing->page->num_columns; column++) {
        int width = drawing->layout[column].width;
        widest = drawing->layout[column].place == IN_BODY && width > widest ? width : widest;
    }
    return widest;
}

static void place_for_cards(struct drawing *drawing)
{
    const struct sv_page *page = drawing->page;
    for (int column = 0; column < page->num_columns; column++) {
        bool shared = page->num_rows > 1 && drawing->layout[column].constant;
        bool may_be_fact = names_or_tells(drawing, column);
        drawing->layout[column].place = may_be_fact && is_unknown(drawing, column) ? LEFT_OUT
                                        : may_be_fact && shared                    ? IN_FACTS
                                                                                   : IN_BODY;
    }
    place_title(drawing);
}

static bool cards_fit(const struct drawing *drawing)
{
    int num_rows = drawing->page->num_rows;
    int needed = key_width(drawing) + num_rows * (GAP + card_width(drawing));
    return drawing->width == 0 || needed <= drawing->width || num_rows == 1;
}

static void draw_key(const struct drawing *drawing, int column, int keys)
{
    const char *key = drawing->columns[column].key;
    draw(drawing, DIM, key);
    draw_blanks(drawing, keys + GAP - sv_display_width(key));
}

/* A line for each fact, its value where the cards begin. */
static void draw_card_facts(const struct drawing *drawing, int keys)
{
    bool any = false;
    for (int column = 0; column < drawing->page->num_columns; column++) {
        if (drawing->layout[column].place == IN_FACTS) {
            draw_key(drawing, column, keys);
            draw(drawing, ink_of(drawing, 0, column), text_of(drawing, 0, column));
            fputc('\n', drawing->file);
            any = true;
        }
    }
    fputs(any ? "\n" : "", drawing->file);
}

/* What tells several cards apart stands above them; a single one keeps the keys' order. */
static bool heads_cards(const struct drawing *drawing, int column)
{
    return drawing->columns[column].heading && drawing->page->num_rows > 1;
}

static void draw_card_line(const struct drawing *drawing, int column, int keys, int cards)
{
    bool heading = heads_cards(drawing, column);
    draw_key(drawing, column, keys);
    for (int row = 0; row < drawing->page->num_rows; row++) {
        const char *text = text_of(drawing, row, column);
        draw_blanks(drawing, cards - sv_display_width(text) + (row > 0 ? GAP : 0));
        draw(drawing, heading ? BOLD : ink_of(drawing, row, column), text);
    }
    fputc('\n', drawing->file);
}

static void draw_cards(const struct drawing *drawing)
{
    int keys = key_width(drawing), cards = card_width(drawing);
    draw_title(drawing);
    draw_card_facts(drawing, keys);
    for (int column = 0; column < drawing->page->num_columns; column++) {
        if (drawing->layout[column].place == IN_BODY && heads_cards(drawing, column)) {
            draw_card_line(drawing, column, keys, cards);
        }
    }
    for (int column = 0; column < drawing->page->num_columns; column++) {
        if (drawing->layout[column].place == IN_BODY && !heads_cards(drawing, column)) {
            draw_card_line(drawing, column, keys, cards);
        }
    }
}

/* ---- lines --------------------------------------------------------------------------------- */

static int line_column_width(const struct drawing *drawing, int column)
{
    int key = sv_display_width(drawing->columns[column].key);
    int cells = drawing->layout[column].width;
    return key > cells ? key : cells;
}

static int line_width(const struct drawing *drawing)
{
    int width = -GAP;
    for (int column = 0; column < drawing->page->num_columns; column++) {
        if (drawing->layout[column].place == IN_BODY) {
            width += GAP + line_column_width(drawing, column);
        }
    }
    return width;
}

/* Where all rows agree in everything, what names them still makes lines. */
static void place_for_lines(struct drawing *drawing)
{
    const struct sv_page *page = drawing->page;
    bool differ = false;
    for (int column = 0; column < page->num_columns; column++) {
        bool may_be_shared = !drawing->is_list || drawing->columns[column].fact;
        bool shared = may_be_shared && drawing->layout[column].constant;
        drawing->layout[column].place = shared ? IN_FACTS : IN_BODY;
        differ = differ || !shared;
    }
    for (int column = 0; column < page->num_columns && !differ; column++) {
        if (drawing->columns[column].heading) {
            drawing->layout[column].place = IN_BODY;
        }
    }
    place_title(drawing);
}

/* The rightmost of the least important columns, −1: nothing may go. */
static int least_important(const struct drawing *drawing)
{
    int least = -1;
    for (int column = 0; column < drawing->page->num_columns; column++) {
        const sv_column *candidate = &drawing->columns[column];
        if (drawing->layout[column].place == IN_BODY && !candidate->heading &&
            (least < 0 || candidate->importance <= drawing->columns[least].importance)) {
            least = column;
        }
    }
    return least;
}

/* Makes the lines fit; returns how many columns are left out. */
static int leave_out(struct drawing *drawing)
{
    int num_left_out = 0;
    while (drawing->width > 0 && line_width(drawing) > drawing->width) {
        int column = least_important(drawing);
        if (column < 0) {
            break;
        }
        drawing->layout[column].place = LEFT_OUT;
        num_left_out++;
    }
    return num_left_out;
}

/* "key value, key value, …", in lines of so many columns, and a blank line. */
static void draw_line_facts(const struct drawing *drawing, int width)
{
    int used = 0;
    for (int column = 0; column < drawing->page->num_columns; column++) {
        if (drawing->layout[column].place != IN_FACTS || is_unknown(drawing, column)) {
            continue;
        }
        const char *key = drawing->columns[column].key, *text = text_of(drawing, 0, column);
        int needed = sv_display_width(key) + 1 + sv_display_width(text);
        if (used > 0 && used + 2 + needed + 1 > width) {
            fputs(",\n", drawing->file);
            used = 0;
        } else if (used > 0) {
            fputs(", ", drawing->file);
            used += 2;
        }
        draw(drawing, DIM, key);
        fputc(' ', drawing->file);
        draw(drawing, ink_of(drawing, 0, column), text);
        used += needed;
    }
    fputs(used > 0 ? "\n\n" : "", drawing->file);
}

/* One line; row −1 is the keys. */
static void draw_line(const struct drawing *drawing, int row)
{
    int owed = 0; /* blanks that only a further column needs */
    for (int column = 0; column < drawing->page->num_columns; column++) {
        if (drawing->layout[column].place != IN_BODY) {
            continue;
        }
        const char *text = row < 0 ? drawing->columns[column].key : text_of(drawing, row, column);
        int blanks = line_column_width(drawing, column) - sv_display_width(text);
        bool right = drawing->layout[column].numeric;
        draw_blanks(drawing, owed + (right ? blanks : 0));
        draw(drawing, row < 0 ? BOLD : ink_of(drawing, row, column), text);
        owed = GAP + (right ? 0 : blanks);
    }
    fputc('\n', drawing->file);
}

static void draw_lines(struct drawing *drawing)
{
    int num_left_out = leave_out(drawing), lines = line_width(drawing);
    int plain = lines > PLAIN_WIDTH ? lines : PLAIN_WIDTH;
    draw_title(drawing);
    draw_line_facts(drawing, drawing->width > 0 ? drawing->width : plain);
    for (int row = -1; row < drawing->page->num_rows; row++) {
        draw_line(drawing, row);
    }
    if (num_left_out > 0) {
        char footer[64];
        snprintf(footer, sizeof footer, "%d column%s left out; --json has all", num_left_out,
                 num_left_out > 1 ? "s" : "");
        fputc('\n', drawing->file);
        draw(drawing, DIM, footer);
        fputc('\n', drawing->file);
    }
}

/* ---- the style ----------------------------------------------------------------------------- */

static void draw_as_fits(sv_report *report, struct layout *layout, bool may_be_cards)
{
    struct drawing drawing = {report->file, report->color, report->width,  report->columns,
                              report->page, layout,        report->is_list};
    for (int column = 0; column < report->num_columns; column++) {
        layout[column].width = sv_page_width(report->page, column);
        layout[column].numeric = sv_page_numeric(report->page, column);
        layout[column].constant = sv_page_constant(report->page, column);
    }
    place_for_cards(&drawing);
    if (may_be_cards && !report->is_list && report->page->num_rows <= SV_CARD_ROWS &&
        cards_fit(&drawing)) {
        draw_cards(&drawing);
    } else {
        place_for_lines(&drawing);
        draw_lines(&drawing);
    }
}

static sv_status draw_page(sv_report *report, bool may_be_cards, sv_error *error)
{
    size_t size_bytes = (size_t)report->num_columns * sizeof(struct layout);
    struct layout *layout = sv_malloc(size_bytes);
    if (layout == NULL) {
        return sv_fail_memory(error, size_bytes);
    }
    sv_status status = sv_page_format(report->page, error);
    if (status == SV_OK) {
        fputs(report->begun ? "\n" : "", report->file);
        report->begun = true;
        draw_as_fits(report, layout, may_be_cards);
        status = sv_report_written(report, error);
    }
    sv_page_clear(report->page);
    sv_free(layout);
    return status;
}

static sv_status row(sv_report *report, const sv_value *values, sv_error *error)
{
    sv_status status = SV_OK;
    if (report->page == NULL) {
        status = sv_page_open(report->num_columns, &report->page, error);
    } else if (report->page->num_rows == SV_PAGE_ROWS) {
        status = draw_page(report, false, error);
    }
    return status == SV_OK ? sv_page_add(report->page, values, error) : status;
}

/* A page that follows others looks like them, but for a last row alone: often that for all. */
static sv_status finish(sv_report *report, sv_error *error)
{
    sv_status status = SV_OK;
    if (report->page != NULL && report->page->num_rows > 0) {
        bool alone = !report->begun || report->page->num_rows == 1;
        status = draw_page(report, alone, error);
    }
    sv_page_close(report->page);
    return status;
}

const struct sv_style sv_style_table = {row, finish};
