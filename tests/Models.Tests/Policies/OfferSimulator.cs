using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Tests.Policies;

/// <summary>Customers who buy, and a shop that does nothing, mails, gives a discount or calls every 6 to 14 days. Regular customers buy
/// anyway; some buy where there is a discount; some come back when they are called. Which one a customer is only shows in what
/// they do.</summary>
internal static class OfferSimulator
{
    public const double Horizon = 15;
    public const string Reward = "net", Propensity = "p";

    public static readonly string[] Actions = ["nothing", "mail", "discount", "call"];

    private const double MailCost = 0.2, CallCost = 3, DiscountDays = 7, MailDays = 5, CallDays = 10, Days = 100;

    private enum Kind
    {
        Regular,
        Bargain,
        Lapsed,
    }

    /// <summary>Decides for a customer, by what came so far, the day, and the days since the episode began.</summary>
    public delegate int Decide(EventSequence past, double time, double elapsed);

    /// <summary>A log: the shop throws dice, otherwise for those who bought in the last ten days than for the rest.</summary>
    public static EventSequence[] Log(int customers, long seed) =>
        [.. Enumerable.Range(0, customers).Select(c => Run(c, seed).Stream)];

    /// <summary>Net reward an episode when a policy decides in it and the shop before it: each episode of each customer's log is played
    /// anew from its beginning.</summary>
    public static double Play(int customers, long seed, Decide policy)
    {
        double sum = 0;
        int episodes = 0;
        for (int customer = 0; customer < customers; customer++)
        {
            for (int episode = 0; Run(customer, seed, policy, episode).Returns is var returns && returns.Count > episode; episode++)
            {
                sum += returns[episode];
                episodes++;
            }
        }
        return sum / episodes;
    }

    /// <summary>One customer, with the policy in one episode; and the returns of the whole episodes.</summary>
    private static (EventSequence Stream, List<double> Returns) Run(int customer, long seed, Decide? policy = null, int episode = -1)
    {
        var random = new RandomStream(seed, customer);
        Kind kind = random.NextDouble() switch { < 0.4 => Kind.Regular, < 0.75 => Kind.Bargain, _ => Kind.Lapsed };
        double most = 0.3 * Math.Exp(0.3 * random.NextNormal());
        List<double> times = [], net = [], propensities = [], returns = [];
        List<string> marks = [];
        double[] since = [.. Actions.Select(_ => double.NegativeInfinity)];
        double lastBuy = double.NegativeInfinity, begun = double.NegativeInfinity;
        double time = 0, decision = 14 * random.NextDouble();
        while (true)
        {
            // Thinned from the highest rate of all, up to the next decision.
            double next = time - Math.Log(random.NextDouble()) / most;
            time = Math.Min(next, decision);
            if (time >= Days)
            {
                return (Stream(), returns);
            }
            if (next < decision)
            {
                if (random.NextDouble() * 0.3 < Rate(kind, [.. since.Select(s => time - s)]))
                {
                    lastBuy = time;
                    double amount = 20 * Math.Exp(0.5 * random.NextNormal() - 0.125);
                    Add("buy", time - since[2] < DiscountDays ? 0.75 * amount : amount, double.NaN);
                }
                continue;
            }
            decision += 6 + 8 * random.NextDouble();
            if (time >= begun + Horizon)
            {
                begun = time;
                if (begun + Horizon <= Days)
                {
                    returns.Add(0);
                }
            }
            double[] logged = time - lastBuy < 10 ? [0.4, 0.2, 0.2, 0.2] : [0.2, 0.2, 0.3, 0.3];
            bool isPlayed = policy is not null && returns.Count == episode + 1 && begun + Horizon <= Days && time < begun + Horizon;
            double dice = random.NextDouble();
            int action = isPlayed ? policy!(Stream(), time, time - begun)
                : Enumerable.Range(0, 3).Count(a => dice >= logged[..(a + 1)].Sum());
            since[action] = time;
            Add(Actions[action], action switch { 1 => -MailCost, 3 => -CallCost, _ => 0 }, logged[action]);
        }

        void Add(string mark, double value, double propensity)
        {
            times.Add(time);
            marks.Add(mark);
            net.Add(value);
            propensities.Add(propensity);
            if (time < begun + Horizon && begun + Horizon <= Days)
            {
                returns[^1] += value;
            }
        }

        EventSequence Stream() => new($"c{customer}", [.. times], [.. marks])
        {
            Values = new Dictionary<string, double[]> { [Reward] = [.. net], [Propensity] = [.. propensities] },
            Until = Days,
        };
    }

    /// <summary>Purchases a day of a customer of middling eagerness, by the days since each action.</summary>
    private static double Rate(Kind kind, double[] since) => kind switch
    {
        Kind.Regular => 0.12 * (since[1] < MailDays ? 1.3 : 1) * (since[2] < DiscountDays ? 1.1 : 1),
        Kind.Bargain => since[2] < DiscountDays ? 0.25 : 0.02,
        _ => since[3] < CallDays ? 0.2 : since[2] < DiscountDays ? 0.02 : 0.01,
    };
}
