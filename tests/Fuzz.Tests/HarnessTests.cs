using System.Text;
using Foretell.Fuzz.Running;

namespace Foretell.Fuzz.Tests;

/// <summary>A campaign that finds nothing must be one that would find something.</summary>
[Collection(MapOfBranches.Name)]
public sealed class HarnessTests
{
    private static readonly FuzzTarget s_plain = new("plain", _ => { }, typeof(FormatException))
    {
        Seeds = [Encoding.UTF8.GetBytes("{\"a\":12}")], MostBytes = 64,
    };

    [Fact]
    public void Mutate_WhenTheSeedIsTheSame_MakesTheSameInputs()
    {
        Assert.Equal(Inputs(7, s_plain), Inputs(7, s_plain));
        Assert.NotEqual(Inputs(7, s_plain), Inputs(8, s_plain));
        Assert.All(Inputs(7, s_plain), input => Assert.InRange(input.Length, 0, 64));
    }

    [Fact]
    public void Mutate_WhenTheTargetRepairs_RightsMostInputs()
    {
        List<byte[]> inputs = Inputs(7, s_plain with { Repair = input => input.AsSpan(0, Math.Min(1, input.Length)).Fill(0xCC) });

        Assert.InRange(inputs.Count(input => input is [0xCC, ..]), inputs.Count / 2, inputs.Count - 1);
    }

    [Fact]
    public void Judge_WhenATargetThrowsWhatIsNotDocumented_IsAFinding()
    {
        Assert.Null(Fault(s_plain with { Run = _ => throw new FormatException() }));
        Assert.Contains("NullReferenceException", Fault(s_plain with { Run = _ => throw new NullReferenceException() }));
    }

    [Fact]
    public void Judge_WhenATargetAllocatesOutOfProportion_IsAFinding()
    {
        Assert.Null(Fault(s_plain with { Run = _ => GC.KeepAlive(new byte[1 << 16]) }));
        Assert.Contains("allocate more than it justifies", Fault(s_plain with { Run = _ => GC.KeepAlive(new byte[1 << 24]) }));
    }

    [Fact]
    public void Judge_WhenATargetIsSlow_IsAFinding() =>
        Assert.Contains("takes more than", Fault(s_plain with { Run = _ => Thread.Sleep(Campaign.Slowest + TimeSpan.FromMilliseconds(50)) }));

    [Fact]
    public void End_WhenInstrumentedCodeTakesABranch_IsNewsOnce()
    {
        using var code = new InstrumentedCode();
        string[] lines = code.Run("policy", 200, 1, null);

        Assert.Matches(@"[1-9]\d* coverage points, corpus ([3-9]|\d\d)", lines[0]);
    }

    private static string? Fault(FuzzTarget target) => Campaign.Judge(target, Encoding.UTF8.GetBytes("x"));

    private static List<byte[]> Inputs(int seed, FuzzTarget target)
    {
        var mutator = new Mutator(new Random(seed), target);
        return [.. Enumerable.Range(0, 200).Select(_ => mutator.Mutate(target.Seeds[0], target.Seeds[0]))];
    }
}
