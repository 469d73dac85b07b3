"""Checks the fused kernel's bytes on this machine's NVIDIA GPU and times it. Needs Python 3.8 and the GPU's driver, nothing else.

    python3 run.py [FOLDER]            checks, then times; FOLDER is the packed one, else where this file lies
    python3 run.py --check [FOLDER]    looks at the folder only; needs no GPU

Ends with 0 when every byte is as expected, 2 when the folder is damaged or the GPU refuses the work, 3 when there is no GPU, 4
when a byte differs.
"""

import argparse
import json
import os
import sys

from cuda_driver import CudaError, Gpu, NoGpuError, load
from step_check import check
from step_pack import Pack, PackError
from step_timing import Peaks, time_case

REFUSED, NO_GPU, DIFFERENT = 2, 3, 4
HEADER = (f"{'case':<10} {'kernel':<6} {'d':>4} {'B':>6} {'kernel us':>10} {'with copies':>11} {'events/s':>12} {'floor PCIe':>10} "
          f"{'floor memory':>12} {'floor operations':>16} {'kernel at':>9} {'all at':>7}")


def main(arguments, library=None):
    """Runs the script. A test hands in a library in the driver's place."""
    parser = argparse.ArgumentParser(description="Checks and times Foretell's fused step on an NVIDIA GPU.")
    parser.add_argument("folder", nargs="?", default=os.path.dirname(os.path.abspath(__file__)), help="packed folder")
    parser.add_argument("--check", action="store_true", help="look at the folder only, without a GPU")
    parser.add_argument("--json", metavar="FILE", help="write the results here, too")
    options = parser.parse_args(arguments)
    try:
        pack = Pack(options.folder)
        if options.check:
            print(f"{options.folder}: whole; {len(pack.cases)} models, kernels {' and '.join(k.name for k in pack.kernels)}, "
                  f"{sum(sum(c.steps) for c in pack.cases)} events to check.")
            return 0
        return run(pack, Gpu(library or load()), options.json)
    except PackError as error:
        return fail(REFUSED, f"The folder '{options.folder}' cannot be used: {error}. Pack it anew (bench/gpu/README.md).")
    except NoGpuError as error:
        return fail(NO_GPU, f"There is no GPU to run on: {error}. Nothing was checked.")
    except CudaError as error:
        return fail(REFUSED, f"The GPU did not do the work: {error}.")


def run(pack, gpu, json_file):
    """Checks every case, then times them."""
    a = gpu.attributes
    print(f"{gpu.name}, compute capability {a['major']}.{a['minor']}, driver for CUDA {gpu.cuda_version}, {a['processors']} "
          f"multiprocessors at {a['clock_khz'] / 1e6:.2f} GHz")
    target = max(k.target for k in pack.kernels)
    if a["major"] * 10 + a["minor"] < target:
        return fail(REFUSED, f"The kernels need compute capability {target / 10:.1f} or later, "
                             f"this GPU has {a['major']}.{a['minor']}.")
    pairs = [(case, kernel) for case in pack.cases for kernel in pack.kernels]
    for case, kernel in pairs:
        difference = check(gpu, kernel, case)
        if difference:
            return fail(DIFFERENT, f"The GPU's bytes are not the CPU's. {difference}.")
        print(f"{case.name}, kernel {kernel.name}: {case.streams} rows after {sum(case.steps)} events in {len(case.steps)} batches, every byte as expected")
    compiled = {k.name: gpu.describe(gpu.load_kernel(k.ptx, k.entry, 0)) for k in pack.kernels}
    for name, found in compiled.items():
        print(f"kernel {name}: {found['registers']} registers a thread, {found['localBytes']} bytes of memory of its own")
    peaks = Peaks(gpu)
    print(f"PCIe {peaks.copy_in / 1e9:.1f} GB/s in and {peaks.copy_out / 1e9:.1f} out (measured), "
          f"memory {amount(peaks.memory, 1e9)} GB/s and {amount(peaks.operations, 1e12)} TFLOP/s by its clocks")
    print("Times in microseconds a batch; the last two columns are the highest floor over the time.")
    print(HEADER)
    lines = []
    for case, kernel in pairs:
        for line in time_case(gpu, kernel, case, peaks, pack.batches):
            lines.append(line)
            print(f"{line['case']:<10} {line['kernel']:<6} {line['d']:>4} {line['batch']:>6} {line['kernelSeconds'] * 1e6:>10.1f} "
                  f"{line['wholeSeconds'] * 1e6:>11.1f} {line['wholeEventsPerSecond']:>12,.0f} {line['pcieFloorSeconds'] * 1e6:>10.1f} "
                  f"{amount(line['memoryFloorSeconds'], 1e-6):>12} {amount(line['operationsFloorSeconds'], 1e-6):>16} "
                  f"{percent(line['kernelShare']):>9} {percent(line['wholeShare']):>7}", flush=True)
    if json_file:
        with open(json_file, "w", encoding="utf-8") as file:
            json.dump({"gpu": gpu.name, "attributes": a, "driver": gpu.cuda_version, "compiled": compiled,
                       "peaks": vars(peaks), "results": lines}, file, indent=2)
    return 0


def amount(value, unit):
    """A number in a unit, or a dash where it is not known."""
    return "-" if value is None else f"{value / unit:.1f}"


def percent(value):
    """A share, or a dash where it is not known."""
    return "-" if value is None else f"{100 * value:.1f}%"


def fail(code, sentence):
    """Says what went wrong; the exit code."""
    print(f"run.py: {sentence}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
