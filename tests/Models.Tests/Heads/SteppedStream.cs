using Foretell.Models.Forecasting;
using Foretell.Models.Heads;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.Stepping;

namespace Foretell.Models.Tests.Heads;

/// <summary>One stream that is stepped event by event, as serving does.</summary>
internal sealed class SteppedStream : IDisposable
{
    private readonly ForecastModel _model;
    private readonly CpuStateBackend _backend;
    private readonly Forecaster _forecaster;
    private readonly StepScore[] _score = new StepScore[1];
    private long _events;

    public SteppedStream(ForecastModel model)
    {
        (_model, _backend, _forecaster) = (model, new CpuStateBackend(model), new Forecaster(model));
        _backend.EnsureCapacity(1);
    }

    public StepScore Step(double gap, int mark)
    {
        _backend.ScoreAndStep([new StepInput(0, mark, gap, _events++)], _score);
        return _score[0];
    }

    /// <summary>A gap as the model, without adaptation, forecasts it, so many times as long.</summary>
    public double Draw(RandomStream random, double factor)
    {
        float[] state = State();
        Array.Clear(state, _model.MixerFloats + _model.Config.Width, Adaptation.FloatsOf(_model.Config));
        return factor * _forecaster.Forecast(state, 0).Sample(random).Seconds / _model.Config.TimeUnitSeconds;
    }

    public float[] State()
    {
        float[] state = new float[_backend.RowFloats(0)];
        _backend.Read(0, state);
        return state;
    }

    public AdaptationReport Report() => _model.Adapted(State().AsSpan(_model.MixerFloats, _model.BasisFloats))!;

    public void Dispose() => _backend.Dispose();
}
