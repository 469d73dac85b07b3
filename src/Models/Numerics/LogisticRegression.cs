namespace Foretell.Models.Numerics;

/// <summary>Multinomial logistic regression on standardised features, with a small penalty.</summary>
internal sealed class LogisticRegression
{
    private const int Iterations = 400;

    /// <summary>Weight of the squared coefficients beside the mean log loss: as much as one of a thousand rows.</summary>
    private const double Penalty = 1e-3;

    private readonly double[] _mean, _deviation;
    private readonly double[][] _coefficients;

    private LogisticRegression(double[] mean, double[] deviation, double[][] coefficients) =>
        (_mean, _deviation, _coefficients) = (mean, deviation, coefficients);

    /// <summary>Fits rows whose class is known.</summary>
    /// <param name="rows">1 or more. Shape [n][features].</param>
    /// <param name="truth">Class of each, from 0. Shape [n].</param>
    /// <param name="classes">Classes c.</param>
    public static LogisticRegression Fit(double[][] rows, int[] truth, int classes)
    {
        int features = rows[0].Length;
        double[] mean = new double[features], deviation = new double[features];
        for (int j = 0; j < features; j++)
        {
            double average = rows.Average(r => r[j]);
            mean[j] = average;
            deviation[j] = Math.Max(Math.Sqrt(rows.Average(r => (r[j] - average) * (r[j] - average))), 1e-9);
        }
        double[][] scaled = [.. rows.Select(r => Scale(r, mean, deviation))];
        return new LogisticRegression(mean, deviation, Descend(scaled, truth, classes));
    }

    /// <summary>Probability of each class. Shape [c].</summary>
    /// <param name="row">Shape [features].</param>
    public double[] Probabilities(double[] row) => Softmax(Scale(row, _mean, _deviation), _coefficients);

    /// <summary>With a 1 behind it, for the constant.</summary>
    private static double[] Scale(double[] row, double[] mean, double[] deviation) =>
        [.. row.Select((x, j) => (x - mean[j]) / deviation[j]), 1];

    /// <summary>Gradient descent with Nesterov's momentum: the loss is convex, and so is its penalty.</summary>
    private static double[][] Descend(double[][] rows, int[] truth, int labels)
    {
        int features = rows[0].Length;
        double[][] at = Zeros(), before = Zeros(), ahead = Zeros();
        double step = 1 / (0.5 * LargestCurvature(rows) + Penalty), momentum = 1;
        for (int iteration = 0; iteration < Iterations; iteration++)
        {
            double[][] gradient = Zeros();
            for (int i = 0; i < rows.Length; i++)
            {
                double[] p = Softmax(rows[i], ahead);
                for (int k = 0; k < labels; k++)
                {
                    double error = (p[k] - (k == truth[i] ? 1 : 0)) / rows.Length;
                    for (int j = 0; j < features; j++)
                    {
                        gradient[k][j] += error * rows[i][j];
                    }
                }
            }
            double next = (1 + Math.Sqrt(1 + 4 * momentum * momentum)) / 2, onward = (momentum - 1) / next;
            momentum = next;
            (before, at) = (at, before);
            for (int k = 0; k < labels; k++)
            {
                for (int j = 0; j < features; j++)
                {
                    at[k][j] = ahead[k][j] - step * (gradient[k][j] + Penalty * ahead[k][j]);
                    ahead[k][j] = at[k][j] + onward * (at[k][j] - before[k][j]);
                }
            }
        }
        return at;

        double[][] Zeros() => [.. Enumerable.Range(0, labels).Select(_ => new double[features])];
    }

    /// <summary>Largest eigenvalue of the mean outer product, by power iteration, with some air.</summary>
    private static double LargestCurvature(double[][] rows)
    {
        int features = rows[0].Length;
        double[] v = [.. Enumerable.Repeat(1.0, features)];
        double length = 1;
        for (int iteration = 0; iteration < 30; iteration++)
        {
            double[] next = new double[features];
            foreach (double[] row in rows)
            {
                double dot = 0;
                for (int j = 0; j < features; j++)
                {
                    dot += row[j] * v[j];
                }
                for (int j = 0; j < features; j++)
                {
                    next[j] += dot * row[j] / rows.Length;
                }
            }
            length = Math.Sqrt(next.Sum(x => x * x));
            v = [.. next.Select(x => x / Math.Max(length, 1e-300))];
        }
        return 1.1 * length;
    }

    private static double[] Softmax(double[] row, double[][] coefficients)
    {
        double[] p = new double[coefficients.Length];
        double max = double.NegativeInfinity, sum = 0;
        for (int k = 0; k < p.Length; k++)
        {
            double logit = 0;
            double[] of = coefficients[k];
            for (int j = 0; j < row.Length; j++)
            {
                logit += of[j] * row[j];
            }
            p[k] = logit;
            max = Math.Max(max, logit);
        }
        for (int k = 0; k < p.Length; k++)
        {
            sum += p[k] = Math.Exp(p[k] - max);
        }
        for (int k = 0; k < p.Length; k++)
        {
            p[k] /= sum;
        }
        return p;
    }
}
