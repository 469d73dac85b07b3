"""Runs bench/gpu/run.py with a stand-in for NVIDIA's driver that interprets the kernel: fake_driver.py SCRIPTS [--FAULT] ARGUMENTS

Faults: --contracted (fused multiply-adds round twice), --old (the GPU is too old), --empty (there is no GPU), --refuses (the PTX is
refused), --breaks (a kernel fails).
"""

import ctypes
import sys
import time

from ptx_machine import ADDRESS_BITS, Kernel, contracted, fused

NO_DEVICE, INVALID_PTX, ILLEGAL_ADDRESS = 100, 218, 700
NAMES = {NO_DEVICE: b"CUDA_ERROR_NO_DEVICE", INVALID_PTX: b"CUDA_ERROR_INVALID_PTX", ILLEGAL_ADDRESS: b"CUDA_ERROR_ILLEGAL_ADDRESS"}
# The clocks and sizes of an H100 SXM.
ATTRIBUTES = {13: 1_980_000, 16: 132, 36: 2_619_000, 37: 5120, 38: 50 << 20, 75: 9, 76: 0, 97: 227 << 10}


class FakeDriver:
    """The functions of the driver that the script calls. Work is done at once, not queued."""

    def __init__(self, fault):
        self._fault = fault
        self._blocks, self._pinned, self._kernels, self._times = {}, {}, [], []

    def cuInit(self, flags):
        return NO_DEVICE if self._fault == "empty" else 0

    def cuDeviceGetCount(self, count):
        return put(count, 1)

    def cuDeviceGet(self, device, ordinal):
        return put(device, 0)

    def cuDevicePrimaryCtxRetain(self, context, device):
        return put(context, 1)

    def cuCtxSetCurrent(self, context):
        return 0

    def cuStreamCreate(self, stream, flags):
        return put(stream, 1)

    def cuDeviceGetName(self, name, size, device):
        name.value = b"interpreted PTX"
        return 0

    def cuDriverGetVersion(self, version):
        return put(version, 12080)

    def cuDeviceGetAttribute(self, value, number, device):
        return put(value, 7 if self._fault == "old" and number == 75 else ATTRIBUTES[number])

    def cuGetErrorName(self, code, text):
        return put(text, NAMES[code])

    def cuModuleLoadDataEx(self, module, ptx, count, options, values):
        assert list(options) == [5, 6] and count == 2
        if self._fault == "refuses":
            ctypes.memmove(values[0], b"line 1: unhappy\0", 16)
            return INVALID_PTX
        self._kernels.append(ptx.value.decode())
        return put(module, len(self._kernels))

    def cuModuleGetFunction(self, function, module, entry):
        text = self._kernels[module.value - 1]
        self._kernels[module.value - 1] = compiled(text, entry.decode(), self._fault == "contracted")
        return put(function, module.value)

    def cuFuncGetAttribute(self, value, attribute, function):
        return put(value, {3: 0, 4: 32}[attribute])

    def cuMemAlloc_v2(self, address, size):
        number = len(self._blocks) + 1
        self._blocks[number] = bytearray(size.value)
        return put(address, number << ADDRESS_BITS)

    def cuMemFree_v2(self, address):
        self._blocks[address.value >> ADDRESS_BITS] = None
        return 0

    def cuMemHostAlloc(self, address, size, flags):
        buffer = ctypes.create_string_buffer(size.value)
        self._pinned[ctypes.addressof(buffer)] = buffer
        return put(address, ctypes.addressof(buffer))

    def cuMemFreeHost(self, address):
        del self._pinned[address.value]
        return 0

    def cuMemcpyHtoDAsync_v2(self, device, host, size, stream):
        self._view(device.value, size.value)[:] = ctypes.string_at(host.value, size.value)
        return 0

    def cuMemcpyDtoHAsync_v2(self, host, device, size, stream):
        content = bytes(self._view(device.value, size.value))
        ctypes.memmove(host.value, content, len(content))
        return 0

    def cuLaunchKernel(self, function, gx, gy, gz, bx, by, bz, shared_bytes, stream, pointers, extra):
        if self._fault == "breaks":
            return ILLEGAL_ADDRESS
        kernel = self._kernels[function.value - 1]
        parameters = b"".join(ctypes.string_at(pointers[i], size) for i, (_, size) in enumerate(kernel.parameters))
        blocks = {number: memoryview(block) for number, block in self._blocks.items() if block is not None}
        kernel.run(gx, bx, shared_bytes, parameters, {n: b.cast("f") for n, b in blocks.items()}, {n: b.cast("I") for n, b in blocks.items()})
        return 0

    def cuStreamSynchronize(self, stream):
        return 0

    def cuEventCreate(self, event, flags):
        self._times.append(0)
        return put(event, len(self._times))

    def cuEventRecord(self, event, stream):
        self._times[event.value - 1] = time.perf_counter()
        return 0

    def cuEventSynchronize(self, event):
        return 0

    def cuEventElapsedTime(self, milliseconds, begin, end):
        return put(milliseconds, max(1e-6, (self._times[end.value - 1] - self._times[begin.value - 1]) * 1e3))

    def cuEventDestroy_v2(self, event):
        return 0

    def _view(self, address, size):
        start = address & ((1 << ADDRESS_BITS) - 1)
        view = memoryview(self._blocks[address >> ADDRESS_BITS])[start:start + size]
        assert len(view) == size, "a copy behind an array's end"
        return view


COMPILED = {}


def compiled(text, entry, is_contracted):
    """A kernel; compiled once, since loading it again gives the same."""
    key = (text, entry, is_contracted)
    if key not in COMPILED:
        COMPILED[key] = Kernel(text, entry, contracted if is_contracted else fused)
    return COMPILED[key]


def put(reference, value):
    """Writes through ctypes.byref."""
    reference._obj.value = value
    return 0


if __name__ == "__main__":
    sys.path.insert(0, sys.argv[1])
    import run
    import step_timing

    # The interpreter takes seconds for what a GPU does in microseconds.
    step_timing.COPY_BYTES, step_timing.ROUNDS, step_timing.LEAST_SECONDS = 1 << 16, 1, 0
    faults = [a[2:] for a in sys.argv[2:] if a in ("--contracted", "--old", "--empty", "--refuses", "--breaks")]
    rest = [a for a in sys.argv[2:] if a[2:] not in faults]
    sys.exit(run.main(rest, FakeDriver(faults[0] if faults else None)))
