namespace Foretell.Models;

/// <summary>Configuration, weights and baselines of one trained model. Immutable and safe to share between threads.</summary>
public sealed class ForecastModel
{
    /// <summary>Configuration.</summary>
    public ModelConfig Config => throw new NotImplementedException();

    /// <summary>First 16 hex digits of the SHA-256 of configuration and weights.</summary>
    public string Id => throw new NotImplementedException();

    /// <summary>Floats of one state row: mixer state, then the last hidden vector.</summary>
    public int StateFloats => throw new NotImplementedException();

    /// <summary>Leading floats of a row that are mixer state.</summary>
    public int MixerFloats => throw new NotImplementedException();

    /// <summary>Index that every mark unknown to training maps to.</summary>
    public int UnknownMark => throw new NotImplementedException();

    /// <summary>Index of a mark; <see cref="UnknownMark"/> when training never saw it. An empty mark is an unknown mark where the model has marks, index 0 where it has none.</summary>
    public int MarkIndex(ReadOnlySpan<byte> utf8Mark) => throw new NotImplementedException();

    /// <summary>A model with random weights, for tests and benches.</summary>
    public static ForecastModel Untrained(ModelConfig config, int seed) => throw new NotImplementedException();

    /// <summary>Reads a weights file.</summary>
    /// <exception cref="InvalidDataException">The file is no Foretell model; the message says what is wrong.</exception>
    public static ForecastModel Load(string path) => throw new NotImplementedException();

    /// <summary>Writes the weights file, whole or not at all.</summary>
    public void Save(string path) => throw new NotImplementedException();

    /// <summary>An empty slab with the CPU's step.</summary>
    public IStateBackend CreateBackend() => throw new NotImplementedException();

    /// <summary>The distribution of the next event, given a stream's state row and its silence since the last event.</summary>
    public Forecast Forecast(ReadOnlySpan<float> state, double silenceSeconds) => throw new NotImplementedException();

    /// <summary>Log probability that a stream in this state stays silent for so long; the cheap part of <see cref="Forecast"/>.</summary>
    public double LogSurvival(ReadOnlySpan<float> state, double silenceSeconds) => throw new NotImplementedException();
}
