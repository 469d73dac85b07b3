namespace Foretell.Models.Tests.Reference;

/// <summary>What streams show together, in plain doubles (docs/models.md, "What streams show together").</summary>
internal sealed class ReferencePopulation(int marks)
{
    private readonly double[] _came = new double[marks], _expected = new double[marks];
    private double _precision, _pull, _evidence = -20, _markEvidence = -20;

    public double Offset => Share(_evidence) * Mean;

    public double[] MarkLogRatios => [.. Enumerable.Range(0, marks).Select(i => Share(_markEvidence) * LogRatio(i))];

    private double Mean => _pull / (_precision + 667);

    public void ObserveGap(double[] weight, double[] mean, double[] deviation, double z)
    {
        double[] likely = [.. weight.Select((w, k) => w * Density(z, mean[k] + Offset, deviation[k]))];
        double ratio = Math.Log(weight.Select((w, k) => w * Density(z, mean[k] + Mean, deviation[k])).Sum()
            / weight.Select((w, k) => w * Density(z, mean[k], deviation[k])).Sum());
        double precision = 0, pull = 0;
        for (int k = 0; k < weight.Length; k++)
        {
            double share = likely[k] / likely.Sum() / (deviation[k] * deviation[k]);
            precision += share;
            pull += share * (z - mean[k]);
        }
        _evidence = Gain(_evidence, ratio);
        _precision = 0.999 * _precision + precision;
        _pull = 0.999 * _pull + pull;
    }

    public void ObserveMark(double[] logits, int mark)
    {
        double[] trained = ReferenceAdaptation.Probabilities(logits);
        double[] moved = ReferenceAdaptation.Probabilities([.. logits.Select((logit, i) => logit + LogRatio(i))]);
        _markEvidence = Gain(_markEvidence, Math.Log(moved[mark] / trained[mark]));
        for (int i = 0; i < marks; i++)
        {
            _came[i] = 0.999 * _came[i] + (i == mark ? 1 : 0);
            _expected[i] = 0.999 * _expected[i] + trained[i];
        }
    }

    private static double Share(double evidence) => Math.Exp(evidence) / (1 + Math.Exp(evidence));

    private static double Gain(double evidence, double ratio) => Math.Clamp(evidence + Math.Clamp(ratio, -12, 12), -21, 8);

    private static double Density(double z, double mean, double deviation) =>
        Math.Exp(-0.5 * Math.Pow((z - mean) / deviation, 2)) / (deviation * Math.Sqrt(2 * Math.PI));

    private double LogRatio(int i) => Math.Log((_came[i] + 40) / (_expected[i] + 40));
}
