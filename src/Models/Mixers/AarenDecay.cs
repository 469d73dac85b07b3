using System.Runtime.Intrinsics;

namespace Foretell.Models;

/// <summary>Decay rates of the heads. Trained as logarithms, so they stay positive; all 0 in the paper's plain form.</summary>
internal static unsafe class AarenDecay
{
    /// <summary>Rates per unit of time and per event. Lanes past the heads are 0.</summary>
    /// <param name="logTime">Shape [16].</param>
    /// <param name="logEvent">Shape [16].</param>
    /// <param name="time">Output. Shape [16].</param>
    /// <param name="events">Output. Shape [16].</param>
    public static void Rates(float* logTime, float* logEvent, ModelConfig config, float* time, float* events)
    {
        var used = Vector512.LessThan(Vector512.CreateSequence(0, 1), Vector512.Create(config.Decay ? config.Heads : 0));
        (VectorMath.Exp(Vector512.Load(logTime)).AsInt32() & used).AsSingle().Store(time);
        (VectorMath.Exp(Vector512.Load(logEvent)).AsInt32() & used).AsSingle().Store(events);
    }
}
