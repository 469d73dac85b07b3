using System.Numerics;
using Foretell.Cli.Shell;

namespace Foretell.Cli.Running;

/// <summary>Counts which of a file's events become dead letters: a log cannot be put in order any more, so its sender has to hear of it
/// while it still can stop.</summary>
internal sealed class DeadLetterWatch
{
    // Fewer may be stragglers.
    private const int Many = 24;

    private readonly Func<CancellationToken, Task<(string? Reason, string? Detail)>> _newest;
    private readonly long _before;
    private bool _hasWarned;

    /// <param name="before">Dead letters that were there before the file.</param>
    /// <param name="newest">The newest one's reason, and the sentence on it.</param>
    public DeadLetterWatch(long before, Func<CancellationToken, Task<(string? Reason, string? Detail)>> newest) =>
        (_before, _newest) = (before, newest);

    /// <summary>Begins to count, behind everything that the log has already.</summary>
    public static async Task<DeadLetterWatch> BeginAsync(IRunTarget target, CancellationToken cancellation) =>
        new((await target.DrainAsync(cancellation)).DeadLetters, target.NewestDeadLetterAsync);

    /// <summary>Warns once when many are seen; to be called before each further append. Looks after the first, the second, the fourth
    /// and so on.</summary>
    /// <param name="appends">Appends so far.</param>
    /// <param name="events">Events so far.</param>
    /// <param name="deadLetters">Dead letters of the platform once the newest of them is applied; null where it does not say.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task LookAsync(int appends, long events, Func<Task<long?>> deadLetters, CancellationToken cancellation)
    {
        if (_hasWarned || !BitOperations.IsPow2(appends) || await deadLetters() is not { } now)
        {
            return;
        }
        if (await FindAsync(events, now, Many, cancellation) is { } sentence)
        {
            _hasWarned = true;
            Terminal.WriteNote($"warning: {sentence}");
        }
    }

    /// <summary>What became of the file's events, or null when none is a dead letter.</summary>
    /// <param name="events">Events of the file.</param>
    /// <param name="deadLetters">Dead letters of the platform now.</param>
    /// <param name="cancellation">Gives up.</param>
    public Task<string?> EndAsync(long events, long deadLetters, CancellationToken cancellation) =>
        FindAsync(events, deadLetters, 1, cancellation);

    private async Task<string?> FindAsync(long events, long deadLetters, int atLeast, CancellationToken cancellation)
    {
        long count = deadLetters - _before;
        if (count < atLeast)
        {
            return null;
        }
        (string? reason, string? detail) = await _newest(cancellation);
        return Describe(count, events, reason, detail);
    }

    /// <summary>A sentence on dead letters, with the remedy.</summary>
    /// <param name="count">How many there are.</param>
    /// <param name="events">Of how many events.</param>
    /// <param name="reason">The newest one's, `late` or `future`; null when it is not known.</param>
    /// <param name="detail">What it says.</param>
    private static string Describe(long count, long events, string? reason, string? detail) =>
        $"{Format.Count(count)} of {Format.Count(events)} events became dead letters. {(detail is null ? "" : $"The newest: {detail} ")}" + reason switch
        {
            "future" => "Check the unit and the zone of the times; if they are right, --future-tolerance says how far ahead they may be.",
            _ => "A stream's events have to come in their order: begin anew with an empty data folder or cluster, since what was applied "
                + "stays, and feed the file with --sort, which sorts it by time.",
        };
}
