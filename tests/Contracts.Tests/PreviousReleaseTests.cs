using System.Reflection;
using Foretell.Contracts.Tests.Support;
using Orleans.Serialization.Invocation;

namespace Foretell.Contracts.Tests;

/// <summary>Silos of this release and of the one before share a cluster while it is updated: each reads what the other writes.</summary>
public class PreviousReleaseTests
{
    public static TheoryData<string> Types => [.. Wire.Previous.Types.Select(Wire.Alias)];

    public static TheoryData<string> Methods => [.. Wire.Previous.Methods.Keys.Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Types))]
    public void Type_WhenThePreviousReleaseWroteIt_IsReadByThisOne(string alias)
    {
        object value = Sample.Of(Wire.Previous.Find(alias)!);

        object read = Wire.Today.Read(Wire.Previous.Write(value));

        Assert.IsType(Wire.Today.Find(alias)!, read);
        Sample.AssertEqual(value, read);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Type_WhenThisReleaseWroteIt_IsReadByThePreviousOne(string alias)
    {
        object value = Sample.Of(Wire.Today.Find(alias)!);

        object read = Wire.Previous.Read(Wire.Today.Write(value));

        Assert.IsType(Wire.Previous.Find(alias)!, read);
        Sample.AssertEqual(value, read);
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void Call_WhenEitherReleaseMakesIt_ReachesTheOther(string name)
    {
        foreach ((Wire from, Wire to) in new[] { (Wire.Previous, Wire.Today), (Wire.Today, Wire.Previous) })
        {
            Assert.True(to.Methods.TryGetValue(name, out MethodInfo? method),
                $"{name} is gone: a silo of the previous release still calls it.");
            using IInvokable sent = from.Call(from.Methods[name]);

            using var received = (IInvokable)to.Read(from.Write(sent));

            Assert.Equal(method, received.GetMethod());
            Assert.Equal(sent.GetArgumentCount(), received.GetArgumentCount());
            Assert.All(Enumerable.Range(0, sent.GetArgumentCount()), i => Sample.AssertEqual(sent.GetArgument(i), received.GetArgument(i)));
        }
    }
}
