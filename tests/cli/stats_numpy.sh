# Quantiles beside NumPy's: the same float64, to the last bit.
# shellcheck source=tests/cli/lib.sh
. "${top_srcdir:?}/tests/cli/lib.sh"

for python in python3 /usr/bin/python3 none; do
    "$python" -c 'import numpy' 2>/dev/null && break
done
[ "$python" != none ] || skip 'NumPy is not there'
export SEISVIEW_SEED="${SEISVIEW_SEED:-$RANDOM}"
echo "SEISVIEW_SEED=$SEISVIEW_SEED"

check 'samples of every type that NumPy has'
"$python" - <<'END' >out 2>err || fail 'other than NumPy'
import json, os, subprocess, sys
import numpy

LIST = ["0.001", "0.123456789", "0.3333333333333333", "0.9", "0.999"]
PROBABILITIES = {"sample_lower_quartile": 0.25, "sample_median": 0.5, "sample_upper_quartile": 0.75}
PROBABILITIES.update(("sample_quantile_" + text, float(text)) for text in LIST)
random = numpy.random.RandomState(int(os.environ["SEISVIEW_SEED"]))
numpy.seterr(all="ignore")


def samples_of(dtype, count, kind):
    if kind == "bits":
        return numpy.frombuffer(random.bytes(count * dtype.itemsize), dtype)
    noise = 40.0 * random.standard_normal(count)
    return (numpy.abs(noise) if dtype.kind == "u" else noise).astype(dtype)


def compare(dtype, count, kind):
    samples = samples_of(dtype, count, kind)
    samples.tofile("samples.bin")
    ran = subprocess.run(
        [os.environ["SEISVIEW"], "stats", "--json", "--dtype", dtype.str.replace("|", ""),
         "--quantiles=" + ",".join(LIST), "samples.bin"], stdout=subprocess.PIPE, check=True)
    row = json.loads(ran.stdout)
    values = samples.astype("f8")
    values = values[numpy.isfinite(values)]
    for key, probability in PROBABILITIES.items():
        theirs = numpy.quantile(values, probability) if len(values) > 0 else None
        # Where two samples are so far apart that NumPy's way overflows, ours goes on.
        if row[key] != theirs and (theirs is None or numpy.isfinite(theirs)):
            sys.exit("%d samples of %s, %s: %s is %r instead of %r"
                     % (count, dtype, kind, key, row[key], theirs))


for dtype in "<f4 >f4 <f8 >f8 i1 u1 <i2 >u2 <i4 >i4 <u4 <i8 >u8".split():
    for kind in ("noise", "bits"):
        for count in (1, 2, 7, 1000, 50021):
            compare(numpy.dtype(dtype), count, kind)
END

finish
