"""NVIDIA's driver through ctypes: nothing but the driver and Python is needed.

Every function is the driver API's own; what fails raises CudaError with the driver's name for it.
Source: CUDA driver API reference.
"""

import ctypes

LIBRARIES = ("libcuda.so.1", "/usr/lib/wsl/lib/libcuda.so.1", "nvcuda.dll")
LOG_BYTES = 16384
JIT_ERROR_LOG, JIT_ERROR_LOG_BYTES = 5, 6
SHARED_BYTES_OF_FUNCTION = 8
REGISTERS, LOCAL_BYTES = 4, 3
ATTRIBUTES = {
    "clock_khz": 13, "processors": 16, "memory_clock_khz": 36, "bus_bits": 37, "l2_bytes": 38, "major": 75, "minor": 76,
    "shared_optin_bytes": 97,
}


class CudaError(Exception):
    """A call of the driver failed."""


class NoGpuError(Exception):
    """There is no driver, or it has no GPU."""


def load():
    """The driver's library."""
    for name in LIBRARIES:
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    raise NoGpuError(f"NVIDIA's driver was not found (looked for {', '.join(LIBRARIES)})")


class Gpu:
    """The first GPU, with one stream. All work goes through that stream, in order."""

    def __init__(self, library):
        self._library = library
        code = library.cuInit(0)
        if code != 0:
            raise NoGpuError(f"NVIDIA's driver is there but does not start: {self._name(code)}")
        count = ctypes.c_int()
        self._call("cuDeviceGetCount", ctypes.byref(count))
        if count.value == 0:
            raise NoGpuError("NVIDIA's driver is there but sees no GPU")
        self._device = ctypes.c_int()
        self._call("cuDeviceGet", ctypes.byref(self._device), 0)
        context = ctypes.c_void_p()
        self._call("cuDevicePrimaryCtxRetain", ctypes.byref(context), self._device)
        self._call("cuCtxSetCurrent", context)
        self._stream = ctypes.c_void_p()
        self._call("cuStreamCreate", ctypes.byref(self._stream), 1)
        name = ctypes.create_string_buffer(100)
        self._call("cuDeviceGetName", name, 100, self._device)
        self.name = name.value.decode()
        version = ctypes.c_int()
        self._call("cuDriverGetVersion", ctypes.byref(version))
        self.cuda_version = f"{version.value // 1000}.{version.value % 1000 // 10}"
        self.attributes = {key: self._attribute(number) for key, number in ATTRIBUTES.items()}

    def load_kernel(self, ptx, entry, shared_bytes):
        """A function of a PTX text, allowed so much dynamic shared memory."""
        log = ctypes.create_string_buffer(LOG_BYTES)
        options = (ctypes.c_int * 2)(JIT_ERROR_LOG, JIT_ERROR_LOG_BYTES)
        values = (ctypes.c_void_p * 2)(ctypes.addressof(log), LOG_BYTES)
        module, function = ctypes.c_void_p(), ctypes.c_void_p()
        code = self._library.cuModuleLoadDataEx(ctypes.byref(module), ctypes.c_char_p(ptx), 2, options, values)
        if code != 0:
            raise CudaError(f"the driver refuses the PTX: {self._name(code)}. {log.value.decode(errors='replace').strip()}")
        self._call("cuModuleGetFunction", ctypes.byref(function), module, entry.encode())
        if shared_bytes > 48 << 10:
            self._call("cuFuncSetAttribute", function, SHARED_BYTES_OF_FUNCTION, shared_bytes)
        return function

    def describe(self, function):
        """Registers of a thread and bytes that it spills, as the driver compiled the function."""
        found = []
        for attribute in (REGISTERS, LOCAL_BYTES):
            value = ctypes.c_int()
            self._call("cuFuncGetAttribute", ctypes.byref(value), attribute, function)
            found.append(value.value)
        return {"registers": found[0], "localBytes": found[1]}

    def allocate(self, size):
        """Device memory; its address."""
        address = ctypes.c_uint64()
        self._call("cuMemAlloc_v2", ctypes.byref(address), ctypes.c_size_t(size))
        return address.value

    def free(self, address):
        """Gives device memory back."""
        self._call("cuMemFree_v2", ctypes.c_uint64(address))

    def pinned(self, size):
        """Page-locked memory of the host; its address."""
        address = ctypes.c_void_p()
        self._call("cuMemHostAlloc", ctypes.byref(address), ctypes.c_size_t(size), 0)
        return address.value

    def free_pinned(self, address):
        """Gives it back."""
        self._call("cuMemFreeHost", ctypes.c_void_p(address))

    def copy_in(self, device, host, size):
        """Queues a copy from page-locked memory to the device."""
        self._call("cuMemcpyHtoDAsync_v2", ctypes.c_uint64(device), ctypes.c_void_p(host), ctypes.c_size_t(size), self._stream)

    def copy_out(self, host, device, size):
        """Queues a copy from the device to page-locked memory."""
        self._call("cuMemcpyDtoHAsync_v2", ctypes.c_void_p(host), ctypes.c_uint64(device), ctypes.c_size_t(size), self._stream)

    def prepare(self, function, groups, threads, shared_bytes, parameters):
        """A kernel to queue any number of times. Parameters are bytes, each as the entry point declares it."""
        buffers = [ctypes.create_string_buffer(p, len(p)) for p in parameters]
        pointers = (ctypes.c_void_p * len(buffers))(*[ctypes.addressof(b) for b in buffers])

        def launch(kept=buffers):
            # The pointers lead to buffers that nothing else keeps alive; the driver copies them before it returns.
            self._call("cuLaunchKernel", function, groups, 1, 1, threads, 1, 1, shared_bytes, self._stream, pointers, None)

        return launch

    def wait(self):
        """Waits for all that was queued; what failed on the device is raised here."""
        self._call("cuStreamSynchronize", self._stream)

    def seconds(self, work):
        """Queues work and takes the device's own time of it."""
        begin, end = ctypes.c_void_p(), ctypes.c_void_p()
        self._call("cuEventCreate", ctypes.byref(begin), 0)
        self._call("cuEventCreate", ctypes.byref(end), 0)
        self._call("cuEventRecord", begin, self._stream)
        work()
        self._call("cuEventRecord", end, self._stream)
        self._call("cuEventSynchronize", end)
        milliseconds = ctypes.c_float()
        self._call("cuEventElapsedTime", ctypes.byref(milliseconds), begin, end)
        self._call("cuEventDestroy_v2", begin)
        self._call("cuEventDestroy_v2", end)
        return milliseconds.value / 1e3

    def _attribute(self, number):
        """An attribute of the device, or 0 where this driver does not tell it."""
        value = ctypes.c_int()
        return value.value if self._library.cuDeviceGetAttribute(ctypes.byref(value), number, self._device) == 0 else 0

    def _call(self, name, *arguments):
        code = getattr(self._library, name)(*arguments)
        if code != 0:
            raise CudaError(f"{name} failed: {self._name(code)}")

    def _name(self, code):
        text = ctypes.c_char_p()
        known = self._library.cuGetErrorName(code, ctypes.byref(text)) == 0 and text.value
        return f"{text.value.decode()} ({code})" if known else f"error {code}"
