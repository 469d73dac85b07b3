using Foretell.Models.Gpu.Fused;

namespace Foretell.Models.Gpu.Queue;

/// <summary>
/// Joins the waves of all shards of a process into large batches for one accelerator. A shard's thread reserves a part of the
/// batch that is being filled, writes its rows there, waits until the batch was stepped, and takes its rows out.
/// </summary>
/// <remarks>
/// While batches are on the device another is filled: a batch leaves when it is full, when nothing is on the device, or half full
/// when only one batch is, so that one is copied while the other is stepped. Rows are the shards' all the time; what is taken out
/// is a batch that was stepped whole, so a device that fails loses nothing (law 6). The first failure retires it for good.
/// Source of the idea: group commit (Gray and Reuter, Transaction Processing, 1993, section 9.4.7).
/// </remarks>
internal sealed class DeviceQueue : IDisposable
{
    /// <summary>One is filled while two are on the device.</summary>
    private const int Batches = 3, OnDevice = 2;

    /// <summary>How long a thread may take to end at the end.</summary>
    private static readonly TimeSpan s_farewell = TimeSpan.FromSeconds(1);

    private readonly object _gate = new();
    private readonly Batch[] _batches;
    private readonly Stack<Batch> _empty;
    private readonly Queue<Batch> _full = new();
    private readonly Thread[] _runners;
    private readonly TimeSpan _patience;
    private readonly TimeProvider _time;
    private readonly Action<string> _retired;
    private readonly IAccelerator _accelerator;
    private Batch? _filling;
    private string? _problem;
    private bool _stopped;
    private int _running;
    private long _started, _stepped, _events, _busySince, _busyTicks;

    /// <param name="accelerator">What steps. It is the queue's from here on, unless this throws.</param>
    /// <param name="capacity">Most events in a batch.</param>
    /// <param name="patience">A batch that is still on the device at two looks this far apart makes the device count as failed.</param>
    /// <param name="retired">Told once, with a sentence, when the device failed.</param>
    /// <param name="time">Clock that the device's time is taken by.</param>
    /// <exception cref="Exception">The device has no room for the batches, or fails.</exception>
    public DeviceQueue(IAccelerator accelerator, int capacity, TimeSpan patience, Action<string> retired, TimeProvider time)
    {
        (_accelerator, _patience, _retired, _time, Capacity) = (accelerator, patience, retired, time, capacity);
        var batches = new List<Batch>();
        try
        {
            for (int i = 0; i < Batches; i++)
            {
                batches.Add(new Batch(accelerator.OpenLane(capacity), capacity));
            }
        }
        catch
        {
            batches.ForEach(Disposal.Try);
            throw;
        }
        _batches = [.. batches];
        _empty = new Stack<Batch>(_batches);
        _runners = new Thread[OnDevice];
        for (int i = 0; i < OnDevice; i++)
        {
            _runners[i] = new Thread(Run) { Name = $"foretell-device-{i}", IsBackground = true };
            _runners[i].Start();
        }
    }

    /// <summary>Most events in a batch.</summary>
    public int Capacity { get; }

    /// <summary>Bytes taken on the device.</summary>
    public long DeviceBytes => _batches.Sum(b => b.Lane.DeviceBytes);

    /// <summary>Events in the batch that is being filled.</summary>
    public int Collected
    {
        get
        {
            lock (_gate)
            {
                return _filling?.Events ?? 0;
            }
        }
    }

    /// <summary>Why the device is not used any more, or null.</summary>
    public string? Problem => Volatile.Read(ref _problem);

    /// <summary>Batches stepped, events in them, and the time in which the device had one.</summary>
    public (long Batches, long Events, TimeSpan Busy) Counts
    {
        get
        {
            lock (_gate)
            {
                long now = _running > 0 && _problem is null ? _time.GetTimestamp() - _busySince : 0;
                return (_stepped, _events, _time.GetElapsedTime(0, _busyTicks + now));
            }
        }
    }

    /// <summary>Reserves room for a wave; waits for it where every batch is taken.</summary>
    /// <param name="events">1 to <see cref="Capacity"/>.</param>
    /// <returns>Where to write; <see cref="Written"/> and <see cref="Release"/> must follow. Null where the device is retired.</returns>
    public BatchPart? Reserve(int events)
    {
        lock (_gate)
        {
            while (_problem is null && !_stopped)
            {
                if (_filling is null && !_empty.TryPop(out _filling))
                {
                    Monitor.Wait(_gate);
                    continue;
                }
                if (_filling.Events + events > _filling.Capacity)
                {
                    Close();
                    continue;
                }
                var part = new BatchPart(_filling, _filling.Events, events);
                _filling.Events += events;
                _filling.Writing++;
                _filling.Waiting++;
                return part;
            }
            return null;
        }
    }

    /// <summary>The wave's rows and events are written.</summary>
    public void Written(BatchPart part)
    {
        lock (_gate)
        {
            part.Batch.Writing--;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Waits until the wave is stepped.</summary>
    /// <returns>False where the device failed, or did not answer in time: nothing in the batch is to be used.</returns>
    public bool Wait(BatchPart part)
    {
        // One look proves nothing: the whole process may have stood still. The second follows a wait in which it ran.
        for (long? seen = null; !part.Batch.Over.Wait(_patience);)
        {
            string? sentence = null;
            lock (_gate)
            {
                long? oldest = _batches.Min(b => b.Started);
                if (!part.Batch.Over.IsSet && oldest is not null && oldest == seen)
                {
                    sentence = Retire($"a batch was not back after {_patience.TotalSeconds:0.###} s");
                }
                seen = oldest;
            }
            Tell(sentence);
        }
        lock (_gate)
        {
            return part.Batch.IsStepped;
        }
    }

    /// <summary>The wave's rows were taken out, or are given up.</summary>
    public void Release(BatchPart part)
    {
        lock (_gate)
        {
            part.Batch.Waiting--;
            Recycle(part.Batch);
        }
    }

    /// <summary>Ends the threads. Call it once no shard steps any more; a device that does not answer is left alone.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _stopped = true;
            GiveUp();
        }
        // Memory that a batch is still in must not be freed under it; the runner that waits for the batch keeps hold of it.
        if (Array.TrueForAll(_runners, r => r.Join(s_farewell)))
        {
            Array.ForEach(_batches, Disposal.Try);
            Disposal.Try(_accelerator);
        }
    }

    private void Run()
    {
        while (Next() is { } batch)
        {
            string? problem = null;
            try
            {
                batch.Lane.Run(batch.Events);
            }
            catch (Exception e)
            {
                problem = e.Message;
            }
            Tell(End(batch, problem));
        }
    }

    /// <summary>Waits for the next batch to run; null when there is none any more.</summary>
    private Batch? Next()
    {
        lock (_gate)
        {
            while (!_stopped && _problem is null)
            {
                if (_filling is { Events: > 0 } && _full.Count == 0 && (_running == 0 || 2 * _filling.Events >= _filling.Capacity))
                {
                    Close();
                }
                // What is still being written is on its way: no later batch overtakes it.
                if (_full.TryPeek(out Batch? batch) && batch.Writing == 0)
                {
                    _full.Dequeue();
                    batch.Started = ++_started;
                    if (_running++ == 0)
                    {
                        _busySince = _time.GetTimestamp();
                    }
                    return batch;
                }
                Monitor.Wait(_gate);
            }
            return null;
        }
    }

    /// <returns>What to tell, if this was the device's end.</returns>
    private string? End(Batch batch, string? problem)
    {
        lock (_gate)
        {
            batch.Started = null;
            if (--_running == 0 && _problem is null)
            {
                _busyTicks += _time.GetTimestamp() - _busySince;
            }
            // What comes back after the end was given up: the CPU has stepped it.
            if (_problem is not null)
            {
                return null;
            }
            if (problem is not null)
            {
                return Retire(problem);
            }
            _stepped++;
            _events += batch.Events;
            batch.IsStepped = true;
            batch.Over.Set();
            Recycle(batch);
            return null;
        }
    }

    /// <summary>No wave is added to the batch that is being filled any more.</summary>
    private void Close()
    {
        _full.Enqueue(_filling!);
        _filling = null;
        Monitor.PulseAll(_gate);
    }

    /// <summary>A batch that everybody is done with is empty again.</summary>
    private void Recycle(Batch batch)
    {
        if (batch.Waiting == 0 && batch.Over.IsSet && _problem is null)
        {
            batch.Clear();
            _empty.Push(batch);
        }
        Monitor.PulseAll(_gate);
    }

    /// <summary>From here on every wave goes to the CPU, those that wait for a batch included. The lock is held.</summary>
    /// <returns>What to tell once the lock is free; null where it was told before.</returns>
    private string? Retire(string problem)
    {
        if (_problem is not null)
        {
            return null;
        }
        if (_running > 0)
        {
            _busyTicks += _time.GetTimestamp() - _busySince;
        }
        _problem = $"{_accelerator.Name} is not used any more: {problem.TrimEnd('.')}. The CPU steps from here on, with the same bits and nothing lost; "
            + "restart the process to try the device again.";
        GiveUp();
        return _problem;
    }

    private void Tell(string? sentence)
    {
        if (sentence is null)
        {
            return;
        }
        try
        {
            _retired(sentence);
        }
        catch
        {
            // Whoever cannot be told must neither end the process nor fence a shard.
        }
    }

    /// <summary>Nobody waits for a batch any more.</summary>
    private void GiveUp()
    {
        Array.ForEach(_batches, b => b.Over.Set());
        Monitor.PulseAll(_gate);
    }
}
