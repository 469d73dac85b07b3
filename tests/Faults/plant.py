#!/usr/bin/env python3
"""Plants bugs, one at a time, in a scratch copy of what is committed, and shows that something turns red.

Usage: tests/Faults/plant.py [NAME ...]      all of them unless some are named; exit code 1 when a bug is not caught.
"""
import pathlib, subprocess, sys, tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SIMULATOR = ("tests/Faults", "tests/Faults/bin/Release/net10.0/Foretell.Faults.dll", "schedules", "1", "3000", "6")
SHARD = "src/Engine/Shards/Shard.cs"


def tests(project, *arguments):
    """A test project and what to run of it."""
    return (f"tests/{project}", f"tests/{project}/bin/Release/net10.0/Foretell.{project}.dll", *arguments)


# Name: what catches it, and for each change the file, what stands there, and what is to stand there.
BUGS = {
    "acknowledgement-before-the-sync": (SIMULATOR, [
        ("src/Stores.Sqlite/SqliteDatabase.cs", "PRAGMA synchronous=FULL", "PRAGMA synchronous=NORMAL")]),
    "position-before-rows": (SIMULATOR, [
        ("src/Stores.Sqlite/SqliteShardFile.cs", "for (int i = 0; i < commit.PageCount; i++)", "for (int i = 0; i < 0; i++)"),
        ("src/Stores.Sqlite/SqliteShardFile.cs", 'database.Execute("COMMIT");\n            _untoldEpoch = null;',
         'database.Execute("COMMIT"); _untoldEpoch = null; database.Execute("BEGIN IMMEDIATE");\n'
         "for (int i = 0; i < commit.PageCount; i++) { (int number, ReadOnlyMemory<byte> bytes) = commit.Page(i);\n"
         '_putPage.Bind(1, number).Bind(2, bytes.Span).Run(); } database.Execute("COMMIT");')]),
    "idempotency-key-outside-the-transaction": (SIMULATOR, [
        ("src/Stores.Sqlite/SqliteLogFile.cs", "public void Commit() => _commit.Run();",
         "private readonly List<Action> _later = []; public void Commit() { _commit.Run(); _later.ForEach(put => put()); _later.Clear(); }"),
        ("src/Stores.Sqlite/SqliteLogFile.cs", "=> _requests.Put(request, receipt, nowTicks);",
         "=> _later.Add(() => _requests.Put(request, receipt, nowTicks));")]),
    "a-stream-twice-in-a-tile": (tests("Engine.Tests", "-class", "Foretell.Engine.Tests.Shards.WavePlannerTests"), [
        ("src/Engine/Shards/WavePlanner.cs", "(_generation, input.Row, wave + 1)", "(_generation, input.Row, wave)")]),
    "a-forgotten-sync-is-believed": (SIMULATOR, [
        ("src/Stores.Sqlite/SqliteLogFile.cs", "        SqliteWal.MakeDurable(path);\n", "")]),
    "epoch-check-forgotten": (tests("Stores.Sqlite.Tests", "-class", "Foretell.Stores.Sqlite.Tests.SqliteStateStoreTests"), [
        ("src/Stores.Sqlite/SqliteShardFile.cs", "if (newest != epoch)", "if (newest < epoch)")]),
    "replay-ignores-the-sequence-number-of-a-row": (tests("Engine.Tests", "-class", "Foretell.Engine.Tests.Shards.ShardTests"), [
        (SHARD, "if (row >= 0 && sequence <= _slab.Header(row).LastSequence)", "if (row >= 0 && sequence <= 0)")]),
    "less-for-less-or-equal-at-the-position": (tests("Engine.Tests", "-class", "Foretell.Engine.Tests.Shards.ShardTests"), [
        (SHARD, "sequence <= _slab.Header(row).LastSequence", "sequence < _slab.Header(row).LastSequence")]),
    "rejections-uncapped": (tests("Stores.Sqlite.Tests", "-class", "Foretell.Stores.Sqlite.Tests.SqliteStateStoreTests"), [
        ("src/Stores.Sqlite/SqliteShardFile.cs", "if (commit.DeadLetters.Count > 0)", "if (commit.DeadLetters.Count < 0)")]),
    "open-before-check": (tests("Stores.Sqlite.Tests", "-class", "Foretell.Stores.Sqlite.Tests.LogWitnessTests"), [
        ("src/Stores.Sqlite/SqliteEventLog.cs", "SqliteLogInspection found = SqliteLogInspection.Look(path, partitions);",
         "SqliteDatabase.Open(path).Dispose(); SqliteLogInspection found = SqliteLogInspection.Look(path, partitions);")]),
    "trim-one-record-too-far": (SIMULATOR, [
        ("src/Stores.Sqlite/SqliteLogTrim.cs", "Math.Min(trim.UpTo, end)", "Math.Min(trim.UpTo + 1, end)"),
        ("src/Stores.Sqlite/SqliteLogTrim.cs", "if (last > trim.UpTo ||", "if (last > trim.UpTo + 1 ||")]),
}


def run(*command, cwd):
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True)


def caught(name, scratch):
    (project, program, *arguments), changes = BUGS[name]
    for file, old, new in changes:
        path = scratch / file
        text = path.read_text()
        if old not in text:
            sys.exit(f"plant: {file} no longer holds what '{name}' changes; bring the script up to date.")
        path.write_text(text.replace(old, new, 1))
    build = run("dotnet", "build", project, "-c", "Release", "--nologo", "-v", "q", "-p:TreatWarningsAsErrors=false", cwd=scratch)
    if build.returncode != 0:
        sys.exit(f"plant: '{name}' does not build:\n{build.stdout[-2000:]}")
    outcome = run("dotnet", "exec", program, *arguments, cwd=scratch)
    run("git", "checkout", "-q", "--", "src", cwd=scratch)
    red = [line.strip()[:160] for line in outcome.stdout.splitlines() if "broken:" in line or "FAIL" in line or "To see it again" in line]
    print(f"{'caught' if outcome.returncode != 0 else 'NOT CAUGHT'}: {name}", *red[:3], sep="\n    ", flush=True)
    return outcome.returncode != 0


def main():
    with tempfile.TemporaryDirectory(prefix="foretell-plant-") as folder:
        scratch = pathlib.Path(folder) / "copy"
        if run("git", "clone", "-q", str(ROOT), str(scratch), cwd=ROOT).returncode != 0:
            sys.exit("plant: the repository could not be copied.")
        results = [caught(name, scratch) for name in sys.argv[1:] or BUGS]
        sys.exit(0 if all(results) else 1)


main()
