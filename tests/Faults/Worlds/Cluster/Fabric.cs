using Foretell.Faults.Disk;
using Foretell.Faults.Time;

namespace Foretell.Faults.Worlds.Cluster;

/// <summary>What lies between two processes: a call takes time, overtakes another, comes twice, or gets lost on its way there or back.</summary>
internal sealed class Fabric(Random random, SimulatedClock clock, Weather weather)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(3);

    /// <summary>Calls another process.</summary>
    /// <param name="hears">Whether the other process hears this one now.</param>
    /// <param name="answers">Whether this process hears the other one now.</param>
    /// <param name="call">What the other process does.</param>
    /// <exception cref="TimeoutException">No answer came; what was asked for may have been done.</exception>
    public async Task<T> CallAsync<T>(Func<bool> hears, Func<bool> answers, Func<Task<T>> call)
    {
        if (!await ArrivesAsync(hears))
        {
            throw await LostAsync();
        }
        if (weather.Draws(FaultKind.MessageRepeated))
        {
            _ = RepeatAsync(call);
        }
        T answer = await call().WaitAsync(s_patience, clock);
        return await ArrivesAsync(answers) ? answer : throw await LostAsync();
    }

    /// <summary>As above, between processes that are not split.</summary>
    public Task<T> CallAsync<T>(Func<Task<T>> call) => CallAsync(() => true, () => true, call);

    private async Task<bool> ArrivesAsync(Func<bool> hears)
    {
        long most = weather.Draws(FaultKind.MessageDelayed) ? 2 * TimeSpan.TicksPerSecond : TimeSpan.TicksPerMillisecond;
        await Task.Delay(new TimeSpan(random.NextInt64(most)), clock);
        return hears() && !weather.Draws(FaultKind.MessageLost);
    }

    private async Task RepeatAsync<T>(Func<Task<T>> call)
    {
        await Task.Delay(new TimeSpan(random.NextInt64(TimeSpan.TicksPerSecond)), clock);
        try
        {
            await call();
        }
        catch (Exception e) when (e is not SimulationFailure)
        {
            // Nobody waits for this answer.
        }
    }

    private async Task<TimeoutException> LostAsync()
    {
        await Task.Delay(s_patience, clock);
        return new TimeoutException("No answer came.");
    }
}
