"""A packed folder: its manifest, and whether the files are what the manifest says."""

import hashlib
import json
import os
import re

FORMAT = "foretell-gpu-pack/1"
LIMIT = 64 << 20
VIEW_BYTES = 16
FLOAT_BYTES = 4
SECTIONS = {"weights", "layers", "rates", "rows", "events", "first", "expected"}


class PackError(Exception):
    """The folder is not what it should be; the message says which part."""


class Case:
    """One model: its sizes, and its sections as bytes."""

    def __init__(self, description, data):
        self.name = description["name"]
        self.width = description["width"]
        self.shared_bytes = description["sharedBytes"]
        self.row_bytes = description["rowFloats"] * FLOAT_BYTES
        self.event_bytes = description["eventBytes"]
        self.operations = description["operations"]
        self.steps = description["steps"]
        self.network = bytes.fromhex(description["network"])
        self.section = {name: data[s["offset"]:s["offset"] + s["bytes"]] for name, s in description["sections"].items()}
        self.element_bytes = {name: s["elementBytes"] for name, s in description["sections"].items()}

    @property
    def streams(self):
        """Rows of the check."""
        return len(self.section["rows"]) // self.row_bytes

    def check(self):
        """Sizes that must agree with one another."""
        require(set(self.section) == SECTIONS, f"{self.name}: sections are {sorted(self.section)}")
        for name in ("rows", "first", "expected"):
            require(len(self.section[name]) == self.streams * self.row_bytes and self.streams > 0,
                    f"{self.name}: section {name} holds {len(self.section[name])} bytes, not {self.streams} rows")
        require(len(self.section["events"]) == sum(self.steps) * self.event_bytes,
                f"{self.name}: {len(self.section['events'])} bytes of events are not {sum(self.steps)} events")
        for name, size in self.element_bytes.items():
            require(len(self.section[name]) % size == 0, f"{self.name}: section {name} is no whole number of elements")
        first = 0
        for count in self.steps:
            rows = [self.event_row(i) for i in range(first, first + count)]
            require(len(set(rows)) == count and all(0 <= row < self.streams for row in rows),
                    f"{self.name}: a batch has a row twice, or one that is not there")
            first += count

    def event_row(self, index):
        """Row of an event: its first 4 bytes."""
        start = index * self.event_bytes
        return int.from_bytes(self.section["events"][start:start + 4], "little", signed=True)


class Kernel:
    """A kernel: its PTX, and how it is called."""

    def __init__(self, description, ptx):
        self.name = description["name"]
        self.ptx = ptx
        self.entry = description["entry"]
        self.target = description["target"]
        self.rows_a_group = description["rowsAGroup"]
        self.parameters = [(p["name"], p["bytes"]) for p in description["parameters"]]
        entry = re.search(r"\.entry\s+" + re.escape(self.entry) + r"\s*\(([^)]*)\)", ptx.decode("ascii"))
        require(entry is not None, f"kernel {self.name} has no entry point {self.entry}")
        declared = [(name, int(size)) for name, size in re.findall(r"\.b8\s+_([a-z]+)_\d+\[(\d+)\]", entry.group(1))]
        require(declared == self.parameters,
                f"the PTX of kernel {self.name} declares the parameters {declared}, the manifest {self.parameters}")
        require(self.parameters[-1][0] == "network" and all(size == VIEW_BYTES for _, size in self.parameters[:-1]),
                f"the last parameter of kernel {self.name} must be the network's table and all others views")


class Pack:
    """The folder."""

    def __init__(self, folder):
        self.folder = folder
        try:
            with open(os.path.join(folder, "manifest.json"), encoding="utf-8") as file:
                self.manifest = json.load(file)
        except (OSError, ValueError) as error:
            raise PackError(f"cannot read the manifest: {error}") from error
        require(self.manifest.get("format") == FORMAT, f"its format is {self.manifest.get('format')}, expected {FORMAT}")
        data = {name: self._read(name, about) for name, about in self.manifest["files"].items()}
        require(sum(len(content) for content in data.values()) <= LIMIT, f"it holds more than {LIMIT} bytes")
        self.kernels = [Kernel(k, data[k["file"]]) for k in self.manifest["kernels"]]
        self.batches = self.manifest["batches"]
        for case in self.manifest["cases"]:
            size = len(data[case["file"]])
            for name, s in case["sections"].items():
                require(0 <= s["offset"] and s["offset"] + s["bytes"] <= size,
                        f"{case['name']}: section {name} ends behind {case['file']}")
        self.cases = [Case(case, data[case["file"]]) for case in self.manifest["cases"]]
        for case in self.cases:
            case.check()
            require(all(len(case.network) == k.parameters[-1][1] for k in self.kernels),
                    f"{case.name}: the network's table has {len(case.network)} bytes")

    def _read(self, name, about):
        try:
            with open(os.path.join(self.folder, name), "rb") as file:
                content = file.read()
        except OSError as error:
            raise PackError(f"cannot read {name}: {error}") from error
        require(len(content) == about["bytes"], f"{name} has {len(content)} bytes, expected {about['bytes']}")
        require(hashlib.sha256(content).hexdigest() == about["sha256"], f"{name} was changed: its SHA-256 is not the manifest's")
        return content


def require(holds, sentence):
    """Refuses a folder."""
    if not holds:
        raise PackError(sentence)
