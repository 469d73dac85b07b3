using Foretell.Models.Configuration;
using Foretell.Models.Inputs;

namespace Foretell.Models.Tests.Inputs;

public sealed class ActionInputTests
{
    private static readonly ActionShape s_shape =
        new(3, [new ValueScale("a", 1, 2), new ValueScale("b", -1, 0.5)], new ValueScale("return", 10, 5), 50);

    /// <summary>Kind of event, time, return-to-go, observation, action: what an event is not stays 0.</summary>
    [Fact]
    public void Write_OfEachKindOfEvent_FillsItsOwnPlaces()
    {
        float[] features = new float[ActionInput.StrideOf(s_shape)];

        ActionInput.WriteReturn(s_shape, 5, 20, features);
        Assert.Equal([1, 0, 0, 0.1f, 2, 0, 0, 0, 0, 0], features[..10]);
        ActionInput.WriteObservation(s_shape, 25, [3, -1.5], features);
        Assert.Equal([0, 1, 0, 0.5f, 0, 1, -1, 0, 0, 0], features[..10]);
        ActionInput.WriteAction(s_shape, 50, 1, features);
        Assert.Equal([0, 0, 1, 1, 0, 0, 0, 0, 1, 0], features[..10]);
        Assert.All(features[10..], x => Assert.Equal(0, x));
    }

    [Fact]
    public void Write_OfANumberFarOff_CountsAsEightDeviations()
    {
        float[] features = new float[ActionInput.StrideOf(s_shape)];

        ActionInput.WriteReturn(s_shape, 0, -1e9, features);
        Assert.Equal(-8, features[4]);
        ActionInput.WriteObservation(s_shape, 0, [1e9, 0], features);
        Assert.Equal(8, features[5]);
    }
}
