namespace Foretell.Models.Tests.Reference;

/// <summary>A stream's adaptation in plain doubles (docs/models.md, "What a stream shows of its own").</summary>
internal sealed class ReferenceAdaptation(int marks)
{
    private static readonly double[] s_variance = [0.1, 1, 1 / 0.3], s_keep = [0.98, 0.85, 0.8];
    private static readonly double[] s_prior = [-3, -3, -8], s_least = [-4, -4, -9];

    private readonly double[] _precision = new double[3], _pull = new double[3], _evidence = [.. s_prior];
    private readonly double[] _came = new double[marks], _expected = new double[marks];
    private double _markEvidence = -3;

    /// <summary>How far ln gaps lie beside the forecast as trained, in z.</summary>
    public double Offset
    {
        get
        {
            double[] odds = [.. _evidence.Select(Math.Exp)];
            return odds.Select((odd, j) => odd * Each(j)).Sum() / (1 + odds.Sum());
        }
    }

    public double[] Adapted(double[] logits) => Moved(logits, Math.Exp(_markEvidence) / (1 + Math.Exp(_markEvidence)));

    public void ObserveGap(double[] weight, double[] mean, double[] deviation, double z)
    {
        double offset = Offset, trained = Log(weight, mean, deviation, z);
        double[] ratios = [.. Enumerable.Range(0, 3).Select(j => Log(weight, mean, deviation, z - Each(j)) - trained)];
        double[] likely = [.. weight.Select((w, k) => w * Density(z, mean[k] + offset, deviation[k]))];
        double precision = 0, pull = 0;
        for (int k = 0; k < weight.Length; k++)
        {
            double share = likely[k] / likely.Sum() / (deviation[k] * deviation[k]);
            precision += share;
            pull += share * (z - mean[k]);
        }
        double above = Math.Max(0, ratios.Select((ratio, j) => _evidence[j] + Math.Clamp(ratio, -12, 12)).Max() - 8);
        double distance = weight.Select((w, k) => w * (z - mean[k])).Sum() / weight.Sum();
        for (int j = 0; j < 3; j++)
        {
            _evidence[j] = Math.Max(_evidence[j] + Math.Clamp(ratios[j], -12, 12) - above, s_least[j]);
            _precision[j] = s_keep[j] * _precision[j] + (j < 2 ? precision : 1);
            _pull[j] = s_keep[j] * _pull[j] + (j < 2 ? pull : distance);
        }
    }

    public void ObserveMark(double[] logits, int mark)
    {
        double[] trained = Probabilities(logits);
        _markEvidence = Math.Clamp(_markEvidence + Math.Log(Probabilities(Moved(logits, 1))[mark] / trained[mark]), -4, 8);
        for (int i = 0; i < marks; i++)
        {
            _came[i] = 0.98 * _came[i] + (i == mark ? 1 : 0);
            _expected[i] = 0.98 * _expected[i] + trained[i];
        }
    }

    public static double[] Probabilities(double[] logits)
    {
        double[] e = [.. logits.Select(Math.Exp)];
        return [.. e.Select(x => x / e.Sum())];
    }

    private double Each(int j) => _pull[j] / (_precision[j] + 1 / s_variance[j]);

    private double[] Moved(double[] logits, double share) =>
        [.. logits.Select((logit, i) => logit + share * Math.Log((_came[i] + 1) / (_expected[i] + 1)))];

    private static double Log(double[] weight, double[] mean, double[] deviation, double z) =>
        Math.Log(weight.Select((w, k) => w * Density(z, mean[k], deviation[k])).Sum());

    private static double Density(double z, double mean, double deviation) =>
        Math.Exp(-0.5 * Math.Pow((z - mean) / deviation, 2)) / (deviation * Math.Sqrt(2 * Math.PI));
}
