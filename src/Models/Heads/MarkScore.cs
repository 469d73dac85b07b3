using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Foretell.Models.Numerics;

namespace Foretell.Models.Heads;

/// <summary>One mark under a categorical distribution.</summary>
/// <param name="Sum">Sum of exp(logit - largest logit): 1 / Sum is the likeliest mark's probability.</param>
/// <param name="Log">Log probability of the mark that came, nats.</param>
/// <param name="NoLikelier">Probability of all marks that are no likelier than it, itself among them.</param>
/// <param name="IsLikeliest">Whether no mark was likelier.</param>
internal readonly record struct MarkScore(float Sum, double Log, float NoLikelier, bool IsLikeliest)
{
    private const int Lanes = 16;

    /// <summary>Scores a mark, within 1e-6 of the plain double code; the same bits on every processor.</summary>
    /// <param name="logits">Shape [m, padded to 16].</param>
    /// <param name="marks">Marks m, 1 or more.</param>
    /// <param name="target">Index of the mark that came.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static unsafe MarkScore Of(float* logits, int marks, int target)
    {
        var lowest = Vector512.Create(float.MinValue);
        var highest = lowest;
        for (int i = 0; i < marks; i += Lanes)
        {
            highest = Vector512.Max(highest, Masked(logits, i, marks, lowest));
        }
        float max = VectorMath.Max(highest);
        Vector512<float> sums = Vector512<float>.Zero, noLikelier = sums, came = Vector512.Create(logits[target]);
        for (int i = 0; i < marks; i += Lanes)
        {
            var logit = Masked(logits, i, marks, lowest);
            var share = VectorMath.Exp(logit - Vector512.Create(max));
            sums += share;
            noLikelier += Vector512.ConditionalSelect(Vector512.LessThanOrEqual(logit, came), share, Vector512<float>.Zero);
        }
        float sum = VectorMath.Sum(sums);
        return new MarkScore(sum, (double)logits[target] - max - VectorMath.Log(sum), Math.Min(1, VectorMath.Sum(noLikelier) / sum),
            logits[target] == max);
    }

    /// <summary>Draws a mark.</summary>
    /// <param name="logits">Shape [m, padded to 16]; replaced by probabilities up to a factor.</param>
    /// <param name="marks">Marks m, 1 or more.</param>
    /// <param name="uniform">A uniform number, 0 to 1.</param>
    /// <param name="sum">Output: that factor.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static unsafe int Draw(float* logits, int marks, double uniform, out double sum)
    {
        var lowest = Vector512.Create(float.MinValue);
        var highest = lowest;
        for (int i = 0; i < marks; i += Lanes)
        {
            highest = Vector512.Max(highest, Masked(logits, i, marks, lowest));
        }
        var max = Vector512.Create(VectorMath.Max(highest));
        var sums = Vector512<float>.Zero;
        for (int i = 0; i < marks; i += Lanes)
        {
            var share = VectorMath.Exp(Masked(logits, i, marks, lowest) - max);
            share.Store(logits + i);
            sums += share;
        }
        sum = VectorMath.Sum(sums);
        double left = uniform * sum;
        int mark = 0;
        while (mark < marks - 1 && (left -= logits[mark]) >= 0)
        {
            mark++;
        }
        return mark;
    }

    /// <summary>Logits behind the last mark count as far below every other; their share of exp(-87) changes no sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static unsafe Vector512<float> Masked(float* logits, int first, int marks, Vector512<float> lowest) =>
        Vector512.ConditionalSelect(Vector512.LessThan(Vector512.CreateSequence(first, 1), Vector512.Create(marks)).AsSingle(),
            Vector512.Load(logits + first), lowest);
}
