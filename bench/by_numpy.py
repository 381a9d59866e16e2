"""The figures of a file of float32 by NumPy, as the peer of `seisview stats`.

    by_numpy.py usual FILE          what is usually written: wrong in the sixth digit
    by_numpy.py chunked FILE CHUNK  float64, a chunk of samples at a time, in the cache
    by_numpy.py best FILE           which CHUNK is the fastest here
"""
import sys
import time

import numpy as np


def usual(samples):
    return samples.mean(), np.abs(samples).max()


def chunked(samples, chunk):
    """Mean, rms, least and most: one conversion a chunk, everything else on what it left."""
    buffer = np.empty(chunk)
    least, most, total, squares = np.inf, -np.inf, 0.0, 0.0
    for at in range(0, len(samples), chunk):
        piece = samples[at:at + chunk]
        wide = buffer[:len(piece)]
        np.copyto(wide, piece)
        least = min(least, piece.min())
        most = max(most, piece.max())
        total += wide.sum()
        squares += np.dot(wide, wide)
    return total / len(samples), (squares / len(samples)) ** 0.5, least, most


def seconds(samples, chunk):
    begun = time.perf_counter()
    chunked(samples, chunk)
    return time.perf_counter() - begun


def best(samples):
    """Of three rounds over the first 256 MiB, the least of each."""
    part = samples[:1 << 26]
    chunks = [1 << power for power in range(13, 21)]
    times = {chunk: [] for chunk in chunks}
    for _ in range(3):
        for chunk in chunks:
            times[chunk].append(seconds(part, chunk))
    return min(chunks, key=lambda chunk: min(times[chunk]))


def main():
    how, path = sys.argv[1:3]
    samples = np.memmap(path, '<f4', 'r')
    if how == 'usual':
        print(*usual(samples))
    elif how == 'chunked':
        # A plain array over the same memory: the slices of a memmap cost more.
        print(*chunked(np.asarray(samples), int(sys.argv[3])))
    else:
        print(best(np.asarray(samples)))


main()
