using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Comparison;

/// <summary>The three sets of a comparison.</summary>
/// <param name="Train">What every form learns from.</param>
/// <param name="Dev">Decides when a training stops and which learning rate is taken.</param>
/// <param name="Test">What is reported, and decides nothing.</param>
public sealed record ComparisonData(IReadOnlyList<EventSequence> Train, IReadOnlyList<EventSequence> Dev, IReadOnlyList<EventSequence> Test)
{
    /// <summary>Mean number of events of the test sequences that are scored.</summary>
    public double MeanTestLength => Test.Where(s => s.Times.Length > 1).Select(s => (double)s.Times.Length).DefaultIfEmpty(1).Average();

    /// <summary>Size and fingerprint of a set.</summary>
    public static DataSummary Summarise(IReadOnlyList<EventSequence> sequences)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (EventSequence s in sequences)
        {
            AppendText(hash, s.Id);
            hash.AppendData(BitConverter.GetBytes(s.Times.Length));
            hash.AppendData(MemoryMarshal.AsBytes<double>(s.Times));
            if (s.Until is { } until)
            {
                hash.AppendData(BitConverter.GetBytes(until));
            }
            foreach (string mark in s.Marks ?? [])
            {
                AppendText(hash, mark);
            }
        }
        return new DataSummary(sequences.Count, sequences.Sum(s => (long)s.Times.Length),
            Convert.ToHexStringLower(hash.GetHashAndReset())[..16]);
    }

    // The length goes first, so that no two lists of texts run together into the same bytes.
    private static void AppendText(IncrementalHash hash, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        hash.AppendData(BitConverter.GetBytes(bytes.Length));
        hash.AppendData(bytes);
    }
}

/// <summary>Size and fingerprint of a set of sequences.</summary>
/// <param name="Sequences">Sequences.</param>
/// <param name="Events">Events of all.</param>
/// <param name="Sha256">First 16 hex digits of the SHA-256 over ids, times, marks and ends of observation in order.</param>
public sealed record DataSummary(int Sequences, long Events, string Sha256);
