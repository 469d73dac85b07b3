using System.Text;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Tests.PointProcess;

public class UnknownMarksTests
{
    [Fact]
    public void Add_WhenMarksAreUnknown_CountsThemAndKeepsAFewAlikeFromTextAndBytes()
    {
        string[] marks = ["view", "refund", "view", "", "refund", "naïve", "fourth", new('x', 300)];
        UnknownMarks text = new(["view"]), bytes = new(["view"]);
        foreach (string mark in marks)
        {
            text.Add(mark);
            bytes.Add(Encoding.UTF8.GetBytes(mark));
        }
        foreach (UnknownMarks unknown in new[] { text, bytes })
        {
            Assert.Equal((6, 8, true), (unknown.Events, unknown.Of, unknown.HasMoreExamples));
            Assert.Equal(["refund", "", "naïve"], unknown.Examples);
        }
    }

    [Fact]
    public void In_WhenTheModelHasNoMarks_CountsNone()
    {
        EventSequence[] sequences = [new("a", [1, 2], ["x", "y"]), new("b", [1], null)];
        Assert.Equal((0, 3), (UnknownMarks.In(sequences, []).Events, UnknownMarks.In(sequences, []).Of));
        Assert.Equal((2, ""), (UnknownMarks.In(sequences, ["x"]).Events, UnknownMarks.In(sequences, ["x"]).Examples[1]));
    }
}
