using System.Runtime.Intrinsics;
using Foretell.Models.Numerics;

namespace Foretell.Models.Mixers;

/// <summary>Keys and values of the events that some heads of a layer keep: blocks of 16 events, one event a lane.</summary>
/// <remarks>
/// A block: the events' times since the stream's first event as leading [16] and trailing [16] float, ordinals [16] (u32),
/// attention received so far [16] (H2O), keys [w, 16], values [w, 16], w being the width of the heads. With events in the
/// lanes a score needs no sum over lanes, whatever the width of a head.
/// </remarks>
/// <param name="first">First block.</param>
/// <param name="stride">Floats from one block to the next.</param>
/// <param name="width">Width of the heads together.</param>
/// <param name="kept">Events kept; they fill the lanes from the first on.</param>
internal readonly unsafe struct KvBlocks(float* first, int stride, int width, int kept)
{
    /// <summary>Events of a block.</summary>
    public const int Events = 16;

    private const int TimeLow = 16, Ordinals = 32, Attended = 48, FirstKey = 64;

    /// <summary>Events kept.</summary>
    public int Kept => kept;

    /// <summary>Blocks in use.</summary>
    public int Count => CountFor(kept);

    /// <summary>Floats of a block of heads of a width.</summary>
    public static int Floats(int width) => FirstKey + 2 * width * Events;

    /// <summary>Blocks for a number of events.</summary>
    public static int CountFor(int events) => (events + Events - 1) / Events;

    /// <summary>Whether a block's floats are numbers; its ordinals are none.</summary>
    public static bool IsFinite(ReadOnlySpan<float> block) =>
        FiniteNumbers.Are(block[..Ordinals]) && FiniteNumbers.Are(block[(Ordinals + Events)..]);

    /// <summary>Lanes of a block that hold events.</summary>
    public Vector512<float> Alive(int block) =>
        Vector512.LessThan(Vector512.CreateSequence(block * Events, 1), Vector512.Create(kept)).AsSingle();

    /// <summary>Time since each event.</summary>
    /// <param name="high">The time now, leading part.</param>
    /// <param name="low">Trailing part.</param>
    public Vector512<float> Age(int block, float high, float low) =>
        (Vector512.Create(high) - Vector512.Load(Block(block))) + (Vector512.Create(low) - Vector512.Load(Block(block) + TimeLow));

    /// <summary>Events since each event.</summary>
    public Vector512<float> EventAge(int block, uint ordinal)
    {
        var age = Vector512.Create(ordinal) - Vector512.Load((uint*)(Block(block) + Ordinals));
        return Vector512.ConvertToSingle(Vector512.Min(age, Vector512.Create((uint)int.MaxValue)).AsInt32());
    }

    /// <summary>Events since one event.</summary>
    public uint EventAgeOf(int slot, uint ordinal) => ordinal - *(uint*)(Block(slot / Events) + Ordinals + slot % Events);

    /// <summary>Element j of the keys of a block's events.</summary>
    public float* Keys(int block, int j) => Block(block) + FirstKey + j * Events;

    /// <summary>Element j of the values of a block's events.</summary>
    public float* Values(int block, int j) => Block(block) + FirstKey + (width + j) * Events;

    /// <summary>Attention that a block's events have received so far.</summary>
    public float* Attention(int block) => Block(block) + Attended;

    /// <summary>Puts an event into a slot: in place of another, or behind the last one.</summary>
    /// <param name="key">Shape [w].</param>
    /// <param name="value">Shape [w].</param>
    public void Put(int slot, float high, float low, uint ordinal, float attention, float* key, float* value)
    {
        float* block = Block(slot / Events);
        int lane = slot % Events;
        if (slot == kept && lane == 0)
        {
            // Lanes that wait for an event are 0, so that equal histories have equal rows.
            new Span<float>(block, Floats(width)).Clear();
        }
        (block[lane], block[TimeLow + lane], block[Attended + lane]) = (high, low, attention);
        *(uint*)(block + Ordinals + lane) = ordinal;
        for (int j = 0; j < width; j++)
        {
            Keys(slot / Events, j)[lane] = key[j];
            Values(slot / Events, j)[lane] = value[j];
        }
    }

    private float* Block(int block) => first + (nint)block * stride;
}
