using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Forecasting;

/// <summary>Some paths of one stream, followed for a number of events, and what they say of the count.</summary>
/// <remarks>
/// The paths begin in equal slices of the first event's distribution within the horizon, and advance together. At every step each
/// random number is drawn from as many equal slices as there are paths, in an order of its own (Latin hypercube): what a step adds to
/// the count by itself then hardly varies. A path that has had all its events before the horizon counts on at the stream's pace: what is
/// left of its horizon, by the mean gap. That mean is the ratio of summed mean gaps to their number over the second half of all paths'
/// events. The sums are of the model's own means, given each state and cut at what is left of the horizon, not of drawn gaps: an event
/// of a burst already knows of the pause behind it. With gaps cut so, count = time / mean gap in the mean (Wald), which is the
/// elementary renewal theorem where the gaps forget.
/// The random numbers follow from the state, so other streams have others, and the same one the same.
/// Sources: Wald, Annals of Mathematical Statistics 15, 1944; Blackwell, the same 19, 1948; McKay, Beckman, Conover, Technometrics 21,
/// 1979, for the slices.
/// </remarks>
internal sealed class CountRound
{
    private readonly CountQuestion _question;
    private readonly int _events;
    private readonly double[] _count, _alive, _whole, _die, _left;
    private readonly PaceRatio _pace = new();
    private readonly double[] _meanGaps;
    private List<int> _active;
    private readonly RandomStream _random;
    private readonly int[] _order;
    private readonly double[][] _slices;
    private double _logComing;
    private int _taken;

    /// <param name="question">The stream.</param>
    /// <param name="first">Number of its first path in the batch.</param>
    /// <param name="paths">Paths, 1 or more.</param>
    /// <param name="events">Events that a path has at most.</param>
    /// <param name="seed">Tells the stream's rounds apart.</param>
    public CountRound(CountQuestion question, int first, int paths, int events, int seed)
    {
        _random = new RandomStream(seed, question.Fingerprint);
        _order = new int[paths];
        _slices = [new double[paths], new double[paths], new double[paths]];
        (_question, First, Paths, _events) = (question, first, paths, events);
        (_count, _alive, _whole) = (new double[paths], new double[paths], new double[paths]);
        (_die, _left, _meanGaps) = (new double[paths], new double[paths], new double[paths]);
        _active = [.. Enumerable.Range(0, paths)];
        Array.Fill(_alive, 1);
    }

    /// <summary>Number of its first path in the batch.</summary>
    public int First { get; }

    /// <summary>Its paths.</summary>
    public int Paths { get; }

    /// <summary>Steps taken.</summary>
    public int Steps { get; private set; }

    /// <summary>The horizon, time units.</summary>
    public double Horizon => _question.Horizon;

    /// <summary>Whether no path goes on.</summary>
    public bool IsDone => _active.Count == 0;

    /// <summary>Numbers of the paths that go on, in the batch.</summary>
    public IEnumerable<int> Active => _active.Select(path => First + path);

    /// <summary>Whether the next step's mean gaps are wanted: not for the first events, which belong to the present.</summary>
    public bool WantsMeanGaps => _taken >= _events / 2;

    /// <summary>Puts the paths at their starts.</summary>
    public void Start(PathBatch batch)
    {
        for (int i = 0; i < Paths; i++)
        {
            double p = _question.Within * (i + _random.NextDouble()) / Paths;
            double wait = p < 1 ? Math.Min(_question.Next.Quantile(p), Horizon) : Horizon;
            batch.Start(First + i, _question.State.Span, _question.Next.Silence, wait);
            _die[i] = _random.NextDouble();
        }
    }

    /// <summary>Draws the random numbers of the next step.</summary>
    public void Draw(PathBatch batch)
    {
        Array.ForEach(_slices, Slice);
        foreach (int i in _active)
        {
            batch.Draw[First + i] = new PathDraw(_slices[0][i], _slices[1][i], Normal.Quantile(_slices[2][i]));
        }
    }

    /// <summary>Takes in what a step of the active paths made of them.</summary>
    public void Take(PathBatch batch)
    {
        bool isPace = WantsMeanGaps;
        _taken++;
        Steps += _active.Count;
        var going = new List<int>(_active.Count);
        foreach (int i in _active)
        {
            int path = First + i;
            // A path that may have ended counts as far as it goes on: its mean over all ways to end, at no variance.
            _count[i] += _alive[i];
            _whole[i] += _alive[i] > _die[i] ? 1 : 0;
            _alive[i] *= Math.Exp(batch.LogComing[path]);
            if (isPace)
            {
                _meanGaps[i] += batch.MeanGap[path];
                _logComing += batch.LogComing[path];
            }
            bool goesOn = batch.Time[path] <= Horizon && _alive[i] > 1e-6;
            if (goesOn && _taken < _events)
            {
                going.Add(i);
                continue;
            }
            _left[i] = goesOn ? batch.Limit[path] : 0;
            _pace.Add(_meanGaps[i], Math.Max(0, _taken - _events / 2));
        }
        _active = going;
    }

    /// <summary>Mean count of a path with an event within the horizon, and its variance over the sampling.</summary>
    public (double Mean, double Variance) Estimate()
    {
        double[] value = new double[Paths];
        double more = 0, variance = 0;
        for (int i = 0; i < Paths; i++)
        {
            double rest = _alive[i] * StillComing(Behind(i), LogStay);
            value[i] = _count[i] + rest;
            more += rest / Paths;
        }
        double mean = value.Average();
        for (int i = 1; i < Paths; i++)
        {
            // Neighbours are of neighbouring slices: their difference leaves out what the slices explain.
            variance += (value[i] - value[i - 1]) * (value[i] - value[i - 1]) / (2.0 * (Paths - 1) * Paths);
        }
        double pace = more > 0 ? more * _pace.RelativeError : 0;
        return (mean, Paths == 1 ? mean * mean : variance + pace * pace);
    }

    /// <summary>Whole counts of the paths. Shape [paths].</summary>
    public double[] Counts()
    {
        double[] whole = [.. _whole];
        var noise = new RandomStream(Paths, Steps, _question.Fingerprint);
        for (int i = 0; i < Paths; i++)
        {
            if (_alive[i] > _die[i])
            {
                double behind = Behind(i), last = LogStay == 0 ? behind : Math.Min(behind, Math.Log(_die[i] / _alive[i]) / LogStay);
                // What a path would have done behind its stop spreads about as independent events would.
                whole[i] += Math.Max(0, Math.Round(last + Math.Sqrt(last) * noise.NextNormal()));
            }
        }
        return whole;
    }

    /// <summary>ln of the probability that a path goes on after an event.</summary>
    private double LogStay => _pace.Count > 0 ? _logComing / _pace.Count : 0;

    /// <summary>Events behind a path's stop, at the pace.</summary>
    private double Behind(int path) => _left[path] > 0 ? _left[path] / _pace.Mean : 0;

    /// <summary>A uniform number for each active path, one from each of as many equal slices, in random order.</summary>
    private void Slice(double[] uniform)
    {
        Span<int> order = _order.AsSpan(0, _active.Count);
        for (int j = 0; j < order.Length; j++)
        {
            order[j] = j;
        }
        _random.Shuffle(order);
        for (int j = 0; j < order.Length; j++)
        {
            uniform[_active[j]] = (order[j] + _random.NextDouble()) / order.Length;
        }
    }

    /// <summary>How many of a number of events still come when each is the last with a fixed probability: 1 + s + s^2 + ..., s
    /// being the probability to go on.</summary>
    private static double StillComing(double events, double logStay) =>
        logStay == 0 ? events : logStay < 0 && double.IsFinite(logStay) ? RealMath.Expm1(events * logStay) / RealMath.Expm1(logStay) : 0;

    /// <summary>Ratio of summed mean gaps to their number, over paths.</summary>
    private sealed class PaceRatio
    {
        private double _paths, _sum, _sumSquares, _cross, _countSquares;

        /// <summary>Gaps.</summary>
        public double Count { get; private set; }

        /// <summary>The ratio, time units.</summary>
        public double Mean => _sum / Count;

        /// <summary>Its relative standard error (Cochran, Sampling Techniques, 1977, chapter 6).</summary>
        public double RelativeError => _paths < 2 ? 1
            : Math.Sqrt(Math.Max(0, _sumSquares - 2 * Mean * _cross + Mean * Mean * _countSquares) * _paths / (_paths - 1)) / _sum;

        public void Add(double sum, int count)
        {
            if (count > 0)
            {
                _paths++;
                _sum += sum;
                Count += count;
                _sumSquares += sum * sum;
                _cross += sum * count;
                _countSquares += (double)count * count;
            }
        }
    }
}
