using System.Runtime.InteropServices;
using Foretell.Engine.Events;
using Foretell.Models.Monitoring;

namespace Foretell.Engine.Rows;

/// <summary>The part of a row that the shard owns, beside the model's floats. 64 bytes, the same in memory and in the store.</summary>
[StructLayout(LayoutKind.Sequential, Size = Bytes)]
public struct RowHeader
{
    /// <summary>Size of a header.</summary>
    public const int Bytes = 64;

    /// <summary>Sequence number of the last record applied to the row; replay skips what is not beyond it (law 2).</summary>
    public long LastSequence;

    /// <summary>Time of the latest event (<see cref="EventTime"/>).</summary>
    public long LastEventTicks;

    /// <summary>Events applied.</summary>
    public long Count;

    /// <summary>Index of the last mark.</summary>
    public int LastMark;

    /// <summary>How well the stream's forecasts have done. No part of its digest: the scores follow from the state, and not the
    /// state from them.</summary>
    public LiveScores Scores;
}
