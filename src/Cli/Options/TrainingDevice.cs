using Foretell.Cli.Shell;
using Foretell.Models.PointProcess;
using Foretell.Models.Torch;
using Foretell.Models.Torch.Training;
using Foretell.Models.Training;

namespace Foretell.Cli.Options;

/// <summary>Where a model is trained: by the program's own trainer on the CPU, or by Torch.</summary>
internal sealed class TrainingDevice
{
    /// <summary>The GPU where this edition and this machine have one, else the CPU.</summary>
    public const string Auto = "auto";

    private const string Own = "cpu", TorchCpu = "torch-cpu", Cuda = "cuda";
    private readonly TorchDevice? _torch;

    private TrainingDevice(TorchDevice? torch) => _torch = torch;

    /// <summary>"cpu", "torch-cpu", or "cuda:0" by the GPU's number.</summary>
    public string Name => _torch?.Name ?? Own;

    /// <summary>Refuses what is no device.</summary>
    public static string Parse(string text) => text is Auto or Own or TorchCpu or Cuda
        ? text
        : throw new CliException($"--device must be {Auto}, {Own}, {TorchCpu} or {Cuda}, got '{text}'.");

    /// <summary>Makes a device ready.</summary>
    /// <exception cref="CliException">This edition or this machine does not have it.</exception>
    public static TrainingDevice Open(string name, int threads)
    {
        try
        {
            return new TrainingDevice(name switch
            {
                TorchCpu => TorchDevice.Cpu(threads),
                Cuda => TorchDevice.Cuda(threads),
                Auto when TorchDevice.HasCuda => TorchDevice.Cuda(threads),
                _ => null,
            });
        }
        catch (TorchUnavailableException missing)
        {
            throw new CliException($"--device {name} is not available: {missing.Message}", missing);
        }
    }

    /// <summary>Trains there.</summary>
    public TrainingResult Train(IReadOnlyList<EventSequence> train, IReadOnlyList<EventSequence> dev, TrainingOptions options,
        IProgress<TrainingProgress> progress, CancellationToken cancellation) => _torch is null
        ? Trainer.Train(train, dev, options, progress, cancellation)
        : TorchTrainer.Train(train, dev, options, _torch, progress, cancellation);
}
