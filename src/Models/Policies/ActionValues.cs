namespace Foretell.Models.Policies;

/// <summary>The return that a log's decisions have on average, by state and action, when the log decides what follows: a linear regression
/// for all actions, and for each action one of what that leaves, both shrunk towards nothing.</summary>
/// <remarks>The best action by it is one step of policy improvement from the logged policy (Sutton, Barto, Reinforcement Learning, 2nd
/// edition, section 4.2).</remarks>
public sealed class ActionValues
{
    /// <summary>Weights of the squared coefficients that are tried, in decisions; the best on a fifth of the streams is taken.</summary>
    private static readonly double[] s_penalties = [10, 100, 1000, 10_000, 100_000];

    private readonly double[] _mean, _deviation, _common;
    private readonly double[][] _ofAction;
    private readonly double _average;

    private ActionValues(double[] mean, double[] deviation, double average, double[] common, double[][] ofAction) =>
        (_mean, _deviation, _average, _common, _ofAction) = (mean, deviation, average, common, ofAction);

    /// <summary>Fits a log's decisions.</summary>
    public static ActionValues Fit(DecisionLog train)
    {
        Decision[] all = [.. train.Episodes.SelectMany(e => e.Decisions)];
        int features = all[0].State.Length;
        double[] mean = new double[features], deviation = new double[features];
        for (int j = 0; j < features; j++)
        {
            double average = all.Average(d => d.State[j]);
            mean[j] = average;
            deviation[j] = Math.Sqrt(all.Average(d => (d.State[j] - average) * (d.State[j] - average)));
        }
        Row[] RowsOf(Func<Episode, bool> isMeant) => [.. train.Episodes.Where(isMeant).SelectMany(e => e.Decisions)
            .Select(d => new Row(Scale(d.State, mean, deviation), d.Action, d.Return))];
        Row[] held = RowsOf(e => e.Stream % 5 == 4);
        double penalty = s_penalties[^1];
        if (held.Length > 0 && held.Length < all.Length)
        {
            var part = new Fitting(RowsOf(e => e.Stream % 5 != 4), train.Actions.Count);
            penalty = s_penalties.MinBy(p =>
            {
                (double average, double[] common, double[][] ofAction) = part.Solve(p);
                return held.Sum(r => Math.Pow(r.Return - average - Dot(common, r.X) - Dot(ofAction[r.Action], r.X), 2));
            });
        }
        (double intercept, double[] shared, double[][] own) = new Fitting(RowsOf(_ => true), train.Actions.Count).Solve(penalty);
        return new ActionValues(mean, deviation, intercept, shared, own);
    }

    /// <summary>Expected return of each action in a state. Shape [actions].</summary>
    public double[] Of(double[] state)
    {
        double[] x = Scale(state, _mean, _deviation);
        double common = _average + Dot(_common, x);
        return [.. _ofAction.Select(b => common + Dot(b, x))];
    }

    /// <summary>With a 1 before it, for the constant. What never changed in training says nothing.</summary>
    private static double[] Scale(double[] state, double[] mean, double[] deviation)
    {
        double[] x = new double[state.Length + 1];
        x[0] = 1;
        for (int j = 0; j < state.Length; j++)
        {
            x[j + 1] = deviation[j] > 1e-9 ? (state[j] - mean[j]) / deviation[j] : 0;
        }
        return x;
    }

    private static double Dot(double[] b, double[] x)
    {
        double sum = 0;
        for (int j = 0; j < b.Length; j++)
        {
            sum += b[j] * x[j];
        }
        return sum;
    }

    private readonly record struct Row(double[] X, int Action, double Return);

    /// <summary>The sums of some rows, solved for any penalty.</summary>
    private sealed class Fitting
    {
        private readonly Row[] _rows;
        private readonly RidgeRegression[] _ofAction;
        private readonly RidgeRegression _common;
        private readonly double _average;

        public Fitting(Row[] rows, int actions)
        {
            int features = rows[0].X.Length;
            _rows = rows;
            _average = rows.Average(r => r.Return);
            _ofAction = [.. Enumerable.Range(0, actions).Select(_ => new RidgeRegression(features))];
            foreach (Row row in rows)
            {
                _ofAction[row.Action].Add(row.X);
            }
            _common = new RidgeRegression(features);
            foreach (RidgeRegression own in _ofAction)
            {
                _common.Add(own);
            }
        }

        public (double Average, double[] Common, double[][] OfAction) Solve(double penalty)
        {
            double[] target = Target(_rows, r => r.Return - _average);
            double[] common = _common.Solve(target, penalty);
            return (_average, common, [.. _ofAction.Select((own, a) =>
                own.Solve(Target(_rows.Where(r => r.Action == a), r => r.Return - _average - Dot(common, r.X)), penalty))]);
        }

        private double[] Target(IEnumerable<Row> rows, Func<Row, double> of)
        {
            double[] sums = new double[_rows[0].X.Length];
            foreach (Row row in rows)
            {
                double y = of(row);
                for (int j = 0; j < sums.Length; j++)
                {
                    sums[j] += y * row.X[j];
                }
            }
            return sums;
        }
    }
}
