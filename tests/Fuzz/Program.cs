using Foretell.Fuzz.Running;
using Foretell.Fuzz.Targets;

// Usage:
//   dotnet run -c Release --project tests/Fuzz                       names of the targets
//   dotnet run -c Release --project tests/Fuzz -- TARGET INPUTS [SEED] [--keep]
//   dotnet run -c Release --project tests/Fuzz -- replay TARGET FILE
switch (args)
{
    case ["replay", var target, var file]:
        string? fault = Campaign.Replay(target, File.ReadAllBytes(file));
        Console.WriteLine(fault ?? $"{target} reads {file} as it should.");
        return fault is null ? 0 : 1;

    case [var target, var inputs, .. var rest]:
        bool keeps = rest.Contains("--keep");
        int seed = rest.FirstOrDefault(word => word != "--keep") is { } number ? int.Parse(number) : 1;
        using (var code = new InstrumentedCode())
        {
            string[] lines = code.Run(target, long.Parse(inputs), seed, keeps ? SeedFolder.Of(target) : null);
            Array.ForEach(lines, Console.WriteLine);
            return lines.Length == 1 ? 0 : 1;
        }

    default:
        foreach (FuzzTarget target in AllTargets.List)
        {
            Console.WriteLine(target.Name);
        }
        return args.Length == 0 ? 0 : 2;
}
