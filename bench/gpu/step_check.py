"""Steps a case's rows on the GPU, and compares them with what the CPU made of them, byte for byte."""

import ctypes
import struct


class DeviceModel:
    """What the kernel reads of a model, on the device."""

    def __init__(self, gpu, kernel, case):
        self._gpu, self._kernel, self._case = gpu, kernel, case
        self._shared_bytes = kernel.rows_a_group * case.shared_bytes
        self.function = gpu.load_kernel(kernel.ptx, kernel.entry, self._shared_bytes)
        self._fixed = {}
        for name in ("weights", "layers", "rates"):
            content = case.section[name]
            address = gpu.allocate(len(content))
            upload(gpu, address, content)
            self._fixed[name] = (address, len(content) // case.element_bytes[name])

    def batch(self, rows, row_count, events, event_count):
        """A batch to queue: a group for each so many events, a thread for each column."""
        case = self._case
        views = dict(self._fixed, rows=(rows, row_count * case.row_bytes // 4), events=(events, event_count))
        # A view is an address and a length in elements, 64 bits each.
        parameters = [case.network if name == "network" else struct.pack("<Qq", *views[name]) for name, _ in self._kernel.parameters]
        groups = -(-event_count // self._kernel.rows_a_group)
        return self._gpu.prepare(self.function, groups, case.width, self._shared_bytes, parameters)

    def close(self):
        """Gives the memory back."""
        for address, _ in self._fixed.values():
            self._gpu.free(address)


def upload(gpu, address, content):
    """Copies bytes to the device, and waits."""
    host = gpu.pinned(len(content))
    ctypes.memmove(host, content, len(content))
    gpu.copy_in(address, host, len(content))
    gpu.wait()
    gpu.free_pinned(host)


def download(gpu, address, size):
    """Copies bytes from the device."""
    host = gpu.pinned(size)
    gpu.copy_out(host, address, size)
    gpu.wait()
    content = ctypes.string_at(host, size)
    gpu.free_pinned(host)
    return content


def check(gpu, kernel, case):
    """None where all rows have the CPU's bytes, else a sentence on the first float that differs."""
    model = DeviceModel(gpu, kernel, case)
    rows = gpu.allocate(len(case.section["rows"]))
    events = gpu.allocate(len(case.section["events"]))
    upload(gpu, rows, case.section["rows"])
    upload(gpu, events, case.section["events"])
    try:
        done = 0
        for step, count in enumerate(case.steps):
            model.batch(rows, case.streams, events + done * case.event_bytes, count)()
            gpu.wait()
            done += count
            if step == 0:
                difference = compare(case, "first", download(gpu, rows, len(case.section["rows"])))
                if difference:
                    return f"{case.name}, kernel {kernel.name}, after the first batch of {count} events: {difference}"
        difference = compare(case, "expected", download(gpu, rows, len(case.section["rows"])))
        return f"{case.name}, kernel {kernel.name}, after {len(case.steps)} batches of {done} events: {difference}" if difference else None
    finally:
        for address in (rows, events):
            gpu.free(address)
        model.close()


def compare(case, section, actual):
    """The first float that differs, and how many do."""
    expected = case.section[section]
    if actual == expected:
        return None
    differing = [i for i in range(0, len(expected), 4) if actual[i:i + 4] != expected[i:i + 4]]
    at = differing[0]
    (seen,), (wanted,) = struct.unpack_from("<f", actual, at), struct.unpack_from("<f", expected, at)
    return (f"row {at // case.row_bytes}, float {at % case.row_bytes // 4} is 0x{actual[at:at + 4][::-1].hex()} ({seen!r}), "
            f"expected 0x{expected[at:at + 4][::-1].hex()} ({wanted!r}); {len(differing)} of {len(expected) // 4} floats differ")
