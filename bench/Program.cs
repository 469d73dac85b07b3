using Foretell.Bench;

var benches = new Dictionary<string, Func<Task>>
{
    ["step"] = StepBench.RunAsync,
    ["mixers"] = MixerBench.RunAsync,
    ["adapt"] = AdaptationBench.RunAsync,
    ["values"] = ValueBench.RunAsync,
    ["long"] = LongBench.RunAsync,
    ["scan"] = ScanBench.RunAsync,
    ["decode"] = DecodeBench.RunAsync,
    ["append"] = AppendBench.RunAsync,
    ["path"] = PathBench.RunAsync,
    ["query"] = QueryBench.RunAsync,
    ["overdue"] = OverdueBench.RunAsync,
    ["alerts"] = AlertBench.RunAsync,
    ["drift"] = DriftBench.RunAsync,
    ["shift"] = ShiftBench.RunAsync,
    ["counts"] = CountBench.RunAsync,
    ["sources"] = SourceBench.RunAsync,
    ["cluster"] = ClusterBench.RunAsync,
    ["memory"] = MemoryBench.RunAsync,
    ["device-cost"] = DeviceCostBench.RunAsync,
};
foreach (string name in args.Length == 0 ? [.. benches.Keys] : args)
{
    if (!benches.TryGetValue(name, out Func<Task>? bench))
    {
        Console.Error.WriteLine($"There is no bench '{name}'; there are {string.Join(", ", benches.Keys)}.");
        return 2;
    }
    Console.WriteLine($"== {name}");
    await bench();
}
return 0;
