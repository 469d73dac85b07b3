using Foretell.Ingest.Simulation;

namespace Foretell.Ingest.Tests.Simulation;

public sealed class PortableMathTests
{
    [Fact]
    public void Exp_WhenArgumentIsAny_AgreesWithTheSystem()
    {
        for (double x = -690; x < 690; x += 0.0137)
        {
            Assert.Equal(1, PortableMath.Exp(x) / Math.Exp(x), 1e-15);
        }
        Assert.Equal(0, PortableMath.Exp(double.NegativeInfinity));
        Assert.Equal(double.PositiveInfinity, PortableMath.Exp(1e9));
    }

    [Fact]
    public void Log_WhenArgumentIsAny_AgreesWithTheSystem()
    {
        for (double x = 1e-300; x < 1e300; x *= 1.0137)
        {
            Assert.Equal(0, (PortableMath.Log(x) - Math.Log(x)) / Math.Max(1, Math.Abs(Math.Log(x))), 1e-15);
        }
        Assert.Equal(0, PortableMath.Log(1));
    }

    [Fact]
    public void SinAndCosTurns_WhenArgumentIsAny_AgreeWithTheSystem()
    {
        for (double turns = -3; turns < 3; turns += 0.00137)
        {
            Assert.Equal(Math.Sin(2 * Math.PI * turns), PortableMath.SinTurns(turns), 1e-14);
            Assert.Equal(Math.Cos(2 * Math.PI * turns), PortableMath.CosTurns(turns), 1e-14);
        }
    }
}
