using Foretell.Models.Policies;

namespace Foretell.Cli.Reports;

/// <summary>What a log tells of policies.</summary>
/// <param name="Actions">The actions.</param>
/// <param name="Streams">Streams of the test file.</param>
/// <param name="Episodes">Its episodes that were watched to their end.</param>
/// <param name="Decisions">Their decisions.</param>
/// <param name="Unfinished">Episodes that go on behind the file's end, and are left out.</param>
/// <param name="SupportCells">Kinds of state in which the log acted differently.</param>
/// <param name="LeastSample">Effective sample that a policy needs.</param>
/// <param name="Policies">The logged policy, and those that were named.</param>
internal sealed record PolicyReport(IReadOnlyList<string> Actions, int Streams, int Episodes, int Decisions, int Unfinished,
    int SupportCells, double LeastSample, IReadOnlyList<PolicyValue> Policies);
