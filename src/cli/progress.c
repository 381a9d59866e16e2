#include "cli/progress.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/clock.h"
#include "cli/terminal.h"
#include "seisview.h"

#define SECONDS_BEFORE  1.0 /* shorter work needs no bar */
#define SECONDS_BETWEEN 0.1
#define BAR_WIDTH       24
#define TEXT_BYTES      512

static const char erase[] = "\r\033[K";

static struct {
    bool wanted;
    double begun, next; /* seconds: when the work began, when the bar is drawn again */
    int64_t total_bytes;
    char label[256];
} bar;

static volatile sig_atomic_t drawn;

static void write_bar(double fraction, char text[BAR_WIDTH + 1])
{
    int full = (int)(fraction * BAR_WIDTH);
    memset(text, '-', BAR_WIDTH);
    memset(text, '#', (size_t)full);
    text[BAR_WIDTH] = '\0';
}

static void write_left(double seconds, char *text, size_t size)
{
    long left = (long)(seconds + 0.5);
    if (left >= 3600) {
        snprintf(text, size, "%ld:%02ld:%02ld", left / 3600, left / 60 % 60, left % 60);
    } else {
        snprintf(text, size, "%ld:%02ld", left / 60, left % 60);
    }
}

/* A line that wraps could not be erased: the name gives way, then the bar, then the figures. */
static void write_line(const char *hashes, const char *figures)
{
    char text[TEXT_BYTES];
    int width = terminal_width(STDERR_FILENO);
    size_t room = (size_t)(width > 0 ? width : 80) - 1;
    size_t with_bar = strlen(figures) + BAR_WIDTH + 3;
    if (strlen(bar.label) + 2 + with_bar <= room) {
        snprintf(text, sizeof text, "%s%s  [%s] %s", erase, bar.label, hashes, figures);
    } else if (with_bar <= room) {
        snprintf(text, sizeof text, "%s[%s] %s", erase, hashes, figures);
    } else {
        snprintf(text, sizeof text, "%s%s", erase, strlen(figures) <= room ? figures : "");
    }
    drawn = 1;
    fputs(text, stderr);
}

static void draw(double now, int64_t done_bytes)
{
    double spent = now - bar.begun;
    double fraction = bar.total_bytes > 0 ? (double)done_bytes / (double)bar.total_bytes : 1.0;
    double rate = spent > 0.0 ? (double)done_bytes / spent : 0.0;
    char hashes[BAR_WIDTH + 1], left[32] = "-:--", figures[128];
    fraction = fraction < 1.0 ? fraction : 1.0;
    write_bar(fraction, hashes);
    if (rate > 0.0 && done_bytes <= bar.total_bytes) {
        write_left((double)(bar.total_bytes - done_bytes) / rate, left, sizeof left);
    }
    snprintf(figures, sizeof figures, "%3d %%  %.2f GB/s  %s left", (int)(fraction * 100.0),
             rate / 1e9, left);
    write_line(hashes, figures);
}

void progress_update(int64_t done_bytes)
{
    if (!bar.wanted) {
        return;
    }
    double now = seconds_now();
    if (now >= bar.next) {
        bar.next = now + SECONDS_BETWEEN;
        draw(now, done_bytes);
    }
}

void progress_begin(enum progress_mode mode, const char *label, int64_t total_bytes)
{
    bool always = mode == PROGRESS_ALWAYS;
    bar.wanted = always || (mode == PROGRESS_AUTO && isatty(STDERR_FILENO));
    if (!bar.wanted) {
        return;
    }
    bar.begun = seconds_now();
    bar.next = bar.begun + (always ? 0.0 : SECONDS_BEFORE);
    bar.total_bytes = total_bytes;
    sv_printable(label, bar.label, sizeof bar.label);
    progress_update(0);
}

void progress_expect(int64_t total_bytes)
{
    bar.total_bytes = total_bytes;
}

void progress_erase(void)
{
    if (drawn != 0) {
        fputs(erase, stderr);
        drawn = 0;
    }
}

void progress_erase_from_handler(void)
{
    if (drawn != 0) {
        ssize_t ignored = write(STDERR_FILENO, erase, sizeof erase - 1);
        (void)ignored;
    }
}

void progress_end(void)
{
    progress_erase();
    bar.wanted = false;
}
