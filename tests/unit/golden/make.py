#!/usr/bin/env python3
"""What Python's memoryview, slices and struct answer: makes view_golden.def and pack_golden.def.

Run by hand (python3 view_golden.py, in this directory); the tests need no Python.
"""

import random
import struct
import sys

assert sys.byteorder == "little" and struct.calcsize("l") == 8

SMALLEST = -(2**63)
LARGEST = 2**63 - 1


def text(value):
    return '"' + value + '"'


def number(value):
    return {SMALLEST: "INT64_MIN", LARGEST: "INT64_MAX"}.get(value, str(value))


# ---- slices ----


def slices():
    chance = random.Random(1906)
    steps = [1, 1, 2, 3, 7, -1, -1, -2, -3, -7, LARGEST, -LARGEST, SMALLEST]
    bounds = [*range(-8, 9), LARGEST, SMALLEST, LARGEST - 1, SMALLEST + 1, None, None]
    seen = set()
    while len(seen) < 700:
        length = chance.choice([0, 1, 2, 3, 6, 7])
        seen.add((length, chance.choice(bounds), chance.choice(bounds), chance.choice(steps)))
    return sorted(seen, key=repr)


def slice_row(case):
    length, start, stop, step = case
    items = memoryview(bytes(2 * length)).cast("H")[start:stop:step]
    elements = "".join(str(item) for item in range(length)[start:stop:step])
    up = step > 0
    start = (SMALLEST if up else LARGEST) if start is None else start
    stop = (LARGEST if up else SMALLEST) if stop is None else stop
    # A stride matters from two elements on.
    stride = items.strides[0] if len(items) > 1 else 0
    assert len(items) == len(elements)
    return [str(length), number(start), number(stop), number(step), text(elements), str(stride)]


# ---- casts to N dimensions ----

BYTES = bytes((7 * i + 3) % 251 for i in range(48))
SHAPES = [[48], [2, 24], [4, 3, 4], [2, 3, 2, 4], [1, 48], [48, 1], [2, 1, 3, 1, 8], [2] * 4 + [3]]


def cast_rows():
    for letter in "BbHhIiQqfd":
        itemsize = struct.calcsize(letter)
        for shape in SHAPES:
            shape = [*shape[:-1], shape[-1] // itemsize]
            size = 1
            for length in shape:
                size *= length
            if size * itemsize != 48:
                continue
            view = memoryview(BYTES).cast(letter, shape)
            elements = repr(view.tolist()) if letter not in "fd" else ""
            yield [text("<" + letter), str(view.ndim), braces(view.shape), braces(view.strides),
                   truth(view.c_contiguous), truth(view.f_contiguous), text(elements),
                   text(view.tobytes("F").hex())]


def braces(values):
    return "{" + ", ".join(str(value) for value in values) + "}"


def truth(value):
    return "true" if value else "false"


def bad_cast_rows():
    """Bytes, element type, and whether cast works."""
    for size in range(0, 18):
        for letter in "bhiqfd":
            try:
                memoryview(bytes(size)).cast(letter)
                works = True
            except TypeError:
                works = False
            yield [str(size), text(letter), truth(works)]


# ---- text, comparison, search ----


def hex_rows():
    for size in (0, 1, 2, 5, 16):
        for separator in ("", ":", " ", "-"):
            view = memoryview(BYTES[:size])[::-1]
            digits = view.hex(separator) if separator else view.hex()
            character = f"'{separator}'" if separator else "'\\0'"
            yield [str(size), character, text(digits)]


VALUES = {
    "b": [-128, -1, 0, 1, 127],
    "B": [0, 1, 127, 128, 255],
    "h": [-32768, -1, 0, 1, 32767],
    "i": [-(2**31), -1, 0, 1, 2**24 + 1],
    "q": [SMALLEST, -1, 0, 2**53 + 1, LARGEST],
    "Q": [0, 1, 2**53 + 1, 2**63, 2**64 - 1],
    "f": [float("nan"), -0.0, 1.0, float("inf"), 2.0**24],
    "d": [float("nan"), 0.0, 2.0**53, 2.0**63, -1.0],
}


def equal_rows():
    """One-element views of many pairs of values, compared by value."""
    all_values = [(letter, value) for letter, values in VALUES.items() for value in values]
    pairs = [(a, b) for a in all_values for b in all_values]
    for (a, value_a), (b, value_b) in sorted(random.Random(1923).sample(pairs, 400), key=repr):
        bytes_a, bytes_b = struct.pack(a, value_a), struct.pack(b, value_b)
        equal = memoryview(bytes_a).cast(a) == memoryview(bytes_b).cast(b)
        yield [text("<" + a), text(bytes_a.hex()), text("<" + b), text(bytes_b.hex()),
               truth(equal)]
    for a in VALUES:
        for b in VALUES:
            bytes_a, bytes_b = struct.pack(a, 1), struct.pack(b, 1)
            yield [text("<" + a), text(bytes_a.hex()), text("<" + b), text(bytes_b.hex()), "true"]


def find_rows():
    values = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3]
    chance = random.Random(1912)
    for _ in range(200):
        value = chance.choice([1, 3, 5, 9, 6, 7])
        start, stop = (chance.choice([*range(-12, 13), LARGEST, SMALLEST]) for _ in range(2))
        try:
            index = values.index(value, start, stop)
        except ValueError:
            index = -1
        yield [str(value), number(start), number(stop), str(index)]


# ---- struct ----

SIZES = """x b B ? h H i I l L q Q f d n N s 0s 5s 3x 0i 4h 10s3x bhilq bih qbq b0q xi3xq llh0l ??b
<bhilq >bhilq =bhilq !bhilq @bhilq <b0q >5sh <xxh <2H3i4q <fd >IHH <?d @bn @bN @2bQx3b @bd @bf
@bh0n @5s0d@ <@ bh=i z <n =N >n !N 3 < > @ 3b2 -1b +1b 1.b *b 99999999999999999999b
9223372036854775807x 9223372036854775808x 9223372036854775807xx 4611686018427387904h
@9223372036854775807bh c p P e""".split() + ["", " ", "b h", " b\t2h\n", "3 b", "< b", " <b", "b b ",
                                               "2b 3", "\vb\f", "x x"]
# Letters of Python's struct that seisview leaves out.
LEFT_OUT = set("cpPe")


def size_rows():
    for form in SIZES:
        try:
            size = struct.calcsize(form)
        except struct.error:
            size = -1
        if set(form) & LEFT_OUT:
            size = -1
        escaped = form.replace("\t", "\\t").replace("\n", "\\n").replace("\v", "\\v")
        yield [text(escaped.replace("\f", "\\f")), number(size)]


PACKED = [
    ("<b", -128), ("<b", 127), ("<b", 128), ("<b", -129), ("<B", 255), ("<B", 256),
    ("<h", -32768), ("<h", 32767), ("<h", 32768), (">h", -2), ("<H", 65535), ("<H", 65536),
    ("<i", -(2**31)), ("<i", 2**31 - 1), ("<i", 2**31), ("<I", 2**32 - 1), (">I", 2**32),
    ("<l", 2**31), ("@l", 2**31), ("@l", SMALLEST), ("@L", 2**64 - 1), ("=L", 2**32),
    ("<q", SMALLEST), (">q", LARGEST), ("<Q", 2**64 - 1), (">Q", 2**63), ("@n", -3), ("@N", 3),
    ("<?", 0), ("<?", 1), ("?", 5), ("<f", 1.5), (">f", -0.0), ("<f", 0.1), ("<f", 3.4028235e38),
    ("<f", 3.4028235677973366e38), ("<f", 3.4028235677973362e38), ("<f", 1e39), ("<f", -1e39),
    ("<f", 1e-46), ("<f", float("inf")), ("<f", float("-inf")), (">d", 0.1), ("<d", float("inf")),
    ("<3s", b"abc"), (">IHH", 1, 2, 3), ("<bxxh", 1, 2), ("bhilq", 1, 2, 3, 4, 5),
    (">bhilq", -1, -2, -3, -4, -5), ("b0q", 7), ("b2xq", 7, 8), ("2b3sH", 1, 2, b"xyz", 3),
    ("!2d", 1.0, -2.0), ("<2h2H", -1, 1, 2, 65535), ("<2h2H", -1, 1, 2, 65536),
    ("@b?hfqd", -7, 1, -8, 2.5, 9, -3.25), ("0s", b""), ("<4x", ), ("xbx", 1), ("0i", ),
    ("=b 2H\tq", 1, 2, 3, 4),
]


def argument(letter, value):
    if letter == "s":
        return '"' + value.decode() + '"'
    if letter in "fd":
        if value in (float("inf"), float("-inf")):
            return "(double)INFINITY" if value > 0 else "-(double)INFINITY"
        return repr(value)
    if letter == "?":
        return str(value)
    if letter in "BHILQN":
        return f"UINT64_C({value})"
    return number(value) if value in (SMALLEST, LARGEST) else f"INT64_C({value})"


def letters_of(form):
    count = ""
    for character in form:
        if character.isdigit():
            count += character
        elif character.isalpha() or character == "?":
            repeat = 1 if character == "s" else int(count or 1)
            yield from [character] * (0 if character == "x" else repeat)
            count = ""


def packed_lines():
    for form, *values in PACKED:
        try:
            packed = struct.pack(form, *values).hex()
        except (struct.error, OverflowError):
            packed = "refused"
        arguments = [argument(letter, value) for letter, value in zip(letters_of(form), values)]
        escaped = text(form.replace("\t", "\\t"))
        yield f"PACKED({', '.join([text(packed), escaped, *arguments])})"


# ---- files ----

TABLES = {
    "slices": ("length, start, stop, step, elements, stride (0: not looked at)",
               map(slice_row, slices())),
    "casts": ("type, ndim, shape, strides, c_contiguous, f_contiguous, tolist, tobytes('F')",
              cast_rows()),
    "divisions": ("bytes, type they are cast to, whether they divide", bad_cast_rows()),
    "hex": ("bytes of the reversed view, separator, text", hex_rows()),
    "equal": ("type and bytes of a, type and bytes of b, whether they are equal", equal_rows()),
    "find": ("value, start, stop, index or -1", find_rows()),
    "sizes": ("format, bytes or -1", size_rows()),
}


def main():
    for name, (columns, values) in TABLES.items():
        with open(name + ".def", "w") as file:
            print(f"/* {columns}.\n * As Python answers; made by make.py. */", file=file)
            for row in values:
                print("{" + ", ".join(row) + "},", file=file)
    with open("packed.def", "w") as file:
        print('/* PACKED(bytes or "refused", format, values...).', file=file)
        print(" * As Python's struct.pack answers; made by make.py. */", file=file)
        print("\n".join(packed_lines()), file=file)


main()
