using Foretell.Engine.Rows;
using Foretell.Grains.Contracts;
using Foretell.Models.Network;
using Foretell.Support;

namespace Foretell.Grains.Tests;

/// <summary>A stream's state on its way between silos.</summary>
public sealed class StreamStateTests
{
    private static readonly ForecastModel s_model = Small.Model;

    [Fact]
    public void ToSnapshot_WhereStreamsShare_HasTheRowAndWhatForecastsAreMadeFrom()
    {
        float[] state = [.. Enumerable.Range(0, s_model.StateFloats).Select(i => (float)i)], served = [.. state];
        served[^1] = -1;
        served[s_model.MixerFloats + s_model.Config.Width] = -2;
        var found = new StreamSnapshot("a", 3, 5, state) { Served = served };

        StreamState sent = StreamState.Of(found, s_model);
        StreamSnapshot read = sent.ToSnapshot(s_model);

        Assert.Equal(state, read.State);
        Assert.Equal(served, read.Served);
        Assert.Equal(found.Digest(s_model), read.Digest(s_model));
        Assert.True(sent.Served!.Length < sent.State.Length, "the whole row went twice");
    }

    [Fact]
    public void ToSnapshot_WhereTheyDoNot_HasTheRowAlone()
    {
        var found = new StreamSnapshot("a", 3, 5, new float[s_model.StateFloats]);

        StreamState sent = StreamState.Of(found, s_model);
        StreamSnapshot read = sent.ToSnapshot(s_model);

        Assert.Null(sent.Served);
        Assert.Same(read.State, read.Served);
    }
}
