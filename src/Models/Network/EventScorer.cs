namespace Foretell.Models;

/// <summary>Scores events by the forecasts that stood before them: the heads on the rows' last hidden vectors.</summary>
internal sealed unsafe class EventScorer : IDisposable
{
    private readonly ForecastModel _model;
    private readonly StateLayout _state;
    private readonly HeadKernel _heads;
    private readonly AlignedBuffer _hidden;
    private readonly AlignedBuffer _features;

    public EventScorer(ForecastModel model)
    {
        _model = model;
        _state = new StateLayout(model.Config);
        _heads = new HeadKernel(model, StepKernel.TileRows);
        _hidden = new AlignedBuffer((long)StepKernel.TileRows * model.Config.Width);
        _features = new AlignedBuffer((long)StepKernel.TileRows * GapFeatures.Stride);
    }

    /// <summary>Scores at most <see cref="StepKernel.TileRows"/> events; a first event scores 0.</summary>
    public void Score(ReadOnlySpan<StepInput> inputs, float** rows, Span<StepScore> scores)
    {
        ModelConfig config = _model.Config;
        int d = config.Width, n = inputs.Length, marks = config.Marks.Count;
        Span<GapInterval> gaps = stackalloc GapInterval[n];
        for (int i = 0; i < n; i++)
        {
            new ReadOnlySpan<float>(rows[i] + _state.MixerFloats, d).CopyTo(new Span<float>(_hidden.Pointer + i * d, d));
            gaps[i] = GapInterval.Of(inputs[i].Gap, config);
            if (marks > 0)
            {
                GapFeatures.Write(gaps[i].Z, new Span<float>(_features.Pointer + i * GapFeatures.Stride, GapFeatures.Count));
            }
        }
        _heads.Time(_hidden.Pointer, n);
        if (marks > 0)
        {
            _heads.Marks(_hidden.Pointer, _features.Pointer, n);
        }
        for (int i = 0; i < n; i++)
        {
            if (inputs[i].Ordinal == 0)
            {
                scores[i] = default;
                continue;
            }
            double time = _model.TimeHead.LogDensity(_heads.TimeOutputs(i), gaps[i], 0, []);
            double mark = marks == 0 ? 0
                : inputs[i].Mark == _model.UnknownMark ? ForecastModel.LogUnknownMark
                : MarkHead.LogProbability(_heads.MarkLogits(i), inputs[i].Mark, 0, []);
            scores[i] = new StepScore((float)time, (float)mark, (float)_model.Baselines.LogMixture(inputs[i].Gap), (float)BaselineMark(inputs[i]));
        }
    }

    private double BaselineMark(in StepInput input) =>
        input.PreviousMark < 0 ? _model.Baselines.LogUnigram(input.Mark) : _model.Baselines.LogMarkov(input.PreviousMark, input.Mark);

    /// <inheritdoc/>
    public void Dispose()
    {
        _heads.Dispose();
        _hidden.Dispose();
        _features.Dispose();
    }
}
