using Foretell.Engine;
using Foretell.Grains.Contracts;
using Foretell.Grains.Coordination;
using Foretell.Grains.Placement;
using Foretell.Grains.Silos;
using Foretell.Ingest.Sources;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Runtime.MembershipService.SiloMetadata;

namespace Foretell.Grains.Sources;

/// <summary>Asks the broker for its partitions, and each partition's reader once a second how it fares, which is what makes it exist;
/// evens out their places.</summary>
[Reentrant, KeepAlive, Immovable, SiloRole(SiloRoles.Ingest)]
internal sealed partial class SourceGrain(SiloEngine engine, ISiloStatusOracle silos, ISiloMetadataCache metadata, TimeProvider time,
    ILogger<SourceGrain> log) : Grain, ISourceGrain
{
    private static readonly TimeSpan s_period = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, SourcePartitionStatus?> _partitions = [];
    private readonly HashSet<string> _asked = [];
    private readonly Places _places = new();
    private SourceSetup _setup = null!;
    private IReadOnlyList<string> _names = [];
    private HashSet<SiloAddress> _members = [];
    private string? _problem;
    private long _checkedAt;
    private bool _checking;
    private int _quiet;

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _setup = engine.Sources.GetValueOrDefault(this.GetPrimaryKeyString()) ?? throw new InvalidOperationException(
            $"This silo's settings have no source '{this.GetPrimaryKeyString()}': all silos need the same sources.");
        this.RegisterGrainTimer(RoundAsync, new GrainTimerCreationOptions(TimeSpan.Zero, s_period) { Interleave = true, KeepAlive = true });
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<SourceStatus> Status() => Task.FromResult(
        new SourceStatus([.. _names.Select(n => _partitions.GetValueOrDefault(n)).OfType<SourcePartitionStatus>()], _problem));

    private async Task RoundAsync(CancellationToken cancellationToken)
    {
        Untraced.Enter();
        if (!_checking && (_names.Count == 0 || time.GetElapsedTime(_checkedAt) >= _setup.Options.CheckInterval))
        {
            _ = CheckAsync(cancellationToken);
        }
        for (int i = 0; i < _names.Count; i++)
        {
            _ = AskAsync(i, _names[i]);
        }
        await EvenOutAsync();
    }

    private async Task CheckAsync(CancellationToken cancellationToken)
    {
        _checking = true;
        try
        {
            SourcePartitions found = await SourcePartitions.FindAsync(_setup.Source, engine.Log, _setup.Options.OnLoss, cancellationToken);
            Tell(found.Problem);
            _names = found.Names;
            _places.Count = _names.Count;
        }
        catch (Exception e) when (e is SourceException or PlatformUnavailableException)
        {
            Tell($"{_setup.Source.Description} cannot be asked for its partitions: {e.Message}");
        }
        finally
        {
            _checkedAt = time.GetTimestamp();
            _checking = false;
        }
    }

    private ISourcePartitionGrain Reader(int index) =>
        GrainFactory.GetGrain<ISourcePartitionGrain>(index, this.GetPrimaryKeyString());

    private async Task AskAsync(int index, string partition)
    {
        // One question at a time each: those that nobody answers must not pile up.
        if (!_asked.Add(partition))
        {
            return;
        }
        bool moving = _places.IsMoving(index);
        try
        {
            SourcePartitionStatus status = await Reader(index).KeepReading(partition);
            _partitions[partition] = status;
            _places.Found(index, status.Silo, moving);
        }
        catch (Exception e)
        {
            // Lost with its silo, most likely. The next round asks again, and finds it elsewhere.
            _partitions[partition] = null;
            _places.Lost(index);
            LogNoAnswer(this.GetPrimaryKeyString(), partition, e.Message);
        }
        finally
        {
            _asked.Remove(partition);
        }
    }

    private async Task EvenOutAsync()
    {
        HashSet<SiloAddress> members = [.. silos.GetApproximateSiloStatuses(onlyActive: true).Keys];
        bool settled = members.SetEquals(_members) && _places.IsSettled;
        _members = members;
        _quiet = settled ? _quiet + 1 : 0;
        if (_quiet < engine.Options.QuietRounds)
        {
            return;
        }
        try
        {
            await _places.EvenOutAsync(SiloWeight.Equal(Readers()), (partition, target) => Reader(partition).Move(target));
        }
        catch (Exception e)
        {
            _quiet = 0;
            LogNotMoved(this.GetPrimaryKeyString(), e.Message);
        }
    }

    private SiloAddress[] Readers() => [.. _members.Where(s =>
        SiloRoles.Has(metadata.GetSiloMetadata(s).Metadata.GetValueOrDefault(SiloRoles.MetadataKey), SiloRoles.Ingest))];

    private void Tell(string? problem)
    {
        if (problem is not null && problem != _problem)
        {
            LogProblem(problem);
        }
        _problem = problem;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The reader of partition {Partition} of source {Source} does not answer: {Problem}")]
    private partial void LogNoAnswer(string source, string partition, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A partition of source {Source} could not be moved: {Problem}")]
    private partial void LogNotMoved(string source, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Problem}")]
    private partial void LogProblem(string problem);
}
