using System.Runtime.Intrinsics;
using Foretell.Models.Configuration;
using Foretell.Models.Layers;
using Foretell.Models.Numerics;

namespace Foretell.Models.Mixers;

/// <summary>How fast the heads of a layer forget: a rate per unit of time and one per event for each head.</summary>
/// <remarks>Trained as logarithms, so they stay positive; all 0 in the papers' plain forms.</remarks>
internal sealed unsafe class HeadDecay(ModelConfig config, AddParameter add)
{
    private readonly Parameter _time = add("decay.time", 1, config.Heads, new(InitializerKind.TimeDecay));
    private readonly Parameter _events = add("decay.event", 1, config.Heads, new(InitializerKind.EventDecay));

    /// <summary>Rates of the heads. Lanes past the heads are 0.</summary>
    /// <param name="weights">Parameter vector.</param>
    /// <param name="time">Output, per unit of time. Shape [16].</param>
    /// <param name="events">Output, per event. Shape [16].</param>
    public void Rates(float* weights, float* time, float* events)
    {
        var used = Vector512.LessThan(Vector512.CreateSequence(0, 1), Vector512.Create(config.Decay ? config.Heads : 0));
        (VectorMath.Exp(Vector512.Load(weights + _time.Offset)).AsInt32() & used).AsSingle().Store(time);
        (VectorMath.Exp(Vector512.Load(weights + _events.Offset)).AsInt32() & used).AsSingle().Store(events);
    }

    /// <summary>Adds the gradients of the logarithms to the gradient vector, given those of the rates.</summary>
    /// <param name="dTime">Shape [16].</param>
    /// <param name="dEvents">Shape [16].</param>
    public void Backward(float* weights, float* dTime, float* dEvents, float* gradient)
    {
        if (!config.Decay)
        {
            return;
        }
        float* time = stackalloc float[AarenLanes.Count], events = stackalloc float[AarenLanes.Count];
        Rates(weights, time, events);
        for (int h = 0; h < config.Heads; h++)
        {
            gradient[_time.Offset + h] += dTime[h] * time[h];
            gradient[_events.Offset + h] += dEvents[h] * events[h];
        }
    }
}
