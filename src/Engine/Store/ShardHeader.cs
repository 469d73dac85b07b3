using Foretell.Engine.Events;
using Foretell.Models.Monitoring;
using Foretell.Models.Stepping;

namespace Foretell.Engine.Store;

/// <summary>What a shard is, beside its rows.</summary>
public sealed record ShardHeader
{
    /// <summary>Latest format that this program knows: what the other fields and the pages mean. Format 2 has an
    /// <see cref="Arithmetic"/> other than exact.</summary>
    public const int CurrentFormat = 2;

    /// <summary>Format of this header. A shard takes over no later one than <see cref="CurrentFormat"/>.</summary>
    public int Format { get; init; } = 1;

    /// <summary>Last record of the log that the rows reflect.</summary>
    public required long Position { get; init; }

    /// <summary>Policy in force behind that record.</summary>
    public required EventTimePolicy Policy { get; init; }

    /// <summary>Model that made the rows.</summary>
    public required string ModelId { get; init; }

    /// <summary>Arithmetic that made the rows (<see cref="StepArithmetic"/>).</summary>
    public string Arithmetic { get; init; } = StepArithmetic.Exact;

    /// <summary>Rows in each page but the last.</summary>
    public required int RowsPerPage { get; init; }

    /// <summary>Rows in all pages.</summary>
    public required int Rows { get; init; }

    /// <summary>CRC-32C over the checksums of all pages in their order, each u32 little-endian: an older version of a page fails it.
    /// Null where a program that made none wrote the header.</summary>
    public uint? PagesCrc { get; init; }

    /// <summary>Counts since the log was created.</summary>
    public required ShardTotals Totals { get; init; }

    /// <summary>How well the model's probabilities came true; empty where a program that counted none wrote the header. Not
    /// changed once it is here.</summary>
    public Calibration Calibration { get; init; } = new();

    /// <summary>What the partition's streams show together (<see cref="Foretell.Models.Stepping.Population.ToText"/>), of which the forecasts
    /// behind that record are made; null where they share nothing. An estimate like the calibration: rows do not depend on it.</summary>
    public string? Population { get; init; }

    /// <summary>What no shard has ever written; null where nothing is wrong.</summary>
    internal string? Damage() =>
        RowsPerPage is < 1 or > ushort.MaxValue ? $"its header says {RowsPerPage} rows a page, and a page holds 1 to {ushort.MaxValue}"
        : Rows < 0 || Position < 0 || Totals.Applied < 0 || Totals.DeadLetters < 0 || Totals.UnknownMarks < 0
            ? $"its header says {Rows} rows, record {Position} and {Totals}, none of which can be negative"
        : null;
}

/// <summary>Counts of one shard since its log was created.</summary>
/// <param name="Applied">Events applied to a row.</param>
/// <param name="DeadLetters">Events that became dead letters.</param>
/// <param name="UnknownMarks">Applied events whose mark the model does not know.</param>
public readonly record struct ShardTotals(long Applied, long DeadLetters, long UnknownMarks);
