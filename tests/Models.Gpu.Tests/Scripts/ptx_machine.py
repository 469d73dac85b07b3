"""Runs a PTX kernel on the CPU, instruction for instruction as the PTX ISA defines them: groups one after the other, lanes from
barrier to barrier. It knows what the fused step's kernel is made of and refuses everything else.

A thread becomes a Python generator whose locals are its registers: .b32 and .b64 as unsigned integers, .f32 as floats that are
rounded after every operation. An address is a block's number above 32 bits of offset, so that a read behind an array's end fails.
"""

import array
import math
import re
import struct

ADDRESS_BITS = 32
WORD = array.array("f", [0.0])
WORD_BITS = memoryview(WORD).cast("B").cast("I")
DOUBLE = array.array("d", [0.0])
DOUBLE_BYTES = memoryview(DOUBLE).cast("B")

SIGNED = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}
UNSIGNED = {"lo": "<", "ls": "<=", "hi": ">", "hs": ">=", "eq": "==", "ne": "!="}


def rounded(x):
    """The nearest float."""
    WORD[0] = x
    return WORD[0]


def fused(x, y, z):
    """x y + z, rounded once. The product is exact in a double; a sum that is not is made odd, which keeps the second rounding from
    falling on a tie that is none (Boldo, Melquiond, IEEE Transactions on Computers 57, 2008)."""
    product = x * y
    total = product + z
    part = total - product
    error = (product - (total - part)) + (z - part)
    if error != 0.0 and error == error:
        DOUBLE[0] = total
        if not DOUBLE_BYTES[0] & 1:
            total = math.nextafter(total, math.copysign(math.inf, error))
    return rounded(total)


def contracted(x, y, z):
    """x y + z, rounded twice: what a GPU must not do."""
    return rounded(rounded(x * y) + z)


def divided(x, y):
    """x / y; a double's 53 bits make the second rounding harmless."""
    if y == 0.0:
        return math.nan if x == 0.0 or x != x else math.copysign(math.inf, x) * math.copysign(1.0, y)
    return rounded(x / y)


def bits(x):
    """A float's bits."""
    WORD[0] = x
    return WORD_BITS[0]


def of_bits(x):
    """The float of some bits."""
    WORD_BITS[0] = x
    return WORD[0]


def signed(x):
    """A 32-bit register as a signed number."""
    return x - 0x100000000 if x & 0x80000000 else x


def quotient(x, y):
    """Signed division towards 0."""
    return abs(x) // abs(y) * (1 if (x < 0) == (y < 0) else -1)


class Kernel:
    """A kernel made ready to run."""

    def __init__(self, ptx, entry, multiply_add=fused):
        declaration = re.search(r"\.entry\s+" + entry + r"\s*\((?P<parameters>[^)]*)\)\s*\{(?P<body>.*?)\n\}", ptx, re.S)
        self.parameters = [(name, int(size)) for name, size in re.findall(r"\.b8\s+(\w+)\[(\d+)\]", declaration["parameters"])]
        self._offsets, at = {}, 0
        for name, size in self.parameters:
            self._offsets[name] = at
            at += size
        source = self._translate(declaration["body"])
        scope = {"rounded": rounded, "fma": multiply_add, "divided": divided, "bits": bits, "of_bits": of_bits, "signed": signed,
                 "quotient": quotient, "sqrt": math.sqrt, "unpack": struct.unpack_from}
        exec(compile(source, entry, "exec"), scope)
        self._thread = scope["thread"]

    def run(self, groups, threads, shared_bytes, parameters, floats, words):
        """Runs all groups. Memory is two views of each block by its number: of floats and of 32-bit words."""
        for group in range(groups):
            shared = [math.nan] * (shared_bytes // 4)
            lanes = [self._thread(parameters, lane, group, shared, floats, words) for lane in range(threads)]
            # Lanes of one group from the first to the last, those of the next the other way round: their order must not matter.
            order = lanes[::-1] if group % 2 else lanes
            while order:
                waiting = [next(lane, None) is not None for lane in order]
                if not all(waiting):
                    if any(waiting):
                        raise RuntimeError("some lanes wait at a barrier that others never reach")
                    break

    def _translate(self, body):
        """The text as blocks of statements, found by a tree of comparisons."""
        blocks, names, current = [], {}, []
        for line in re.sub(r"//[^\n]*", "", body).split("\n"):
            line = line.strip()
            if not line or line.startswith("."):
                continue
            label = re.match(r"(\w+):$", line)
            if label:
                blocks.append(current)
                current = []
                names[label[1]] = len(blocks)
            else:
                current.append(line.rstrip(";"))
                if re.match(r"(@|bra|ret)", line):
                    blocks.append(current)
                    current = []
        blocks.append(current)
        lines = ["def thread(params, tid, ctaid, shared, floats, words):", " block = 0", " while True:"]
        self._tree(blocks, names, 0, len(blocks), 2, lines)
        return "\n".join(lines)

    def _tree(self, blocks, names, first, end, depth, lines):
        indent = " " * depth
        if end - first > 1:
            middle = (first + end) // 2
            lines.append(f"{indent}if block < {middle}:")
            self._tree(blocks, names, first, middle, depth + 1, lines)
            lines.append(f"{indent}else:")
            self._tree(blocks, names, middle, end, depth + 1, lines)
            return
        lines.append(f"{indent}block = {first + 1}")
        for line in blocks[first]:
            lines.extend(indent + statement for statement in self._statement(line, names))

    def _statement(self, line, names):
        guard = re.match(r"@(!?)%(p\d+)\s+(.*)", line)
        if guard:
            inner = self._statement(guard[3], names)
            return [f"if {'not ' if guard[1] else ''}{guard[2]}:"] + [" " + s for s in inner]
        opcode, _, rest = line.partition("\t") if "\t" in line else line.partition(" ")
        operands = [o.strip() for o in rest.split(",")] if rest.strip() else []
        parts = opcode.split(".")
        if parts[0] == "bra":
            return [f"block = {names[operands[0]]}", "continue"]
        if opcode == "ret":
            return ["return"]
        if opcode == "bar.sync":
            return ["yield True"]
        if parts[0] == "ld" and parts[1] == "param":
            return [f"{register(operands[0])} = {self._parameter(operands[1], parts[2])}"]
        return [expression(parts, operands)]

    def _parameter(self, operand, kind):
        name, _, offset = operand.strip("[]").partition("+")
        return f"unpack('<{'Q' if kind == 'b64' else 'I'}', params, {self._offsets[name] + int(offset or 0)})[0]"


def register(operand):
    """A register's name, or a constant's value, as Python."""
    if operand.startswith("0f"):
        return repr(of_bits(int(operand[2:], 16)))
    special = {"%tid.x": "tid", "%ctaid.x": "ctaid", "%dynamic_smem_size": "len(shared) * 4", "__dyn_shared_alloca": "0"}
    if operand in special:
        return special[operand]
    if operand.startswith("%"):
        return operand[1:]
    return str(int(operand) & 0xFFFFFFFFFFFFFFFF)


def expression(parts, operands):
    """One instruction as an assignment."""
    name, kind = parts[0], parts[-1]
    if name == "st":
        return store(parts, operands)
    target = register(operands[0])
    if name == "ld":
        return f"{target} = {loaded(parts, operands[1])}"
    o = [register(x) for x in operands[1:]]
    mask = "0xFFFFFFFFFFFFFFFF" if kind.endswith("64") else "0xFFFFFFFF"
    if kind == "f32" and name in ("add", "mul"):
        require(parts[1] == "rn", parts)
        return f"{target} = rounded({o[0]} {'+' if name == 'add' else '*'} {o[1]})"
    if name == "fma":
        require(parts[1:] == ["rn", "f32"], parts)
        return f"{target} = fma({o[0]}, {o[1]}, {o[2]})"
    if kind == "f32" and name in ("div", "rcp", "sqrt"):
        require(parts[1] == "rn", parts)
        value = {"div": "divided({0}, {1})", "rcp": "divided(1.0, {0})", "sqrt": "rounded(sqrt({0}))"}[name]
        return f"{target} = {value.format(*o)}"
    if name == "neg" and kind == "f32":
        return f"{target} = -{o[0]}"
    if name == "mov":
        to_float, from_float = target.startswith("f"), operands[1].startswith(("%f", "0f"))
        if to_float != from_float:
            return f"{target} = {'bits' if from_float else 'of_bits'}({o[0]})"
        return f"{target} = {o[0]}" if to_float else f"{target} = {o[0]} & {mask}"
    if name == "selp":
        return f"{target} = {o[0]} if {o[2]} else {o[1]}"
    if name == "setp":
        return f"{target} = {compared(parts[1], kind, o)}"
    if name == "or" and kind == "pred":
        return f"{target} = {o[0]} or {o[1]}"
    if name == "cvt":
        require(parts[1:] in (["rn", "f32", "s32"], ["s64", "s32"], ["s32", "s64"]), parts)
        if parts[1] == "s32":
            return f"{target} = {o[0]} & 0xFFFFFFFF"
        return f"{target} = rounded(float(signed({o[0]})))" if parts[1] == "rn" else f"{target} = signed({o[0]}) & 0xFFFFFFFFFFFFFFFF"
    if name in ("div", "rem") and kind in ("s32", "u32"):
        x, y = [f"signed({v})" if kind == "s32" else v for v in o]
        value = {"divs32": f"quotient({x}, {y})", "rems32": f"{x} - {y} * quotient({x}, {y})", "divu32": f"{x} // {y}",
                 "remu32": f"{x} % {y}"}[name + kind]
        return f"{target} = ({value}) & {mask}"
    if name == "shr":
        return f"{target} = ({f'signed({o[0]})' if kind == 's32' else o[0]} >> {o[1]}) & {mask}"
    simple = {"add": "{0} + {1}", "sub": "{0} - {1}", "and": "{0} & {1}", "or": "{0} | {1}", "xor": "{0} ^ {1}", "shl": "{0} << {1}"}
    if name == "mul" and parts[1:] == ["wide", "u32"]:
        return f"{target} = {o[0]} * {o[1]}"
    if name in ("mul", "mad"):
        require(parts[1] == "lo", parts)
        return f"{target} = ({o[0]} * {o[1]}{f' + {o[2]}' if name == 'mad' else ''}) & {mask}"
    require(name in simple and kind[0] in "bsu", parts)
    return f"{target} = ({simple[name].format(*o)}) & {mask}"


def compared(relation, kind, o):
    """A comparison."""
    if kind == "f32":
        return f"{o[0]} {SIGNED[relation]} {o[1]}"
    if kind == "s32":
        # A negative constant was made 64 bits wide.
        return f"signed({o[0]} & 0xFFFFFFFF) {SIGNED[relation]} signed({o[1]} & 0xFFFFFFFF)"
    require(kind == "u32", ["setp", relation, kind])
    return f"{o[0]} {UNSIGNED[relation]} {o[1]}"


def address(operand):
    """An address as Python."""
    base, _, offset = operand.strip("[]").partition("+")
    return f"({register(base)} + {int(offset)})" if offset else register(base)


def loaded(parts, operand):
    """A read."""
    at = address(operand)
    if parts[1] == "shared":
        require(parts[2] == "f32", parts)
        return f"shared[{at} >> 2]"
    require(parts[1] in ("f32", "b32"), parts)
    return f"{'floats' if parts[1] == 'f32' else 'words'}[{at} >> {ADDRESS_BITS}][({at} & 0xFFFFFFFF) >> 2]"


def store(parts, operands):
    """A write."""
    at, value = address(operands[0]), register(operands[1])
    if parts[1] == "shared":
        require(parts[2] == "f32", parts)
        return f"shared[{at} >> 2] = {value}"
    require(parts[1] == "f32", parts)
    return f"floats[{at} >> {ADDRESS_BITS}][({at} & 0xFFFFFFFF) >> 2] = {value}"


def require(known, parts):
    """Refuses an instruction."""
    if not known:
        raise NotImplementedError(f"this machine does not know {'.'.join(parts)}")
