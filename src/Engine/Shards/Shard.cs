using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Foretell.Engine.Alerts;
using Foretell.Engine.Events;
using Foretell.Engine.Feeds;
using Foretell.Engine.Rows;
using Foretell.Engine.Store;
using Foretell.Models.Mixers;
using Foretell.Models.Monitoring;
using Foretell.Models.Network;
using Foretell.Models.Stepping;

namespace Foretell.Engine.Shards;

/// <summary>
/// The single owner of one partition: applies its records in order, answers queries, hands out consistent copies
/// to commit. Knows no store, no log and no thread; a worker loop or a grain drives it.
/// </summary>
/// <remarks>
/// One caller at a time may call <see cref="Advance"/>; queries and commits may come from any thread beside it.
/// The lock is held for one slice of a batch, so that a query waits for milliseconds at most.
/// </remarks>
public sealed class Shard : IDisposable
{
    /// <summary>Dead letters that may wait for a commit before records have to (<see cref="HasRoom"/>).</summary>
    public const int MostUncommittedDeadLetters = 10_000;

    /// <summary>Most waves of one slice.</summary>
    private const int MostWaves = 256;

    private readonly Lock _gate = new();
    private readonly ServingModel _serving;
    private readonly ForecastModel _model;
    private readonly EventTimeGate _eventTime = new();
    private readonly WavePlanner _planner;
    private readonly StepScore[] _scores;
    private readonly List<(int Row, int Events, int Label)> _labels = [];
    private readonly List<DeadLetter> _uncommitted = [];
    private readonly KeyValuePair<string, object?> _partitionTag;
    private readonly bool _hasMarks;
    private readonly TimeProvider _time;
    private readonly StreamFeed _changes = new();
    private readonly OverdueWatch? _overdue;
    private readonly List<uint> _pageCrcs = [];
    private Slab _slab;
    private ShardTotals _totals;

    /// <summary>Events that the mean scores are over; older ones fade.</summary>
    private const long ScoredEvents = 16_384;

    private ScoreTotals _scored;
    private Calibration _calibration = new();
    private long _position, _committedPosition, _appliedTicks = long.MinValue;
    private string? _fence;

    /// <param name="partition">Partition that it owns.</param>
    /// <param name="model">Model that advances its streams.</param>
    /// <param name="alerts">When a stream is overdue; null for never.</param>
    /// <param name="time">Clock by which steps are timed; null for the system's.</param>
    public Shard(int partition, ServingModel model, AlertRule? alerts = null, TimeProvider? time = null)
    {
        _time = time ?? TimeProvider.System;
        (Partition, _serving, _model) = (partition, model, model.Model);
        _overdue = alerts is { IsOn: true } ? new OverdueWatch(model.Forecaster, alerts) : null;
        _hasMarks = _model.Config.Marks.Count > 0;
        _planner = new WavePlanner(model.Device.SliceRecords, _model.ValueCount);
        _scores = new StepScore[model.Device.SliceRecords];
        _slab = NewSlab(RowPage.RowsFor(_model), null);
        _partitionTag = new("foretell.partition", partition);
    }

    /// <summary>Partition that it owns.</summary>
    public int Partition { get; }

    /// <summary>Model that advances its streams.</summary>
    public ForecastModel Model => _model;

    /// <summary>Last record of the log that the rows reflect.</summary>
    public long Position => Volatile.Read(ref _position);

    /// <summary>Why the shard stopped answering, or null.</summary>
    public string? Fenced => Volatile.Read(ref _fence);

    /// <summary>Whether the dead letters in memory are few enough to take a batch more. If not, its owner commits first: a store
    /// that is away must not fill the memory, and no dead letter may be dropped (law 6).</summary>
    public bool HasRoom
    {
        get
        {
            lock (_gate)
            {
                return _uncommitted.Count < MostUncommittedDeadLetters;
            }
        }
    }

    /// <summary>A sentence once most of the streams are there that the quota allows; null before, and without one.</summary>
    public string? QuotaWarning
    {
        get
        {
            lock (_gate)
            {
                return _eventTime.Policy.Quota is { } quota && _slab.Count >= StreamQuota.Warning * quota.Streams
                    ? $"Partition {Partition} has {_slab.Count} of the {quota.Streams} streams that it may have; beyond them events of new streams "
                        + "become dead letters. Raise the quota, or find out who sends so many keys."
                    : null;
            }
        }
    }

    /// <summary>Counts and scores.</summary>
    public (int Streams, ShardTotals Totals, ScoreTotals Scores) Counts()
    {
        lock (_gate)
        {
            return (_slab.Count, _totals, _scored);
        }
    }

    /// <summary>A copy of how well the model's probabilities came true, since it began to advance this shard's streams.</summary>
    public Calibration Calibration()
    {
        lock (_gate)
        {
            return _calibration.Copy();
        }
    }

    /// <summary>Takes over what the last commit says, before any page and any record.</summary>
    /// <exception cref="InvalidDataException">Another model, another arithmetic or a later release made the rows.</exception>
    public void Restore(ShardHeader header)
    {
        if (header.Format > ShardHeader.CurrentFormat)
        {
            throw new InvalidDataException(
                $"Partition {Partition}'s store has format {header.Format}, and this program knows formats up to "
                + $"{ShardHeader.CurrentFormat}: a later release wrote it. Go on with that release, or remove the store to rebuild it from the log.");
        }
        if (header.ModelId != _model.Id)
        {
            throw new InvalidDataException($"Partition {Partition} holds rows of model {header.ModelId}, not of model {_model.Id}.");
        }
        if (header.Arithmetic != _serving.Device.Arithmetic)
        {
            throw new InvalidDataException(
                $"Partition {Partition} holds rows of the arithmetic {header.Arithmetic}, and this host steps with {_serving.Device.Arithmetic}, "
                + "which gives other bits. Go on with a device of the former, or remove the store to rebuild it from the log.");
        }
        if (header.Damage() is { } damage)
        {
            throw new InvalidDataException($"Partition {Partition}'s store is damaged: {damage}. Restore the file from a copy, or remove it "
                + "to rebuild it from the log.");
        }
        lock (_gate)
        {
            // Rows get their memory as they come: the header's word for their number is no reason to allocate.
            _slab.Dispose();
            _slab = NewSlab(header.RowsPerPage, header);
            _eventTime.Policy = header.Policy;
            _totals = header.Totals;
            _calibration = header.Calibration.Copy();
            _position = _committedPosition = header.Position;
            _pageCrcs.Clear();
        }
    }

    /// <summary>Takes over the next page of rows.</summary>
    /// <exception cref="InvalidDataException">The page is damaged; the message says which.</exception>
    public void RestorePage(Span<byte> page)
    {
        lock (_gate)
        {
            RowPage.Decode(page, _slab);
            _pageCrcs.Add(RowPage.Crc(page));
            _overdue?.Restored(_slab.Count);
        }
    }

    /// <summary>Looks whether the pages that were taken over are all that the header counts, and each as of the same commit.</summary>
    /// <exception cref="InvalidDataException">Pages are missing, or older than the header.</exception>
    public void CheckRestored(ShardHeader header)
    {
        lock (_gate)
        {
            if (_slab.Count != header.Rows)
            {
                throw new InvalidDataException($"it has {_slab.Count} rows, its header says {header.Rows}");
            }
            if (header.PagesCrc is { } expected && expected != PagesCrc())
            {
                throw new InvalidDataException("a page is older than its header, or another's");
            }
        }
    }

    /// <summary>Applies the records beyond <see cref="Position"/>, in order; the others are skipped (law 2).</summary>
    /// <exception cref="ArgumentException">Records between the position and the batch are missing.</exception>
    /// <exception cref="InvalidDataException">A record cannot be applied by this version or model; the shard is fenced.</exception>
    /// <exception cref="PlatformUnavailableException">The shard is fenced.</exception>
    public void Advance(RecordBatch batch)
    {
        if (batch.FirstSequence > _position + 1)
        {
            throw new ArgumentException($"Partition {Partition} stands at record {_position} and was given records from "
                + $"{batch.FirstSequence} on. Read on from record {_position + 1}.", nameof(batch));
        }
        int next = (int)Math.Min(_position + 1 - batch.FirstSequence, batch.Count);
        while (next < batch.Count)
        {
            int end = Math.Min(next + Math.Min(_scores.Length, _serving.Device.SliceRecords), batch.Count);
            lock (_gate)
            {
                ThrowIfFenced();
                try
                {
                    end = AdvanceSlice(batch, next, end);
                }
                catch (Exception e)
                {
                    // Headers may be ahead of their floats now: such rows must be neither shown nor committed.
                    FenceHeld($"Partition {Partition} stopped behind record {_position}: {e.Message}");
                    throw;
                }
                _appliedTicks = batch.AppendTicks(end - 1);
                Volatile.Write(ref _position, batch.FirstSequence + end - 1);
            }
            next = end;
        }
    }

    /// <summary>One stream's state, or null when it has no applied event.</summary>
    /// <param name="key">Stream key, UTF-8.</param>
    /// <exception cref="PlatformUnavailableException">The shard is fenced.</exception>
    public StreamSnapshot? Find(ReadOnlySpan<byte> key)
    {
        RowHeader header;
        float[] state, served;
        lock (_gate)
        {
            ThrowIfFenced();
            int row = _slab.Index.Find(key);
            if (row < 0)
            {
                return null;
            }
            header = _slab.Header(row);
            state = _slab.ReadRow(row);
            served = Population is null ? state : _slab.ServedRow(row);
        }
        return new StreamSnapshot(Encoding.UTF8.GetString(key), header.Count, header.LastEventTicks, state, header.Scores)
        {
            Served = served,
        };
    }

    /// <summary>A row's header and its floats, tail and all; null behind the last row.</summary>
    public (RowHeader Header, float[] State)? CopyRow(int row)
    {
        lock (_gate)
        {
            ThrowIfFenced();
            return row < _slab.Count ? (_slab.Header(row), _slab.ReadRow(row)) : null;
        }
    }

    /// <summary>Copies what forecasts of gaps need of the rows from <paramref name="first"/> on, for scans over all streams.</summary>
    /// <param name="first">First row; rows are numbered from 0 and never move.</param>
    /// <param name="lastEventTicks">Output: times of their latest events. Shape [n].</param>
    /// <param name="bases">Output: what their forecasts are made of (<see cref="IStateBackend.ReadBasis"/>). Shape [n, BasisFloats].</param>
    /// <returns>Rows copied; 0 behind the last row.</returns>
    /// <exception cref="PlatformUnavailableException">The shard is fenced.</exception>
    public int CopyBases(int first, Span<long> lastEventTicks, Span<float> bases)
    {
        int d = _model.BasisFloats;
        lock (_gate)
        {
            ThrowIfFenced();
            int rows = Math.Min(lastEventTicks.Length, Math.Max(0, _slab.Count - first));
            for (int i = 0; i < rows; i++)
            {
                lastEventTicks[i] = _slab.Header(first + i).LastEventTicks;
                _slab.Backend.ReadBasis(first + i, bases.Slice(i * d, d));
                Population?.ServeBasis(bases.Slice(i * d, d));
            }
            return rows;
        }
    }

    /// <summary>Key of a row, UTF-8.</summary>
    public byte[] KeyOf(int row)
    {
        lock (_gate)
        {
            return _slab.Index.Key(row).ToArray();
        }
    }

    /// <summary>Dead letters that no commit holds yet, oldest first.</summary>
    public DeadLetter[] UncommittedDeadLetters()
    {
        lock (_gate)
        {
            ThrowIfFenced();
            return [.. _uncommitted];
        }
    }

    /// <summary>Where a stream stands now, or null when it has no applied event.</summary>
    /// <exception cref="PlatformUnavailableException">The shard is fenced.</exception>
    public ForecastChange? Current(string stream)
    {
        byte[] key = Encoding.UTF8.GetBytes(stream);
        lock (_gate)
        {
            ThrowIfFenced();
            return _slab.Index.Find(key) is >= 0 and var row ? StreamFeed.Now(_slab, Partition, row).Value : null;
        }
    }

    /// <summary>Where a stream stands now, if it has had an event, and from then on after each of its events.</summary>
    /// <remarks>The subscription stands once the first item is asked for. Ends with the exception of a fenced shard.</remarks>
    /// <param name="stream">Stream key.</param>
    /// <param name="cancellationToken">Ends the subscription.</param>
    /// <exception cref="PlatformUnavailableException">The shard is fenced.</exception>
    public async IAsyncEnumerable<FeedItem<ForecastChange>> SubscribeAsync(string stream,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var listener = new FeedBuffer<ForecastChange>(StreamFeed.Kept);
        byte[] key = Encoding.UTF8.GetBytes(stream);
        lock (_gate)
        {
            ThrowIfFenced();
            int row = _slab.Index.Find(key);
            if (row >= 0)
            {
                listener.Post(StreamFeed.Now(_slab, Partition, row));
            }
            _changes.Add(stream, row, listener);
        }
        try
        {
            await foreach (FeedItem<ForecastChange> item in listener.ReadAsync(cancellationToken))
            {
                yield return item;
            }
        }
        finally
        {
            lock (_gate)
            {
                _changes.Remove(stream, _slab.Index.Find(key), listener);
            }
        }
    }

    /// <summary>Looks which streams have become overdue. Its owner calls it once a tick of the rule, and publishes what it finds.</summary>
    /// <remarks>After <see cref="Restore"/> the first call makes up the deadlines of all rows, a few under each hold of the lock.</remarks>
    /// <param name="nowTicks">Now (<see cref="EventTime"/>).</param>
    /// <param name="caughtUp">Whether every record that the log held at that time is applied.</param>
    /// <param name="alerts">Alerts are added here, each silence's once.</param>
    /// <exception cref="PlatformUnavailableException">The shard is fenced.</exception>
    public void RaiseAlerts(long nowTicks, bool caughtUp, List<Alert> alerts)
    {
        if (_overdue is null)
        {
            return;
        }
        bool more = true;
        while (more)
        {
            lock (_gate)
            {
                ThrowIfFenced();
                _overdue.Clock(nowTicks, caughtUp, _appliedTicks);
                more = _overdue.TryRebuild(_slab) || _overdue.TryRaise(_slab, nowTicks, alerts);
            }
        }
    }

    /// <summary>A consistent copy of everything that changed since the last one, or null when nothing did.</summary>
    /// <remarks>One copy at a time: it is answered by <see cref="CommitSucceeded"/> or <see cref="CommitFailed"/>.</remarks>
    public ShardCommit? TakeCommit()
    {
        lock (_gate)
        {
            ThrowIfFenced();
            if (_position == _committedPosition)
            {
                return null;
            }
            if (Population is { IsDue: true } population)
            {
                // With the commit that tells of it: whoever replays from there makes the same of what follows.
                population.GiveOut();
            }
            var header = new ShardHeader
            {
                Format = _serving.Device.Arithmetic == StepArithmetic.Exact ? 1 : 2,
                Position = _position,
                Policy = _eventTime.Policy,
                ModelId = _model.Id,
                Arithmetic = _serving.Device.Arithmetic,
                RowsPerPage = _slab.RowsPerPage,
                Rows = _slab.Count,
                Totals = _totals,
                Calibration = _calibration.Copy(),
                Population = Population?.ToText(),
            };
            var commit = new ShardCommit(header) { DeadLetters = [.. _uncommitted] };
            foreach (int page in _slab.TakeDirtyPages())
            {
                Span<byte> bytes = commit.AddPage(page, RowPage.Length(_slab, page));
                RowPage.Encode(_slab, page, bytes);
                if (page >= _pageCrcs.Count)
                {
                    CollectionsMarshal.SetCount(_pageCrcs, page + 1);
                }
                // A page whose commit fails belongs into the next one, whose header has its checksum then.
                _pageCrcs[page] = RowPage.Crc(bytes);
            }
            commit.Header = header with { PagesCrc = PagesCrc() };
            return commit;
        }
    }

    /// <summary>The store holds the copy now.</summary>
    public void CommitSucceeded(ShardCommit commit)
    {
        lock (_gate)
        {
            _committedPosition = commit.Header.Position;
            _uncommitted.RemoveRange(0, commit.DeadLetters.Count);
        }
    }

    /// <summary>The store does not hold the copy: its pages belong into the next one.</summary>
    public void CommitFailed(ShardCommit commit)
    {
        lock (_gate)
        {
            for (int i = 0; i < commit.PageCount; i++)
            {
                _slab.MarkPageDirty(commit.Page(i).Number);
            }
        }
    }

    /// <summary>Stops answering, advancing and committing: another owner has the partition, or its state is not to be trusted.</summary>
    public void Fence(string reason)
    {
        lock (_gate)
        {
            FenceHeld(reason);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            FenceHeld($"Partition {Partition} is closed.");
            _slab.Dispose();
            _overdue?.Dispose();
        }
    }

    /// <summary>Applies records from one on, and at most up to another.</summary>
    /// <returns>Where the slice ended.</returns>
    private int AdvanceSlice(RecordBatch batch, int from, int to)
    {
        long started = _time.GetTimestamp();
        _planner.Clear();
        _labels.Clear();
        _changes.EndSlice();
        for (int i = from; i < to; i++)
        {
            // Each wave is a step by itself, and a busy stream's are of one event: many of them end the slice, or the lock would be
            // held for long.
            if (_planner.Waves >= MostWaves)
            {
                to = i;
                break;
            }
            LogRecord record = batch[i];
            switch (record.Kind)
            {
                case LogRecordKind.Event:
                    Admit(record, batch.FirstSequence + i, batch.AppendTicks(i));
                    break;
                case LogRecordKind.Label:
                    Label(record, batch.FirstSequence + i, batch.AppendTicks(i));
                    break;
                case LogRecordKind.Control:
                    Apply(record);
                    break;
                case LogRecordKind.Unreadable:
                    Reject(DeadLetter.Unreadable(Partition, batch.FirstSequence + i, batch.AppendTicks(i), record));
                    break;
                default:
                    throw new InvalidDataException(
                        $"record {batch.FirstSequence + i} has kind {(int)record.Kind}, which this version does not know.");
            }
        }
        _planner.Plan();
        ScoreLabels(0);
        for (int wave = 0; wave < _planner.Waves; wave++)
        {
            ReadOnlySpan<StepInput> inputs = _planner.Wave(wave);
            Span<StepScore> scores = _scores.AsSpan(0, inputs.Length);
            _slab.Backend.ScoreAndStep(inputs, scores, _planner.Values(wave));
            Score(inputs, scores);
            ScoreLabels(wave + 1);
            if (_changes.Listening)
            {
                _changes.Publish(_slab, Partition, wave);
            }
        }
        if (_planner.Waves > 0)
        {
            // The first wave has every row of the slice, and each once.
            _overdue?.Reset(_slab, _planner.Wave(0), batch.AppendTicks(to - 1));
        }
        Telemetry.StepDuration.Record(_time.GetElapsedTime(started).TotalSeconds, _partitionTag);
        return to;
    }

    /// <summary>Checks an event, updates its header and plans its step.</summary>
    private void Admit(LogRecord record, long sequence, long appendTicks)
    {
        int row = _slab.Index.Find(record.Key);
        // A row may be ahead of the position where it left memory between commits; it already holds this record.
        if (row >= 0 && sequence <= _slab.Header(row).LastSequence)
        {
            return;
        }
        long? lastTicks = row < 0 ? null : _slab.Header(row).LastEventTicks;
        if (_eventTime.Refuse(record.TimeTicks, appendTicks, lastTicks, out long time) is { } refusal)
        {
            Reject(refusal.ToDeadLetter(Partition, sequence, appendTicks, record));
            return;
        }
        if (row < 0)
        {
            if (_eventTime.Policy.Quota is { } quota)
            {
                StreamQuota left = quota.Begin(_slab.Count, appendTicks, out string? full);
                if (full is not null)
                {
                    Reject(EventTimeGate.ToDeadLetter(Partition, sequence, appendTicks, record, "quota", full));
                    return;
                }
                _eventTime.Policy = _eventTime.Policy with { Quota = left };
            }
            row = _slab.Add(record.Key);
        }
        int mark = _model.MarkIndex(record.Mark);
        ref RowHeader header = ref _slab.Header(row);
        double gap = lastTicks is { } last
            ? EventTime.SecondsBetween(last, Math.Max(last, time)) / _model.Config.TimeUnitSeconds : 0;
        Span<float> values = _planner.Add(new StepInput(row, mark, gap, header.Count, header.Count == 0 ? -1 : header.LastMark));
        if (!values.IsEmpty)
        {
            Standardise(record.Values, values);
        }
        header.LastSequence = sequence;
        header.LastEventTicks = Math.Max(lastTicks ?? long.MinValue, time);
        header.LastMark = mark;
        header.Count++;
        _slab.MarkDirty(row);
        if (_changes.Listening)
        {
            _changes.Admit(_slab, row);
        }
        bool unknown = _hasMarks && mark == _model.UnknownMark;
        _totals = _totals with { Applied = _totals.Applied + 1, UnknownMarks = _totals.UnknownMarks + (unknown ? 1 : 0) };
    }

    /// <summary>An event's values as the model takes them; those that it does not know are left out.</summary>
    /// <param name="encoded">As the record has them.</param>
    /// <param name="values">Output, NaN for none. Shape [values of the model].</param>
    private void Standardise(ReadOnlySpan<byte> encoded, Span<float> values)
    {
        values.Fill(float.NaN);
        while (EventValues.TryRead(ref encoded, out ReadOnlySpan<byte> name, out double value))
        {
            if (_model.ValueIndex(name) is >= 0 and int i)
            {
                values[i] = _model.Config.Values![i].Standardise(value);
            }
        }
    }

    /// <summary>Notes a label: it is scored by what its stream's state says behind the events before it.</summary>
    private void Label(LogRecord record, long sequence, long appendTicks)
    {
        int row = _slab.Index.Find(record.Key);
        if (row < 0)
        {
            Reject(EventTimeGate.ToDeadLetter(Partition, sequence, appendTicks, record, "label",
                "The label's stream has had no event that was applied, so there is nothing that it says the kind of; send the stream's events first."));
            return;
        }
        _labels.Add((row, _planner.EventsOf(row), _model.LabelIndex(record.Mark)));
        _totals = _totals with { Applied = _totals.Applied + 1 };
    }

    /// <summary>Scores the labels that came behind so many of their streams' events in the slice.</summary>
    private void ScoreLabels(int events)
    {
        LabelTotals came = default;
        foreach ((int row, int behind, int label) in _labels)
        {
            // One that the model does not know has no probability that could be told.
            if (behind == events && label >= 0)
            {
                float[] basis = new float[_model.BasisFloats];
                _slab.Backend.ReadBasis(row, basis);
                double[] kinds = _serving.Forecaster.Labels(basis);
                came += new LabelTotals(1, kinds[label] == kinds.Max() ? 1 : 0, Math.Log(Math.Max(kinds[label], 1e-300)));
            }
        }
        if (came.Count > 0)
        {
            _scored = _scored with { Labels = (_scored.Labels + came).AtMost(ScoredEvents) };
            Telemetry.LabelsScored.Add(came.Count, _partitionTag);
        }
    }

    /// <summary>What the streams show together; null where they share nothing.</summary>
    private Population? Population => _slab.Backend.Population;

    private Slab NewSlab(int rowsPerPage, ShardHeader? header)
    {
        Population? population = _serving.Shares ? PopulationOf(header) : null;
        var slab = new Slab(_serving, rowsPerPage);
        slab.Backend.Population = population;
        return slab;
    }

    /// <summary>What the streams showed together as of a commit.</summary>
    private Population PopulationOf(ShardHeader? header)
    {
        try
        {
            return header?.Population is { } text ? Population.Parse(_model, text) : new Population(_model);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"Partition {Partition}'s store is damaged: {e.Message}. Restore the file from a copy, or remove it "
                + "to rebuild it from the log.", e);
        }
    }

    private uint PagesCrc() => PageChecksums.Of(_pageCrcs);

    private void Reject(DeadLetter letter)
    {
        _uncommitted.Add(letter);
        _totals = _totals with { DeadLetters = _totals.DeadLetters + 1 };
        Telemetry.EventsRejected.Add(1, new KeyValuePair<string, object?>("foretell.reason", letter.Reason));
    }

    private void Apply(LogRecord control)
    {
        string name = Encoding.UTF8.GetString(control.Key), value = Encoding.UTF8.GetString(control.Mark);
        switch (name)
        {
            case ControlRecord.Policy:
                _eventTime.Policy = EventTimePolicy.Parse(value);
                break;
            case ControlRecord.Model when value != _model.Id:
                throw new InvalidDataException($"the log continues with model {value}, this shard runs model {_model.Id}.");
            case ControlRecord.Model:
                break;
            default:
                // Skipping it could change what later records mean.
                throw new InvalidDataException($"control record '{name}' is unknown to this version.");
        }
    }

    private void Score(ReadOnlySpan<StepInput> inputs, ReadOnlySpan<StepScore> scores)
    {
        long events = 0, surprising = 0, changed = 0;
        double time = 0, mark = 0, value = 0, baselineTime = 0, baselineMark = 0, baselineValue = 0;
        for (int i = 0; i < inputs.Length; i++)
        {
            // No forecast stands before a first event.
            if (inputs[i].Ordinal > 0)
            {
                events++;
                time += scores[i].Time;
                mark += scores[i].Mark;
                value += scores[i].Value;
                baselineValue += scores[i].BaselineValue;
                baselineTime += scores[i].BaselineTime;
                baselineMark += scores[i].BaselineMark;
                surprising += scores[i].PValue < Telemetry.SurprisingPValue ? 1 : 0;
                changed += _slab.Header(inputs[i].Row).Scores.Add(scores[i]) ? 1 : 0;
                _calibration.Add(scores[i]);
            }
        }
        _scored = (_scored + new ScoreTotals(events, time, mark, baselineTime, baselineMark)
        {
            Value = value,
            BaselineValue = baselineValue,
        }).AtMost(ScoredEvents);
        Telemetry.EventsSurprising.Add(surprising, _partitionTag);
        Telemetry.DriftAlarms.Add(changed, _partitionTag);
    }

    private void FenceHeld(string reason)
    {
        _fence ??= reason;
        _changes.End(new PlatformUnavailableException(_fence));
    }

    private void ThrowIfFenced()
    {
        if (_fence is not null)
        {
            throw new PlatformUnavailableException(_fence);
        }
    }
}
