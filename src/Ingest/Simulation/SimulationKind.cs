namespace Foretell.Ingest.Simulation;

/// <summary>One kind of simulated stream: how its gaps and marks come about.</summary>
/// <param name="Name">Name on the command line.</param>
/// <param name="Prefix">Start of the stream keys.</param>
/// <param name="TypicalGap">Gap, seconds, that a stream of scale 1 most likely waits for; gaps from about 5 s to 2 min are common.</param>
/// <param name="Marks">The marks.</param>
/// <param name="CreateMarks">Makes one stream's marks.</param>
/// <param name="CreateGaps">Makes one stream's gaps from its scale (they are longer by this factor) and the seconds since
/// midnight UTC.</param>
internal sealed record SimulationKind(string Name, string Prefix, double TypicalGap, string[] Marks,
    Func<MarkProcess> CreateMarks, SimulationKind.GapFactory CreateGaps)
{
    /// <summary>Probability, for each mark, that a stream's event with it is the stream's last; null where streams do not end.</summary>
    public double[]? Leaving { get; init; }

    /// <summary>Makes one stream's gaps.</summary>
    public delegate GapProcess GapFactory(double scale, double secondsOfDay, ref SplitMix64 random);

    /// <summary>A shop's customers: a visit is a run of short gaps, and a new visit starts with looking around.</summary>
    public static readonly SimulationKind Renewal = new("renewal", "customer", 30,
        ["view", "cart", "buy"], () => new MarkChain([1.0],
        [
            [[0.70, 0.27, 0.03], [0.35, 0.25, 0.40], [0.85, 0.12, 0.03]],
            [[0.92, 0.07, 0.01], [0.80, 0.10, 0.10], [0.95, 0.04, 0.01]],
        ]),
        (double scale, double _, ref SplitMix64 _) =>
        {
            double shift = PortableMath.Log(scale);
            return new RenewalProcess([0.75, 0.25], [shift + PortableMath.Log(8), shift + PortableMath.Log(90)], [0.5, 0.7]);
        });

    /// <summary>Machines that report: wear builds up until a report's maintenance relieves it; early reports are the bad ones.</summary>
    public static readonly SimulationKind SelfCorrecting = new("self-correcting", "machine", 45,
        ["ok", "warn", "fault"], () => new MarkChain([0.4, 0.9],
        [
            [[0.45, 0.40, 0.15], [0.20, 0.45, 0.35], [0.50, 0.30, 0.20]],
            [[0.80, 0.17, 0.03], [0.50, 0.40, 0.10], [0.75, 0.20, 0.05]],
            [[0.96, 0.035, 0.005], [0.80, 0.18, 0.02], [0.93, 0.06, 0.01]],
        ]),
        (double scale, double _, ref SplitMix64 _) => new SelfCorrectingProcess(1.5 / (45 * scale), 1.5));

    /// <summary>Bank accounts: one payment draws others behind it.</summary>
    public static readonly SimulationKind Hawkes = new("hawkes", "account", 45,
        ["debit", "credit"], () => new MarkChain([],
        [
            [[0.85, 0.15], [0.60, 0.40]],
        ]),
        (double scale, double _, ref SplitMix64 _) =>
            new HawkesProcess(1 / (150 * scale), 0.7 / (15 * scale), 1 / (15 * scale)));

    /// <summary>Help desks: busy at one hour of the day and quiet twelve hours later.</summary>
    public static readonly SimulationKind Daily = new("daily", "desk", 40,
        ["call", "chat", "mail"], () => new MarkChain([],
        [
            [[0.55, 0.30, 0.15], [0.30, 0.60, 0.10], [0.40, 0.20, 0.40]],
        ]),
        (double scale, double secondsOfDay, ref SplitMix64 random) =>
            new DailyProcess(1 / (40 * scale), 0.8, secondsOfDay + random.NextUniform() * 86_400));

    /// <summary>Guests of a canteen: what they had in the beginning decides what they have some hundred events later. All have
    /// one pace, so that histories cut at one time have one length.</summary>
    public static readonly SimulationKind LongMemory = new("long-memory", "guest", 20,
        Habits.Marks, () => new Habits(),
        (double _, double _, ref SplitMix64 _) => new RenewalProcess([1], [PortableMath.Log(20)], [0.5]));

    /// <summary>Subscribers, who leave for good one day: nearly one in three of them after a complaint.</summary>
    public static readonly SimulationKind Churn = new("churn", "subscriber", 30,
        ["visit", "order", "complaint"], () => new MarkChain([1.0],
        [
            [[0.78, 0.20, 0.02], [0.69, 0.25, 0.06], [0.65, 0.05, 0.30]],
            [[0.91, 0.08, 0.01], [0.82, 0.10, 0.08], [0.85, 0.05, 0.10]],
        ]), Renewal.CreateGaps)
    {
        Leaving = [0.01, 0.02, 0.3],
    };

    /// <summary>Streams of any pace, for a model that has to do before there is a trained one: a usual gap from 7 ms to five weeks, most
    /// often minutes; one log-normal, two that take turns, or bursts.</summary>
    public static readonly SimulationKind AnyPace = new("any-pace", "stream", 1, [""], () => new MarkChain([], [[[1]]]),
        (double _, double _, ref SplitMix64 random) =>
        {
            static double Between(double low, double high, ref SplitMix64 r) => low + (high - low) * r.NextUniform();
            double level = Between(-2.5, 7.5, ref random) + Between(-2.5, 7.5, ref random);
            double kind = random.NextUniform();
            if (kind < 0.3)
            {
                double rate = PortableMath.Exp(-level), decay = rate * PortableMath.Exp(Between(0, 4, ref random));
                return new HawkesProcess(rate, Between(0.2, 0.9, ref random) * decay, decay);
            }
            static double Deviation(ref SplitMix64 r) => PortableMath.Exp(Between(-1.9, 0.7, ref r));
            if (kind < 0.55)
            {
                return new RenewalProcess([1], [level], [Deviation(ref random)]);
            }
            double stay = Between(0.05, 0.95, ref random), leave = Between(0.05, 0.95, ref random);
            double apart = Between(0.25, 3, ref random);
            return new SwitchingProcess([[stay, 1 - stay], [leave, 1 - leave]], [level - apart, level + apart],
                [Deviation(ref random), Deviation(ref random)]);
        })
    {
        Leaving = [0.01],
    };

    /// <summary>Every kind of a live demo's pace, but the mix of all.</summary>
    public static readonly SimulationKind[] All = [Hawkes, Renewal, SelfCorrecting, Daily, LongMemory, Churn];

    /// <summary>Who takes part in the demo, repeated: of ten streams four are customers, three machines, two accounts, one a
    /// desk.</summary>
    public static readonly SimulationKind[] Demo =
        [Renewal, SelfCorrecting, Hawkes, Renewal, Daily, SelfCorrecting, Renewal, Hawkes, SelfCorrecting, Renewal];
}
