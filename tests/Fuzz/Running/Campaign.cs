using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Foretell.Fuzz.Targets;

namespace Foretell.Fuzz.Running;

/// <summary>Gives one target many inputs, keeps those that reach new branches, and judges each: documented exceptions only, memory in
/// proportion to its length, and an answer within a second.</summary>
public sealed class Campaign
{
    /// <summary>Longest that an input may take.</summary>
    public static readonly TimeSpan Slowest = TimeSpan.FromSeconds(1);

    private const int MostFindings = 20, MostKept = 4000, MostKeptBytes = 1024;

    private readonly FuzzTarget _target;
    private readonly CoverageMap _map;
    private readonly CurrentInput _current;
    private readonly string? _keepIn;
    private readonly List<byte[]> _corpus = [];
    private readonly Dictionary<string, string> _findings = [];
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private TimeSpan _slowest;
    private long _inputs, _taken, _mostBytes;
    private volatile bool _isEnded;
    private int _kept;

    private Campaign(FuzzTarget target, CoverageMap map, string? keepIn) =>
        (_target, _map, _keepIn, _current) = (target, map, keepIn, new CurrentInput(target.Name));

    /// <summary>Runs a campaign.</summary>
    /// <param name="target">Name of the target.</param>
    /// <param name="inputs">Inputs beside the seeds.</param>
    /// <param name="seed">Of the mutations: the same seed over the same code makes the same inputs.</param>
    /// <param name="keepIn">Folder whose files become the short inputs that take each branch; null keeps none.</param>
    /// <returns>What it came to, one sentence; then a line for each finding.</returns>
    public static string[] Run(string target, long inputs, int seed, string? keepIn)
    {
        CoverageMap.Idle();
        FuzzTarget found = AllTargets.Named(target);
        using var map = new CoverageMap(counts: !found.IsConcurrent);
        var campaign = new Campaign(found, map, keepIn);
        // Whoever ends a long one is told what it came to until then.
        using PosixSignalRegistration ending = PosixSignalRegistration.Create(PosixSignal.SIGTERM, campaign.End);
        using PosixSignalRegistration interrupting = PosixSignalRegistration.Create(PosixSignal.SIGINT, campaign.End);
        using (campaign._current)
        {
            campaign.Run(inputs, new Random(seed));
        }
        return [campaign.Summary(), .. campaign._findings.Values];
    }

    /// <summary>Gives a target one input.</summary>
    /// <returns>What is wrong with what it did, or null.</returns>
    public static string? Replay(string target, byte[] input)
    {
        CoverageMap.Idle();
        return Judge(AllTargets.Named(target), input);
    }

    /// <summary>Gives a target one input.</summary>
    /// <returns>What is wrong with what it did, or null.</returns>
    public static string? Judge(FuzzTarget target, byte[] input)
    {
        using var map = new CoverageMap(counts: false);
        var campaign = new Campaign(target, map, null);
        using (campaign._current)
        {
            return campaign.Try(input, out _);
        }
    }

    private void Run(long inputs, Random random)
    {
        var mutator = new Mutator(random, _target);
        List<byte[]> seeds = [.. _target.Seeds, .. SeedFolder.Read(_target.Name)];
        // Twice: whatever is made once for all inputs is no input's.
        seeds.ForEach(seed => Execute(seed));
        (_slowest, _mostBytes) = (TimeSpan.Zero, 0);
        foreach (byte[] seed in seeds)
        {
            Judge(seed);
            _corpus.Add(seed);
        }
        for (_inputs = 0; _inputs < inputs && _findings.Count < MostFindings && !_isEnded; _inputs++)
        {
            // The newest are tried more often: what they reached has been looked at least.
            int parent = random.Next(random.Next(2) == 0 ? 0 : _corpus.Count - _corpus.Count / 4 - 1, _corpus.Count);
            byte[] input = mutator.Mutate(_corpus[Math.Max(0, parent)], _corpus[random.Next(_corpus.Count)]);
            if (Judge(input) && _corpus.Count < MostKept)
            {
                _corpus.Add(input);
            }
        }
        Keep();
    }

    private void End(PosixSignalContext signal)
    {
        _isEnded = true;
        signal.Cancel = true;
    }

    /// <summary>Gives the target an input and notes what it did wrong.</summary>
    /// <returns>Whether it reached anything new.</returns>
    private bool Judge(byte[] input)
    {
        string? fault = Try(input, out bool isNews);
        if (fault is not null)
        {
            string file = Path.Combine(CurrentInput.Folder, $"{_target.Name}-{Name(input)}");
            if (_findings.TryAdd(fault.Split('\n')[0], $"{_target.Name}: {fault}\nThe input is {file}."))
            {
                File.WriteAllBytes(file, input);
            }
        }
        return isNews;
    }

    private string? Try(byte[] input, out bool isNews)
    {
        _map.Begin();
        (Exception? thrown, TimeSpan time, long bytes) = Execute(input);
        isNews = _map.End();
        long allowed = _target.FreeBytes + _target.BytesPerByte * input.Length;
        // A busy machine takes its time, and a first input's code is compiled: what counts is the best of some tries.
        for (int again = 0; again < 4 && (time > Slowest || bytes > allowed); again++)
        {
            (_, TimeSpan time2, long bytes2) = Execute(input);
            (time, bytes) = (time2 < time ? time2 : time, Math.Min(bytes, bytes2));
        }
        _slowest = time > _slowest ? time : _slowest;
        _mostBytes = Math.Max(_mostBytes, bytes);
        _taken += thrown is null ? 1 : 0;
        return thrown is not null && !_target.Refusals.Any(type => type.IsInstanceOfType(thrown))
                ? $"{(thrown is BrokenPromiseException ? thrown.Message : $"{thrown.GetType()} at {Place(thrown)}")}\n{thrown}"
            : time > Slowest ? $"an input takes more than {Slowest.TotalSeconds:0} s\n{time.TotalSeconds:0.0} s for {input.Length} bytes"
            : bytes > allowed ? $"an input makes it allocate more than it justifies\n{bytes} bytes for {input.Length}, allowed are {allowed}"
            : null;
    }

    private (Exception? Thrown, TimeSpan Time, long Bytes) Execute(byte[] input)
    {
        // A copy: readers may change what they are given, and the next try is to see what this one saw.
        byte[] copy = [.. input];
        _current.Begin(input);
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        TimeSpan started = _clock.Elapsed;
        Exception? thrown = null;
        try
        {
            _target.Run(copy);
        }
        catch (Exception e)
        {
            thrown = e;
        }
        TimeSpan time = _clock.Elapsed - started;
        long bytes = GC.GetAllocatedBytesForCurrentThread() - allocated;
        _current.End();
        return (thrown, time, bytes);
    }

    /// <summary>Keeps the shortest inputs that take all branches which the corpus takes, but for long ones.</summary>
    private void Keep()
    {
        if (_keepIn is null)
        {
            return;
        }
        Directory.CreateDirectory(_keepIn);
        Array.ForEach(Directory.GetFiles(_keepIn), File.Delete);
        using var branches = new CoverageMap(counts: false);
        // Its own seeds come first: what they reach needs no file.
        foreach (byte[] input in _target.Seeds.Concat(_corpus.Where(input => input.Length <= MostKeptBytes).OrderBy(input => input.Length)))
        {
            branches.Begin();
            Execute(input);
            if (branches.End() && !_target.Seeds.Contains(input))
            {
                File.WriteAllBytes(Path.Combine(_keepIn, Name(input)), input);
                _kept++;
            }
        }
    }

    private string Summary() => string.Create(CultureInfo.InvariantCulture,
        $"{_target.Name}: {_inputs} inputs in {_clock.Elapsed.TotalSeconds:0} s, {_findings.Count} findings, {_taken} taken, {_map.Points} coverage points, "
        + $"corpus {_corpus.Count} ({_kept} kept), slowest {_slowest.TotalMilliseconds:0} ms, most allocated {_mostBytes >> 10} KiB, process {Environment.WorkingSet >> 20} MiB");

    private static string Name(byte[] input) => Convert.ToHexStringLower(SHA256.HashData(input))[..16];

    /// <summary>The first of the product's methods on the stack.</summary>
    private static string Place(Exception thrown) => new StackTrace(thrown).GetFrames()
        .Select(frame => DiagnosticMethodInfo.Create(frame) is { } m ? $"{m.DeclaringTypeName}.{m.Name}" : "")
        .FirstOrDefault(method => method.StartsWith("Foretell.", StringComparison.Ordinal) && !method.StartsWith("Foretell.Fuzz.", StringComparison.Ordinal))
        ?? "no method of the product";
}
