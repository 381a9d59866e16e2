#include "cli/options.h"

#include <getopt.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/message.h"
#include "cli/signals.h"

#define MOST_THREADS 1024
#define FIRST_LONG   256 /* getopt answers below it are letters */

/* Which commands take an option. */
enum {
    STATS = 1 << COMMAND_stats,
    INFO = 1 << COMMAND_info,
    DUMP = 1 << COMMAND_dump,
    CONVERT = 1 << COMMAND_convert,
    BENCH = 1 << COMMAND_bench,
    CORR = 1 << COMMAND_corr,
    MATCH = 1 << COMMAND_match,
    EDIT = 1 << COMMAND_edit,
    UNDO = 1 << COMMAND_undo | 1 << COMMAND_redo,
    LOG = 1 << COMMAND_log,
    VERIFY = 1 << COMMAND_verify,
    HELP = 1 << COMMAND_help,
    SCANNING = STATS | INFO | DUMP,
    READING = SCANNING | CONVERT | CORR | MATCH,
    OPENING = READING | BENCH | EDIT,
    REPORTING = STATS | INFO | BENCH | LOG | CORR | MATCH,
    CHANGING = EDIT | UNDO | VERIFY,
    LOCKING = CHANGING | LOG
};

/* Reads an option's argument; an entry without one is an operation of the library's, which knows
 * its name. On failure `error->message` says what is wrong with it. */
typedef bool option_reader(struct options *options, const char *text, sv_error *error);

struct option_entry {
    const char *name;
    const char *argument; /* NULL: it takes none; "[=N]": it may take one */
    int commands;
    option_reader *read;
    const char *help;
};

static bool refuse(sv_error *error, const char *sentence)
{
    snprintf(error->message, sizeof error->message, "%s", sentence);
    return false;
}

static bool read_integer(const char *text, int64_t least, int64_t most, int64_t *value)
{
    sv_scalar scalar;
    if (sv_scalar_parse(text, &scalar) != SV_OK || scalar.kind != SV_KIND_INT ||
        scalar.value.i < least || scalar.value.i > most) {
        return false;
    }
    *value = scalar.value.i;
    return true;
}

/* ---- input --------------------------------------------------------------------------------- */

static bool read_format(struct options *options, const char *text, sv_error *error)
{
    size_t used = (size_t)snprintf(error->message, sizeof error->message,
                                   "there is no such "
                                   "format; one of:");
    for (int i = 0; sv_format_name(i) != NULL; i++) {
        if (strcmp(text, sv_format_name(i)) == 0) {
            options->open.format = text;
            return true;
        }
        used += (size_t)snprintf(error->message + used, sizeof error->message - used, " %s",
                                 sv_format_name(i));
    }
    return false;
}

static bool read_dtype(struct options *options, const char *text, sv_error *error)
{
    return sv_dtype_parse(text, &options->open.dtype, error) == SV_OK;
}

static bool read_channels(struct options *options, const char *text, sv_error *error)
{
    return read_integer(text, 1, INT64_MAX, &options->open.channels) ||
           refuse(error, "that is no number of channels; give 1 or more");
}

static bool read_layout(struct options *options, const char *text, sv_error *error)
{
    if (strcmp(text, "interleaved") == 0) {
        options->open.layout = SV_INTERLEAVED;
    } else if (strcmp(text, "planar") == 0) {
        options->open.layout = SV_PLANAR;
    } else {
        return refuse(error, "there is no such layout; give interleaved or planar");
    }
    return true;
}

static bool read_rate(struct options *options, const char *text, sv_error *error)
{
    sv_scalar scalar;
    double rate = sv_scalar_parse(text, &scalar) == SV_OK ? sv_scalar_as_f8(scalar) : NAN;
    if (!isfinite(rate) || rate <= 0.0) {
        return refuse(error, "that is no sample rate; give a number of Hz above 0");
    }
    options->open.rate = rate;
    return true;
}

static bool read_start(struct options *options, const char *text, sv_error *error)
{
    sv_status status = sv_time_parse(text, &options->open.start);
    if (status == SV_OVERFLOW) {
        return refuse(error, "that time is outside the years 1677 to 2262");
    }
    return status == SV_OK ||
           refuse(error, "that is no time; give UTC as 2026-01-31T12:00:00.5Z or "
                         "2026,031,12:00:00.5");
}

static bool read_skip(struct options *options, const char *text, sv_error *error)
{
    return read_integer(text, 0, INT64_MAX, &options->open.skip_bytes) ||
           refuse(error, "that is no number of bytes; give 0 or more");
}

static bool read_from(struct options *options, const char *text, sv_error *error)
{
    return sv_position_parse(text, &options->window.from, error) == SV_OK;
}

static bool read_to(struct options *options, const char *text, sv_error *error)
{
    return sv_position_parse(text, &options->window.to, error) == SV_OK;
}

static bool read_channel(struct options *options, const char *text, sv_error *error)
{
    static const sv_channel any = {.number = 0, .start = SV_TIME_NONE};
    bool selected;
    options->channels = text;
    return sv_channel_selected(text, &any, &selected, error) == SV_OK;
}

static bool set_join(struct options *options, const char *text, sv_error *error)
{
    (void)text;
    (void)error;
    options->join = true;
    return true;
}

/* ---- running ------------------------------------------------------------------------------- */

static bool read_threads(struct options *options, const char *text, sv_error *error)
{
    int64_t threads;
    if (!read_integer(text, 1, MOST_THREADS, &threads)) {
        return refuse(error, "that is no number of threads; give 1 to 1024");
    }
    options->scan.threads = (int)threads;
    return true;
}

static bool read_io(struct options *options, const char *text, sv_error *error)
{
    static const char *const names[] = {[SV_IO_AUTO] = "auto",
                                        [SV_IO_MAP] = "map",
                                        [SV_IO_READ] = "read",
                                        [SV_IO_DIRECT] = "direct"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(text, names[i]) == 0) {
            options->scan.io = (sv_io)i;
            return true;
        }
    }
    return refuse(error, "there is no such way to read; give auto, map, read or direct");
}

static bool read_progress(struct options *options, const char *text, sv_error *error)
{
    if (strcmp(text, "always") == 0) {
        options->progress = PROGRESS_ALWAYS;
    } else if (strcmp(text, "never") == 0) {
        options->progress = PROGRESS_NEVER;
    } else {
        return refuse(error, "give always or never");
    }
    return true;
}

static bool set_explain(struct options *options, const char *text, sv_error *error)
{
    (void)text;
    (void)error;
    options->explain = true;
    return true;
}

static bool set_help(struct options *options, const char *text, sv_error *error)
{
    (void)text;
    (void)error;
    options->help = true;
    return true;
}

static bool read_wait(struct options *options, const char *text, sv_error *error)
{
    sv_scalar scalar;
    double seconds = sv_scalar_parse(text, &scalar) == SV_OK ? sv_scalar_as_f8(scalar) : NAN;
    options->wait_seconds = options->open.wait_seconds = seconds;
    return (isfinite(seconds) && seconds >= 0.0) ||
           refuse(error, "that is no number of seconds; give 0 or more");
}

/* ---- edits --------------------------------------------------------------------------------- */

static bool read_operation(struct options *options, const char *name, const char *text,
                           sv_error *error)
{
    if (options->num_operations == SV_MOST_OPERATIONS) {
        return refuse(error, "there are more than 64 operations; make several edits");
    }
    return sv_operation_parse(name, text, &options->operations[options->num_operations++], error) ==
           SV_OK;
}

static bool set_dry_run(struct options *options, const char *text, sv_error *error)
{
    (void)text;
    (void)error;
    options->dry_run = true;
    return true;
}

static bool read_undo(struct options *options, const char *text, sv_error *error)
{
    options->undo_none = strcmp(text, "none") == 0;
    return options->undo_none || strcmp(text, "keep") == 0 || refuse(error, "give keep or none");
}

static bool read_forget(struct options *options, const char *text, sv_error *error)
{
    options->forget = true;
    return text == NULL || read_integer(text, 0, INT64_MAX, &options->num_kept) ||
           refuse(error, "that is no number of edits; give 0 or more");
}

/* ---- output -------------------------------------------------------------------------------- */

static bool set_style(struct options *options, sv_report_style style, sv_error *error)
{
    if (options->style_is_given && options->style != style) {
        return refuse(error, "--json and --csv exclude each other; give one of them");
    }
    options->style_is_given = true;
    options->style = style;
    return true;
}

static bool set_json(struct options *options, const char *text, sv_error *error)
{
    (void)text;
    return set_style(options, SV_JSON, error);
}

static bool set_csv(struct options *options, const char *text, sv_error *error)
{
    (void)text;
    return set_style(options, SV_CSV, error);
}

static bool set_dump(struct options *options, enum dump_style style, sv_error *error)
{
    if (options->dump_is_given && options->dump != style) {
        return refuse(error, "--hex and --raw exclude each other; give one of them");
    }
    options->dump_is_given = true;
    options->dump = style;
    return true;
}

static bool set_hex(struct options *options, const char *text, sv_error *error)
{
    (void)text;
    return set_dump(options, DUMP_HEX, error);
}

static bool set_raw(struct options *options, const char *text, sv_error *error)
{
    (void)text;
    return set_dump(options, DUMP_RAW, error);
}

/* The library knows which formats are written, and which encodings each of them has. */
static bool read_to_format(struct options *options, const char *text, sv_error *error)
{
    (void)error;
    options->to_format = text;
    return true;
}

static bool read_encoding(struct options *options, const char *text, sv_error *error)
{
    (void)error;
    options->encoding = text;
    return true;
}

static bool set_force(struct options *options, const char *text, sv_error *error)
{
    (void)text;
    (void)error;
    options->force = true;
    return true;
}

static bool read_output(struct options *options, const char *text, sv_error *error)
{
    options->output = text;
    return sv_plot_check(text, error) == SV_OK;
}

/* A picture, or NumPy's array. */
static bool read_matrix_output(struct options *options, const char *text, sv_error *error)
{
    const char *suffix = strrchr(text, '.');
    options->output = text;
    return (suffix != NULL && strcmp(suffix, ".npy") == 0) || sv_plot_check(text, NULL) == SV_OK ||
           refuse(error, "its suffix does not say what to write; give .npy, .png, .svg or .pdf");
}

static bool set_covariance(struct options *options, const char *text, sv_error *error)
{
    (void)text;
    (void)error;
    options->covariance = true;
    return true;
}

static bool read_nan(struct options *options, const char *text, sv_error *error)
{
    options->fail_on_missing = strcmp(text, "fail") == 0;
    return options->fail_on_missing || strcmp(text, "pairwise") == 0 ||
           refuse(error, "there is no such way to treat NaN; give pairwise or fail");
}

static bool read_against(struct options *options, const char *text, sv_error *error)
{
    options->against_numpy = strcmp(text, "numpy") == 0;
    return options->against_numpy || refuse(error, "there is no such program; give numpy");
}

/* The command knows its keys, and looks at the text. */
static bool read_condition(struct options *options, const char *text, sv_error *error)
{
    size_t count = (size_t)options->num_conditions + 1;
    (void)error;
    options->conditions =
        must_have(realloc(options->conditions, count * sizeof *options->conditions));
    options->conditions[options->num_conditions++] = text;
    return true;
}

static bool add_quantile(struct options *options, const char *text, sv_error *error)
{
    sv_scalar scalar;
    double quantile = sv_scalar_parse(text, &scalar) == SV_OK ? sv_scalar_as_f8(scalar) : NAN;
    if (!(quantile >= 0.0 && quantile <= 1.0)) {
        return refuse(error, "that is no list of quantiles; give numbers from 0 to 1, as in "
                             "0.01,0.99");
    }
    for (int i = 0; i < options->num_quantiles; i++) {
        if (options->quantiles[i] == quantile) {
            return refuse(error, "a quantile is given twice; give each once");
        }
    }
    if (options->num_quantiles == MOST_QUANTILES) {
        snprintf(error->message, sizeof error->message,
                 "these are too many quantiles; give %d at most", MOST_QUANTILES);
        return false;
    }
    options->quantiles[options->num_quantiles++] = quantile + 0.0;
    return true;
}

static bool read_quantiles(struct options *options, const char *text, sv_error *error)
{
    options->quartiles = true;
    for (const char *rest = text; rest != NULL;) {
        char number[64];
        size_t length = strcspn(rest, ",");
        snprintf(number, sizeof number, "%.*s", length < sizeof number ? (int)length : 0, rest);
        if (!add_quantile(options, number, error)) {
            return false;
        }
        rest = rest[length] == ',' ? rest + length + 1 : NULL;
    }
    return true;
}

static bool set_moments(struct options *options, const char *text, sv_error *error)
{
    (void)text;
    (void)error;
    options->moments = true;
    return true;
}

static bool set_clipping(struct options *options, const char *text, sv_error *error)
{
    (void)text;
    (void)error;
    options->clipping = true;
    return true;
}

static bool set_energy(struct options *options, const char *text, sv_error *error)
{
    (void)text;
    (void)error;
    options->energy = true;
    return true;
}

static bool set_quick(struct options *options, const char *text, sv_error *error)
{
    (void)text;
    (void)error;
    options->quick = true;
    return true;
}

static bool read_detrend(struct options *options, const char *text, sv_error *error)
{
    options->detrend = true;
    options->detrend_order = 1;
    return text == NULL || read_integer(text, 0, SV_TREND_MOST_ORDER, &options->detrend_order) ||
           refuse(error, "that is no order of a trend; give 0 to 5");
}

/* ---- matching ------------------------------------------------------------------------------ */

/* The command opens them. */
static bool read_template(struct options *options, const char *text, sv_error *error)
{
    size_t count = (size_t)options->num_templates + 1;
    (void)error;
    options->templates = must_have(realloc(options->templates, count * sizeof *options->templates));
    options->templates[options->num_templates++] = text;
    return true;
}

static bool read_threshold(struct options *options, const char *text, sv_error *error)
{
    char number[64];
    size_t length = strlen(text);
    options->threshold_is_mad = length > 3 && strcmp(text + length - 3, "mad") == 0;
    length -= options->threshold_is_mad ? 3 : 0;
    snprintf(number, sizeof number, "%.*s", length < sizeof number ? (int)length : 0, text);
    sv_scalar scalar;
    double threshold = sv_scalar_parse(number, &scalar) == SV_OK ? sv_scalar_as_f8(scalar) : NAN;
    options->threshold = threshold;
    return (isfinite(threshold) && threshold > 0.0 &&
            (options->threshold_is_mad || threshold <= 1.0)) ||
           refuse(error, "that is no threshold; give a coefficient above 0 and up to 1, as in 0.7, "
                         "or median absolute deviations, as in 8mad");
}

static bool read_distance(struct options *options, const char *text, sv_error *error)
{
    sv_scalar scalar;
    options->distance = sv_scalar_parse(text, &scalar) == SV_OK ? sv_scalar_as_f8(scalar) : NAN;
    return (isfinite(options->distance) && options->distance >= 0.0) ||
           refuse(error, "that is no number of seconds; give 0 or more");
}

static bool set_subsample(struct options *options, const char *text, sv_error *error)
{
    (void)text;
    (void)error;
    options->subsample = true;
    return true;
}

static bool read_function(struct options *options, const char *text, sv_error *error)
{
    size_t length = strlen(text);
    options->output = text;
    return (length > 4 && strcmp(text + length - 4, ".npy") == 0) ||
           refuse(error, "the function is written as NumPy's format; give a name that ends in "
                         ".npy");
}

/* ---- the table ----------------------------------------------------------------------------- */

/* An entry without a name is a heading of the help. */
static const struct option_entry entries[] = {
    {NULL, NULL, OPENING, NULL, "Input"},
    {"format", "NAME", OPENING, read_format,
     "raw, sac, segy, su, mseed, npy or sound; otherwise by content, then by suffix"},
    {"dtype", "T", OPENING, read_dtype,
     "raw samples: f4 f8 i1 u1 i2 u2 i3 u3 i4 u4 i8 u8 ibm4, with < or > (default <f4)"},
    {"channels", "N", OPENING, read_channels, "raw: number of channels (default 1)"},
    {"layout", "NAME", OPENING, read_layout, "raw: interleaved (default) or planar"},
    {"rate", "HZ", OPENING, read_rate, "raw: sample rate (default 1)"},
    {"start", "TIME", OPENING, read_start, "raw: UTC of the first sample"},
    {"skip", "BYTES", OPENING, read_skip, "raw: bytes before the first sample (default 0)"},
    {"from", "P", READING | EDIT, read_from,
     "window: from the first sample at or after P, which is an index (1000), seconds (12.5s) or "
     "UTC (2026-01-31T12:00:00.5Z)"},
    {"to", "P", READING | EDIT, read_to, "window: up to P, which is left out"},
    {"join", NULL, READING, set_join, "the files are parts of one recording: by id and time"},
    {"channel", "SEL", READING | EDIT, read_channel,
     "channels by index (0,3-5) or id (IU.*.00.BH?)"},

    {NULL, NULL, EDIT, NULL, "Operations, done in the order given"},
    {"gain", "G", EDIT, NULL, "times G"},
    {"offset", "C", EDIT, NULL, "plus C"},
    {"invert", NULL, EDIT, NULL, "the other sign"},
    {"demean", NULL, EDIT, NULL, "minus each channel's mean"},
    {"detrend", "[=ORDER]", EDIT, NULL,
     "minus each channel's trend, a polynomial of ORDER 0 to 5 (default 1)"},
    {"clip", "LO,HI", EDIT, NULL, "not below LO, not above HI"},
    {"despike", "N", EDIT, NULL,
     "samples over N x 1.4826 median deviations from the median of the 11 around them become it"},
    {"fill-nan", "V", EDIT, NULL, "NaN become V; linear: the line between their neighbours"},
    {"set", "INDEX=V", EDIT, NULL, "the sample at INDEX becomes V"},
    {"taper", "FRACTION", EDIT, NULL, "a cosine taper over FRACTION of the samples at each end"},

    {NULL, NULL, EDIT, NULL, "Editing"},
    {"dry-run", NULL, EDIT, set_dry_run, "say what would change, and change nothing"},
    {"undo", "WHAT", EDIT, read_undo,
     "keep (default) what is overwritten, or none of it: no undo, and a small journal"},
    {"force", NULL, EDIT | UNDO | VERIFY, set_force, "on network file systems, too"},

    {NULL, NULL, REPORTING | DUMP | CONVERT, NULL, "Output"},
    {"json", NULL, REPORTING, set_json, "JSON Lines instead of a table"},
    {"csv", NULL, REPORTING, set_csv, "CSV instead of a table"},
    {"output", "FILE", BENCH, read_output, "draw what was measured into FILE: .png, .svg or .pdf"},
    {"output", "FILE", CORR, read_matrix_output,
     "instead of a table: the matrix as .npy, or drawn as .png, .svg or .pdf"},
    {"covariance", NULL, CORR, set_covariance, "covariances instead of correlations"},
    {"nan", "HOW", CORR, read_nan,
     "pairwise (default): each pair by the samples that both have; fail where one is missing"},
    {"output", "FILE", MATCH, read_function,
     "write the whole function into FILE.npy: float32, templates × positions"},
    {"template", "T", MATCH, read_template,
     "what is looked for: a file, or a window of one, FILE@A..B with A and B as --from takes them; "
     "repeatable"},
    {"threshold", "X", MATCH, read_threshold,
     "report maxima from X on: a coefficient (0.7), or median absolute deviations of the function "
     "(default 8mad)"},
    {"distance", "SECONDS", MATCH, read_distance,
     "of detections closer than that only the best stays (default: half the template)"},
    {"subsample", NULL, MATCH, set_subsample, "refine times by a parabola"},
    {"fail-on", "EXPR", STATS, read_condition,
     "exit 3 when a row says yes to EXPR, as in 'num_nan>0'; repeatable"},
    {"moments", NULL, STATS, set_moments, "skewness and kurtosis too"},
    {"clipping", NULL, STATS, set_clipping,
     "samples that stay at the extreme values, and changes of sign, too"},
    {"energy", NULL, STATS, set_energy, "the sum of squares too"},
    {"quick", NULL, STATS, set_quick, "of the usual figures mean and largest absolute value alone"},
    {"detrend", "[=ORDER]", STATS, read_detrend,
     "measure what is left when each channel's trend is taken away, a polynomial of ORDER 0 to 5 "
     "(default 1)"},
    {"detrend", "[=ORDER]", CORR, read_detrend,
     "take each channel's trend away first, a polynomial of ORDER 0 to 5 (default 1)"},
    {"quantiles", "[=LIST]", STATS, read_quantiles,
     "the quartiles too, and the quantiles of LIST, as in 0.01,0.99: exact, by further passes"},
    {"hex", NULL, DUMP, set_hex, "the bytes of each sample as the file has them"},
    {"raw", NULL, DUMP, set_raw, "float32 bytes in this machine's order, frame by frame"},

    {"to-format", "NAME", CONVERT, read_to_format,
     "raw, npy, sac, segy, su, mseed or sound; otherwise by the suffix of OUT"},
    {"encoding", "E", CONVERT, read_encoding,
     "f4 f8 i1 u1 i2 i3 i4 … ibm4 steim1 steim2 (default: the type of the samples where OUT has "
     "it)"},
    {"force", NULL, CONVERT, set_force, "replace what exists"},

    {"forget", "[=N]", LOG, read_forget,
     "drop what undo needs of all edits but the newest N (default 0), and free the disk"},

    {NULL, NULL, OPENING | LOCKING, NULL, "Running"},
    {"against", "NAME", BENCH, read_against, "numpy: the same work by NumPy too"},
    {"wait", "SECONDS", OPENING | LOCKING, read_wait,
     "how long to wait for others who edit or read it (default 0)"},
    {"threads", "N", SCANNING | EDIT | CORR | MATCH, read_threads,
     "default: the processors this process may use"},
    {"io", "HOW", SCANNING | CORR | MATCH, read_io, "auto (default), map, read or direct"},
    {"progress", "WHEN", OPENING | UNDO | VERIFY, read_progress, "always or never a progress bar"},
    {"explain", NULL, SCANNING | CORR | MATCH, set_explain,
     "say how the file was read, and how fast"},
    {"help", NULL, OPENING | LOCKING | HELP, set_help, "this help"},
};

enum { NUM_ENTRIES = sizeof entries / sizeof entries[0] };

static bool takes(const struct command *command, const struct option_entry *entry)
{
    return (entry->commands & 1 << (command - commands)) != 0;
}

/* The options that have a letter too. */
static char letter_of(const struct option_entry *entry)
{
    return strcmp(entry->name, "help") == 0 ? 'h' : strcmp(entry->name, "output") == 0 ? 'o' : '\0';
}

/* ---- reading ------------------------------------------------------------------------------- */

static int argument_of(const struct option_entry *entry)
{
    if (entry->argument == NULL) {
        return no_argument;
    }
    return entry->argument[0] == '[' ? optional_argument : required_argument;
}

static char *add_letter(const struct option_entry *entry, char *letters)
{
    char letter = letter_of(entry);
    if (letter != '\0') {
        *letters++ = letter;
    }
    if (letter != '\0' && entry->argument != NULL) {
        *letters++ = ':';
    }
    return letters;
}

/* The entry that getopt answers with. */
static const struct option_entry *entry_of(const struct command *command, int answer)
{
    const struct option_entry *entry = entries;
    while (answer < FIRST_LONG &&
           (entry->name == NULL || !takes(command, entry) || letter_of(entry) != answer)) {
        entry++;
    }
    return answer < FIRST_LONG ? entry : &entries[answer - FIRST_LONG];
}

/* getopt's tables of what a command takes. `val` is the entry's number and FIRST_LONG; letters have
 * room for two characters an entry, and two more. */
static void fill_tables(const struct command *command, struct option *long_options, char *letters)
{
    int count = 0;
    *letters++ = ':';
    for (int i = 0; i < NUM_ENTRIES; i++) {
        const struct option_entry *entry = &entries[i];
        if (entry->name != NULL && takes(command, entry)) {
            long_options[count++] =
                (struct option){entry->name, argument_of(entry), NULL, FIRST_LONG + i};
            letters = add_letter(entry, letters);
        }
    }
    long_options[count] = (struct option){0};
    *letters = '\0';
}

/* What getopt did not take: ':' an option that lacks its argument, '?' one that has an argument it
 * may not have (optopt is its number), a letter, or one that is not known. */
static void say_refused(const struct command *command, int answer, const char *given)
{
    const char *wrong = "there is no such option";
    if (answer == ':') {
        wrong = "its argument is missing";
    } else if (optopt >= FIRST_LONG) {
        wrong = "it takes no argument";
    }
    char letter[] = {'-', (char)optopt, '\0'};
    bool is_letter = optopt > 0 && optopt < FIRST_LONG;
    message(NULL, "%s: %s; see: seisview help %s", is_letter ? letter : given, wrong,
            command->name);
}

static bool read_entry(const struct option_entry *entry, struct options *options)
{
    sv_error error;
    error.message[0] = '\0';
    if (entry->read == NULL) {
        if (!read_operation(options, entry->name, optarg, &error)) {
            message(NULL, "%s", error.message);
            return false;
        }
        return true;
    }
    if (entry->read(options, optarg, &error)) {
        return true;
    }
    if (argument_of(entry) == required_argument) {
        message(NULL, "--%s %s: %s", entry->name, optarg, error.message);
    } else if (optarg != NULL) {
        message(NULL, "--%s=%s: %s", entry->name, optarg, error.message);
    } else {
        message(NULL, "%s", error.message);
    }
    return false;
}

static bool read_all(int argc, char **argv, struct options *options)
{
    struct option long_options[NUM_ENTRIES + 1];
    char letters[2 * NUM_ENTRIES + 2];
    fill_tables(options->command, long_options, letters);
    opterr = 0;
    optind = 1;
    for (;;) {
        int looked_at = optind;
        int answer = getopt_long(argc, argv, letters, long_options, NULL);
        if (answer == -1) {
            return true;
        }
        if (answer == '?' || answer == ':') {
            /* getopt has gone past it, except within a cluster of letters. */
            say_refused(options->command, answer, argv[optind > looked_at ? optind - 1 : optind]);
            return false;
        }
        if (!read_entry(entry_of(options->command, answer), options)) {
            return false;
        }
    }
}

static bool same_kind_ends_first(const sv_window *window)
{
    return window->from.kind != SV_POSITION_NONE && window->from.kind == window->to.kind &&
           window->to.value <= window->from.value;
}

bool options_read(const struct command *command, int argc, char **argv, struct options *options)
{
    *options = (struct options){
        .command = command,
        .open = SV_OPEN_OPTIONS_INIT,
        .scan = SV_SCAN_OPTIONS_INIT,
        .threshold = 8.0,
        .threshold_is_mad = true,
        .distance = -1.0,
    };
    options->scan.cancel = signals_flag();
    if (!read_all(argc, argv, options)) {
        return false;
    }
    options->files = argv + optind;
    if (!options->help && same_kind_ends_first(&options->window)) {
        message(NULL, "the window holds no sample; --to must lie behind --from");
        return false;
    }
    if (!options->help && options->detrend && options->quartiles) {
        message(NULL, "--quantiles are of the samples as they are stored; give them without "
                      "--detrend, or edit --detrend first");
        return false;
    }
    return true;
}

void options_free(struct options *options)
{
    free(options->conditions);
    free(options->templates);
}

/* ---- help ---------------------------------------------------------------------------------- */

enum { HELP_INDENT = 20, HELP_WIDTH = 80 };

/* `text` in lines of HELP_WIDTH, the first of which goes on at column `used`. */
static void print_wrapped(FILE *file, const char *text, int used)
{
    int blanks = used < HELP_INDENT ? HELP_INDENT - used : 1;
    int column = used;
    while (*text != '\0') {
        int length = (int)strcspn(text, " ");
        if (column + blanks + length > HELP_WIDTH) {
            fputc('\n', file);
            column = 0;
            blanks = HELP_INDENT;
        }
        column += fprintf(file, "%*s%.*s", blanks, "", length, text);
        blanks = 1;
        text += length;
        text += strspn(text, " ");
    }
    fputc('\n', file);
}

void options_explain(const struct command *command, FILE *file)
{
    for (int i = 0; i < NUM_ENTRIES; i++) {
        const struct option_entry *entry = &entries[i];
        if (!takes(command, entry)) {
            continue;
        }
        if (entry->name == NULL) {
            fprintf(file, "\n%s:\n", entry->help);
            continue;
        }
        bool has_argument = entry->argument != NULL;
        bool is_apart = argument_of(entry) == required_argument;
        char letter = letter_of(entry);
        int used = letter != '\0' ? fprintf(file, "  -%c, --", letter) : fprintf(file, "  --");
        used += fprintf(file, "%s%s%s", entry->name, is_apart ? " " : "",
                        has_argument ? entry->argument : "");
        print_wrapped(file, entry->help, used);
    }
}
