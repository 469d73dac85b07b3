"""Times batches of a case, and sets them against what bytes and operations allow at least."""

import ctypes
import struct

from step_check import DeviceModel, upload

ROUNDS = 5
LEAST_SECONDS = 0.02
MOST_REPEATS = 200
COPY_BYTES = 256 << 20
# Additions or multiplications of floats that one multiprocessor begins in a cycle: 128, but 64 on compute capability 8.0.
LANES, LANES_OF_8_0 = 128, 64


class Peaks:
    """What the device could do at best; None where it does not tell."""

    def __init__(self, gpu):
        a = gpu.attributes
        lanes = LANES_OF_8_0 if (a["major"], a["minor"]) == (8, 0) else LANES
        # A multiply-add is two operations, and the memory moves data on both edges of its clock.
        self.operations = a["clock_khz"] * 1e3 * a["processors"] * lanes * 2 or None
        self.memory = a["memory_clock_khz"] * 1e3 * 2 * a["bus_bits"] / 8 or None
        self.copy_in, self.copy_out = measure_copies(gpu, COPY_BYTES)


def measure_copies(gpu, size):
    """Bytes a second over PCIe, into the device and out of it, from page-locked memory."""
    host, device = gpu.pinned(size), gpu.allocate(size)
    ctypes.memset(host, 1, size)
    into = min(gpu.seconds(lambda: gpu.copy_in(device, host, size)) for _ in range(ROUNDS))
    out = min(gpu.seconds(lambda: gpu.copy_out(host, device, size)) for _ in range(ROUNDS))
    gpu.free_pinned(host)
    gpu.free(device)
    return size / into, size / out


def time_case(gpu, kernel, case, peaks, batches):
    """A line of results for each batch size."""
    model = DeviceModel(gpu, kernel, case)
    most = max(batches)
    rows_bytes, events_bytes = most * case.row_bytes, most * case.event_bytes
    # More rows than were packed are the same rows again: a row's values do not change how long its step takes.
    packed = case.section["rows"]
    content = (packed * (rows_bytes // len(packed) + 1))[:rows_bytes]
    events = b"".join(struct.pack("<i", i) + event_rest(case, i) for i in range(most))
    host_rows, host_events = gpu.pinned(rows_bytes), gpu.pinned(events_bytes)
    ctypes.memmove(host_rows, content, rows_bytes)
    ctypes.memmove(host_events, events, events_bytes)
    device_rows, device_events = gpu.allocate(rows_bytes), gpu.allocate(events_bytes)
    upload(gpu, device_rows, content)
    upload(gpu, device_events, events)
    lines = []
    for batch in batches:
        launch = model.batch(device_rows, batch, device_events, batch)

        def whole(batch=batch, launch=launch):
            gpu.copy_in(device_rows, host_rows, batch * case.row_bytes)
            gpu.copy_in(device_events, host_events, batch * case.event_bytes)
            launch()
            gpu.copy_out(host_rows, device_rows, batch * case.row_bytes)

        lines.append({"kernel": kernel.name, **result(case, batch, repeat(gpu, launch), repeat(gpu, whole), peaks)})
    gpu.free_pinned(host_rows)
    gpu.free_pinned(host_events)
    gpu.free(device_rows)
    gpu.free(device_events)
    model.close()
    return lines


def event_rest(case, index):
    """An event without its row: one of those that were packed."""
    start = index % sum(case.steps) * case.event_bytes
    return case.section["events"][start + 4:start + case.event_bytes]


def repeat(gpu, work):
    """Median seconds of one run, each measured over so many in a row that the clock does not matter."""
    work()
    once = gpu.seconds(work)
    repeats = max(1, min(MOST_REPEATS, int(LEAST_SECONDS / max(once, 1e-7))))

    def many():
        for _ in range(repeats):
            work()

    return sorted(gpu.seconds(many) / repeats for _ in range(ROUNDS))[ROUNDS // 2]


def result(case, batch, kernel, whole, peaks):
    """Times of a batch beside its floors. Copies in, copies out and the kernel could all run side by side, so what takes longest
    of them is the least that a stream of batches needs."""
    memory = batch * (2 * case.row_bytes + case.event_bytes) / peaks.memory if peaks.memory else None
    operations = batch * case.operations / peaks.operations if peaks.operations else None
    pcie = max(batch * (case.row_bytes + case.event_bytes) / peaks.copy_in, batch * case.row_bytes / peaks.copy_out)
    return {
        "case": case.name, "d": case.width, "batch": batch, "kernelSeconds": kernel, "wholeSeconds": whole,
        "kernelEventsPerSecond": batch / kernel, "wholeEventsPerSecond": batch / whole, "pcieFloorSeconds": pcie,
        "memoryFloorSeconds": memory, "operationsFloorSeconds": operations,
        "kernelShare": share(kernel, memory, operations), "wholeShare": share(whole, pcie, memory, operations),
    }


def share(seconds, *floors):
    """How much of the time the highest floor explains; None where no floor is known."""
    known = [floor for floor in floors if floor]
    return max(known) / seconds if known else None
