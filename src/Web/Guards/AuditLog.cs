using Microsoft.Extensions.Logging;

namespace Foretell.Web.Guards;

/// <summary>Who did what, when, from where, and what came of it: refused requests, whatever needs <see cref="Scope.Operate"/>, and
/// changes of keys. Entries of the log category <see cref="Category"/>; never a secret, a stream's key or anything else that a client
/// wrote.</summary>
/// <remarks>Entries that differ in nothing but their time are one within a minute, with their count behind it, and a minute has at most
/// <see cref="MostDifferent"/> different ones of refusals and as many of the rest: nobody fills a disk by being refused.</remarks>
public sealed partial class AuditLog(ILoggerFactory loggers, TimeProvider clock)
{
    /// <summary>Category of the entries.</summary>
    public const string Category = "Foretell.Audit";

    /// <summary>Most different entries a minute, of refusals and of the rest each.</summary>
    public const int MostDifferent = 100;

    private static readonly TimeSpan s_window = TimeSpan.FromMinutes(1);

    private readonly ILogger _log = loggers.CreateLogger(Category);
    private readonly Lock _gate = new();
    private readonly Dictionary<Entry, int> _repeats = [];
    private readonly int[] _different = new int[2], _left = new int[2];
    private long _since = clock.GetTimestamp();

    /// <summary>Notes a request.</summary>
    /// <param name="client">Whose, by id.</param>
    /// <param name="address">Where from.</param>
    /// <param name="action">Method and route, or what else was done.</param>
    /// <param name="outcome">What came of it: a status, or a word.</param>
    /// <param name="isRefusal">Whether it was refused.</param>
    public void Add(string client, string address, string action, string outcome, bool isRefusal)
    {
        Flush();
        lock (_gate)
        {
            var entry = new Entry(client, address, action, outcome, isRefusal);
            int kind = isRefusal ? 1 : 0;
            if (_repeats.TryGetValue(entry, out int repeats))
            {
                _repeats[entry] = repeats + 1;
            }
            else if (_different[kind] < MostDifferent)
            {
                _different[kind]++;
                _repeats.Add(entry, 0);
                LogEntry(client, address, action, outcome);
            }
            else
            {
                _left[kind]++;
            }
        }
    }

    /// <summary>Notes a change of the keys; these are few, and each is told.</summary>
    public void AddKeyChange(string who, string change) => LogKeyChange(who, change);

    /// <summary>Tells of what a minute that is over had more of.</summary>
    public void Flush()
    {
        lock (_gate)
        {
            if (clock.GetElapsedTime(_since) < s_window)
            {
                return;
            }
            foreach ((Entry entry, int repeats) in _repeats.Where(r => r.Value > 0))
            {
                LogRepeats(entry.Client, entry.Address, entry.Action, entry.Outcome, repeats);
            }
            if (_left[0] + _left[1] > 0)
            {
                LogLeft(_left[1], _left[0], MostDifferent);
            }
            _repeats.Clear();
            Array.Clear(_different);
            Array.Clear(_left);
            _since = clock.GetTimestamp();
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Client} from {Address}: {Action}: {Outcome}")]
    private partial void LogEntry(string client, string address, string action, string outcome);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Client} from {Address}: {Action}: {Outcome}, and {Repeats} times more within a minute")]
    private partial void LogRepeats(string client, string address, string action, string outcome, int repeats);

    [LoggerMessage(Level = LogLevel.Information,
        Message = "{Refusals} more refusals and {Others} other requests within a minute are not listed: at most {Most} different ones of each kind are")]
    private partial void LogLeft(int refusals, int others, int most);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Who}: {Change}")]
    private partial void LogKeyChange(string who, string change);

    private readonly record struct Entry(string Client, string Address, string Action, string Outcome, bool IsRefusal);
}
