using Foretell.Models.PointProcess;

namespace Foretell.Models.Policies;

/// <summary>What is known of a stream before a decision, as numbers: how many events came and for how long, how often each mark came and
/// how long ago, mean and last of each value, what each action brought this stream, and how much of the episode is over. Nothing of the
/// decision's own event is in it.</summary>
public sealed class StateSummaries
{
    /// <summary>Most marks that are counted one by one: the most frequent of train.</summary>
    public const int MostMarks = 32;

    private const int Plain = 4;

    private readonly string[] _marks, _values, _actions;
    private readonly DecisionColumns _decisions;
    private readonly double _gap;

    private StateSummaries(string[] marks, string[] values, string[] actions, DecisionColumns decisions, double gap) =>
        (_marks, _values, _actions, _decisions, _gap) = (marks, values, actions, decisions, gap);

    /// <summary>Numbers of a state.</summary>
    public int Count => Plain + 2 * (_marks.Length + _values.Length) + _actions.Length;

    /// <summary>Marks, values and pace of a training set, and the actions (<see cref="DecisionLog.ActionsOf"/>).</summary>
    public static StateSummaries Of(IReadOnlyList<EventSequence> train, DecisionColumns columns, IReadOnlyList<string> actions)
    {
        string[] marks = [.. train.SelectMany(s => s.Marks ?? []).CountBy(m => m).OrderByDescending(m => m.Value)
            .ThenBy(m => m.Key, StringComparer.Ordinal).Take(MostMarks).Select(m => m.Key)];
        // How likely an action was says nothing of the stream.
        string[] values = [.. train.SelectMany(s => s.Values?.Keys ?? []).Distinct().Where(v => v != columns.Propensity)];
        double gaps = train.Sum(s => Math.Max(0, s.Times.Length - 1));
        double time = train.Sum(s => s.Times.Length == 0 ? 0 : s.Times[^1] - s.Times[0]);
        return new StateSummaries(marks, values, [.. actions], columns, time > 0 ? time / gaps : 1);
    }

    /// <summary>The state in which a stream is.</summary>
    /// <param name="past">Everything that came of it so far.</param>
    /// <param name="time">Now.</param>
    /// <param name="elapsed">Time since the episode's first decision.</param>
    public double[] After(EventSequence past, double time, double elapsed = 0)
    {
        var running = new Running(this, past);
        for (int i = 0; i < past.Times.Length; i++)
        {
            running.Add(i);
        }
        return running.At(time, elapsed);
    }

    /// <summary>Reads a stream event by event.</summary>
    internal Running Begin(EventSequence sequence) => new(this, sequence);

    /// <summary>The summaries of one stream, as far as it was read.</summary>
    internal sealed class Running
    {
        private readonly StateSummaries _of;
        private readonly EventSequence _sequence;
        private readonly double[]?[] _columns;
        private readonly double[] _cameLast, _lasts, _sums, _brought;
        private readonly double[]? _rewards, _propensities;
        private readonly int[] _came, _counts, _took;
        private int _action = -1, _events;

        public Running(StateSummaries of, EventSequence sequence)
        {
            (_of, _sequence) = (of, sequence);
            _columns = [.. of._values.Select(v => sequence.Values?.GetValueOrDefault(v))];
            (_came, _cameLast) = (new int[of._marks.Length], new double[of._marks.Length]);
            (_counts, _sums, _lasts) = (new int[of._values.Length], new double[of._values.Length], new double[of._values.Length]);
            (_took, _brought) = (new int[of._actions.Length], new double[of._actions.Length]);
            _rewards = sequence.Values?.GetValueOrDefault(of._decisions.Reward);
            _propensities = sequence.Values?.GetValueOrDefault(of._decisions.Propensity);
        }

        public void Add(int index)
        {
            _events = index + 1;
            if (_sequence.Marks is { } marks && Array.IndexOf(_of._marks, marks[index]) is >= 0 and var mark)
            {
                _came[mark]++;
                _cameLast[mark] = _sequence.Times[index];
            }
            if (_sequence.Marks is not null && _propensities is not null && !double.IsNaN(_propensities[index])
                && Array.IndexOf(_of._actions, _sequence.Marks[index]) is >= 0 and var action)
            {
                _action = action;
                _took[action]++;
            }
            if (_action >= 0 && _rewards?[index] is { } reward && !double.IsNaN(reward))
            {
                _brought[_action] += reward;
            }
            for (int v = 0; v < _columns.Length; v++)
            {
                if (_columns[v]?[index] is { } x && !double.IsNaN(x))
                {
                    _counts[v]++;
                    _sums[v] += x;
                    _lasts[v] = x;
                }
            }
        }

        public double[] At(double time, double elapsed)
        {
            double[] state = new double[_of.Count];
            double first = _events > 0 ? _sequence.Times[0] : time;
            state[0] = Math.Log(1 + _events);
            state[1] = Length(time - first);
            state[2] = Length(time - (_events > 0 ? _sequence.Times[_events - 1] : time));
            state[3] = elapsed / _of._gap;
            int at = Plain;
            for (int m = 0; m < _came.Length; m++)
            {
                state[at++] = Math.Log(1 + _came[m]);
                state[at++] = Length(time - (_came[m] > 0 ? _cameLast[m] : first));
            }
            for (int v = 0; v < _counts.Length; v++)
            {
                state[at++] = _sums[v] / Math.Max(1, _counts[v]);
                state[at++] = _lasts[v];
            }
            for (int a = 0; a < _took.Length; a++)
            {
                // One more than there were: a single try tells little.
                state[at++] = _brought[a] / (_took[a] + 1);
            }
            return state;
        }

        private double Length(double time) => Math.Log(1 + Math.Max(0, time) / _of._gap);
    }
}
