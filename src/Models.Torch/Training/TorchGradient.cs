using Foretell.Models.Configuration;
using Foretell.Models.Heads;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.Training;
using TorchSharp;

namespace Foretell.Models.Torch.Training;

/// <summary>Gradients of a batch by Torch's autograd on a device.</summary>
/// <remarks>The loss is not Torch's: the heads' outputs come to the host, are scored in double by the same code as on the CPU
/// (<see cref="SequenceLikelihood"/>), and their gradients go back. So ticks, ties, tails and open ends are defined once.</remarks>
internal sealed unsafe class TorchGradient : IBatchGradient
{
    private readonly TorchDevice _device;
    private readonly ModelConfig _config;
    private readonly SequenceLikelihood _likelihood;
    private readonly DeviceParameters _parameters;
    private readonly NetworkForward _network;
    private readonly AlignedBuffer _gradient;
    private readonly ParallelOptions _parallel;

    /// <param name="device">Where the network runs.</param>
    /// <param name="threads">Threads that score on the host.</param>
    public TorchGradient(TorchDevice device, ModelConfig config, ParameterLayout layout, TimeHead timeHead, int threads)
    {
        (_device, _config) = (device, config);
        _likelihood = new SequenceLikelihood(config, timeHead);
        _parameters = new DeviceParameters(device, layout.All, layout.Length, learns: true);
        _network = new NetworkForward(config, _parameters);
        _gradient = new AlignedBuffer(layout.Length);
        _parallel = new ParallelOptions { MaxDegreeOfParallelism = threads };
    }

    /// <inheritdoc/>
    public float* Gradient => _gradient.Pointer;

    /// <inheritdoc/>
    public (double Nll, int Rows) Run(AlignedBuffer weights, IReadOnlyList<EncodedSequence> batch)
    {
        _parameters.Load(weights.Span);
        using DisposeScope scope = torch.NewDisposeScope();
        using IDisposable learning = torch.enable_grad();
        SequenceBatch rows = Upload(batch);
        (Tensor time, Tensor? marks) = _network.Run(rows);
        float[] timeGradient = new float[time.numel()], markGradient = new float[marks?.numel() ?? 0];
        double nll = Score(rows, time, marks, timeGradient, markGradient);
        List<Tensor> outputs = [time], gradients = [_device.Upload<float>(timeGradient, time.shape)];
        if (marks is not null)
        {
            outputs.Add(marks);
            gradients.Add(_device.Upload<float>(markGradient, marks.shape));
        }
        List<Tensor> all = _parameters.All;
        IList<Tensor> found = torch.autograd.grad(outputs, all, gradients, allow_unused: true);
        // The papers' plain forms have rates of decay that nothing reads.
        _parameters.Store([.. all.Select((p, i) => found[i] is { IsInvalid: false } g ? g : torch.zeros_like(p))], _gradient.Span);
        return (nll, rows.Rows);
    }

    /// <inheritdoc/>
    public (double Nll, long Rows) Score(AlignedBuffer weights, IReadOnlyList<EncodedSequence> sequences)
    {
        _parameters.Load(weights.Span);
        using IDisposable quiet = torch.no_grad();
        double nll = 0;
        long rows = 0;
        foreach (EncodedSequence[] piece in TrainingRecipe.Cut([.. sequences.OrderByDescending(s => s.Rows)]))
        {
            using DisposeScope scope = torch.NewDisposeScope();
            SequenceBatch batch = Upload(piece);
            (Tensor time, Tensor? marks) = _network.Run(batch);
            nll += Score(batch, time, marks, null, null);
            rows += batch.Rows;
        }
        return (nll, rows);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _parameters.Dispose();
        _gradient.Dispose();
    }

    private SequenceBatch Upload(IEnumerable<EncodedSequence> sequences) =>
        new(_device, sequences, _config.Marks.Count > 0, ChunkedAttention.ChunkEvents);

    /// <summary>Summed joint NLL; with gradients of its mean where these are given.</summary>
    private double Score(SequenceBatch batch, Tensor time, Tensor? marks, float[]? timeGradient, float[]? markGradient)
    {
        int timeColumns = (int)time.shape[1], markColumns = (int)(marks?.shape[1] ?? 0);
        float[] times = new float[batch.Rows * timeColumns], logits = new float[batch.Rows * markColumns];
        time.Download<float>(times);
        marks?.Download<float>(logits);
        var sums = new LikelihoodSums[batch.Sequences.Count];
        Parallel.For(0, sums.Length, _parallel, s =>
        {
            int first = batch.Firsts[s], rows = batch.Sequences[s].Rows;
            double[] logTimes = new double[rows], logMarks = new double[rows];
            fixed (float* t = times, m = logits, dt = timeGradient, dm = markGradient)
            {
                _likelihood.Add(batch.Sequences[s], t + first * timeColumns, timeColumns, m + first * markColumns, markColumns,
                    -1.0 / batch.Rows, dt == null ? null : dt + first * timeColumns, dm == null ? null : dm + first * markColumns,
                    logTimes, logMarks, ref sums[s]);
            }
        });
        return sums.Sum(s => s.Nll);
    }
}
