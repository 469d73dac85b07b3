using Foretell.Models.Heads;
using Foretell.Models.Numerics;

namespace Foretell.Models.Tests.Heads;

public unsafe class MarkScoreTests
{
    private const int Seed = 42;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(1000)]
    public void Of_WhenComparedWithPlainDoubles_Agrees(int marks)
    {
        var random = new RandomStream(Seed, marks);
        // What lies behind the last mark must not count.
        float[] logits = [.. Enumerable.Range(0, (marks + 15) / 16 * 16).Select(i => i < marks ? (float)(3 * random.NextNormal()) : 50)];
        double sum = logits.Take(marks).Sum(l => Math.Exp(l));
        for (int round = 0; round < 50; round++)
        {
            int target = random.NextInt(marks);
            MarkScore score;
            fixed (float* pointer = logits)
            {
                score = MarkScore.Of(pointer, marks, target);
            }
            Assert.Equal(logits[target] - Math.Log(sum), score.Log, 2e-6);
            Assert.Equal(logits.Take(marks).Where(l => l <= logits[target]).Sum(l => Math.Exp(l)) / sum, score.NoLikelier, 2e-6);
            Assert.Equal(Math.Exp(logits.Take(marks).Max()) / sum, 1 / score.Sum, 2e-6);
            Assert.Equal(logits[target] == logits.Take(marks).Max(), score.IsLikeliest);
        }
    }
}
