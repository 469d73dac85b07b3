using Foretell.Bench.Gpu;

const int streams = 1024, steps = 8;
int[] batches = [256, 1024, 4096, 16_384, 65_536];
switch (args)
{
    case ["pack", string folder]:
        PackManifest manifest = StepPack.Write(folder, BenchCase.All, streams, steps, batches);
        Console.WriteLine($"{folder}: {manifest.Cases.Count} models, {manifest.Files.Values.Sum(f => f.Bytes):N0} bytes. "
            + "On a machine with an NVIDIA GPU: python3 run.py in that folder.");
        return 0;
    case ["run"]:
        return GpuRun.Run(BenchCase.All, streams, steps, batches, Console.Out, Console.Error);
    default:
        Console.Error.WriteLine("Usage: dotnet run -c Release --project bench/gpu -- pack FOLDER | run");
        return 2;
}
