using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Policies;

/// <summary>Decides by a policy for streams that go on: takes their events in, and says what to do now. One thread uses it at a
/// time.</summary>
public sealed class PolicyPlay
{
    private readonly Policy _policy;
    private readonly StateSummaries _states;
    private readonly DecisionColumns _columns;
    private readonly IReadOnlyList<string> _actions;
    private readonly Dictionary<string, double> _worth;
    private readonly RandomStream _random;
    private readonly Dictionary<string, Stream> _streams = [];

    /// <param name="policy">How to decide; not the logged one.</param>
    /// <param name="train">What it was learned from: it says what an action costs by itself.</param>
    /// <param name="columns">What is a decision and a reward there.</param>
    /// <param name="actions">The actions (<see cref="DecisionLog.ActionsOf"/>).</param>
    /// <param name="states">What of a stream's past counts.</param>
    /// <param name="seed">Of a policy that throws dice.</param>
    public PolicyPlay(Policy policy, IReadOnlyList<EventSequence> train, DecisionColumns columns, IReadOnlyList<string> actions,
        StateSummaries states, long seed)
    {
        (_policy, _states, _columns, _actions, _random) = (policy, states, columns, actions, new RandomStream(seed));
        _worth = train.Where(s => s.Marks is not null).SelectMany(s => Rewards(s)).Where(e => actions.Contains(e.Mark))
            .GroupBy(e => e.Mark).ToDictionary(e => e.Key, e => e.Average(x => x.Reward));
    }

    /// <summary>Takes an event in. One that repeats the action that was just said, at the time of that decision, is that action.</summary>
    /// <param name="stream">Its stream.</param>
    /// <param name="time">In the time unit of train.</param>
    /// <param name="mark">What happened.</param>
    /// <param name="values">Its numbers. An action without a reward is worth what its like was on average in train.</param>
    /// <exception cref="ArgumentException">The stream had a later event or decision, or the time is no number.</exception>
    public void Observe(string stream, double time, string mark, IReadOnlyDictionary<string, double> values)
    {
        Stream of = At(stream, time);
        if (of.Said is { } said && !(said == mark && of.SaidAt == time))
        {
            Take(of, of.SaidAt, said, new Dictionary<string, double>());
        }
        of.Said = null;
        Take(of, time, mark, values);
    }

    /// <summary>What to do with a stream now.</summary>
    /// <returns>Index of the action.</returns>
    /// <exception cref="ArgumentException">The stream had a later event or decision, or the time is no number.</exception>
    public int Decide(string stream, double time)
    {
        Stream of = At(stream, time);
        if (of.Said is { } said)
        {
            Take(of, of.SaidAt, said, new Dictionary<string, double>());
        }
        // Episodes follow each other as those of a log do.
        if (_columns.Horizon is not { } horizon || !(time < of.Begun + horizon))
        {
            of.Begun = time;
        }
        EventSequence past = of.Past(stream);
        double[] p = _policy.At(new Decision(stream, past.Times.Length, 0, 1, _states.After(past, time, time - of.Begun), 0, 0));
        int action = 0;
        for (double dice = _random.NextDouble() - p[0]; dice >= 0 && action < p.Length - 1; dice -= p[action])
        {
            action++;
        }
        (of.Said, of.SaidAt) = (_actions[action], time);
        return action;
    }

    private void Take(Stream of, double time, string mark, IReadOnlyDictionary<string, double> values)
    {
        var all = new Dictionary<string, double>(values);
        if (_actions.Contains(mark))
        {
            // A value that says how likely it was makes an action one of the decisions; how likely is not asked here.
            all.TryAdd(_columns.Propensity, 1);
            if (_worth.TryGetValue(mark, out double worth))
            {
                all.TryAdd(_columns.Reward, worth);
            }
        }
        of.Events.Add((time, mark, all));
    }

    private Stream At(string stream, double time)
    {
        if (!_streams.TryGetValue(stream, out Stream? of))
        {
            _streams[stream] = of = new Stream();
        }
        double latest = of.Said is not null ? of.SaidAt : of.Events.Count > 0 ? of.Events[^1].Time : double.NegativeInfinity;
        return double.IsFinite(time) && time >= latest ? of : throw new ArgumentException(FormattableString.Invariant(
            $"Stream '{stream}' is at {latest}, and what comes next for it is at {time}. Give what happens to a stream in order of time."));
    }

    private IEnumerable<(string Mark, double Reward)> Rewards(EventSequence sequence) =>
        sequence.Values?.GetValueOrDefault(_columns.Reward) is { } rewards
            ? sequence.Marks!.Zip(rewards).Where(e => !double.IsNaN(e.Second)) : [];

    private sealed class Stream
    {
        public List<(double Time, string Mark, Dictionary<string, double> Values)> Events { get; } = [];
        public double Begun { get; set; } = double.NegativeInfinity;
        public string? Said { get; set; }
        public double SaidAt { get; set; }

        public EventSequence Past(string id) => new(id, [.. Events.Select(e => e.Time)], [.. Events.Select(e => e.Mark)])
        {
            Values = Events.SelectMany(e => e.Values.Keys).Distinct()
                .ToDictionary(name => name, name => Events.Select(e => e.Values.GetValueOrDefault(name, double.NaN)).ToArray()),
        };
    }
}
