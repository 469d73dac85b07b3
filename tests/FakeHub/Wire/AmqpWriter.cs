using System.Buffers.Binary;
using System.Text;

namespace Foretell.FakeHub.Wire;

/// <summary>Writes AMQP 1.0 types into a buffer that grows, and that is used again after <see cref="Clear"/>.</summary>
internal sealed class AmqpWriter
{
    private byte[] _buffer = new byte[512];
    private int _length;

    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _length);

    public void Clear() => _length = 0;

    /// <summary>Writes what is encoded already.</summary>
    public void Raw(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Room(bytes.Length));

    /// <param name="ascii">The symbol's characters, 255 at most.</param>
    public void Symbol(ReadOnlySpan<byte> ascii)
    {
        Span<byte> room = Room(2 + ascii.Length);
        (room[0], room[1]) = (FormatCode.Symbol8, (byte)ascii.Length);
        ascii.CopyTo(room[2..]);
    }

    public void String(string text)
    {
        int bytes = Encoding.UTF8.GetByteCount(text);
        Span<byte> room = Room(5 + bytes);
        room[0] = FormatCode.String32;
        BinaryPrimitives.WriteInt32BigEndian(room[1..], bytes);
        Encoding.UTF8.GetBytes(text, room[5..]);
    }

    public void Long(long value) => Fixed(FormatCode.Long, value);

    /// <param name="unixMilliseconds">Time, milliseconds since 1970.</param>
    public void Timestamp(long unixMilliseconds) => Fixed(FormatCode.Timestamp, unixMilliseconds);

    /// <summary>Begins a section that is a map; its size and count are filled in by <see cref="EndMap"/>.</summary>
    /// <returns>Where it begins.</returns>
    public int BeginMap(byte section)
    {
        int at = _length;
        Span<byte> room = Room(12);
        (room[0], room[1], room[2], room[3]) = (FormatCode.Described, FormatCode.SmallULong, section, FormatCode.Map32);
        return at;
    }

    /// <param name="at">What <see cref="BeginMap"/> returned.</param>
    /// <param name="entries">Pairs of key and value written since.</param>
    public void EndMap(int at, int entries)
    {
        // The size counts all that follows it: the four bytes of the count, too.
        BinaryPrimitives.WriteInt32BigEndian(_buffer.AsSpan(at + 4), _length - at - 8);
        BinaryPrimitives.WriteInt32BigEndian(_buffer.AsSpan(at + 8), 2 * entries);
    }

    private void Fixed(byte code, long value)
    {
        Span<byte> room = Room(9);
        room[0] = code;
        BinaryPrimitives.WriteInt64BigEndian(room[1..], value);
    }

    private Span<byte> Room(int bytes)
    {
        if (_length + bytes > _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Max(2 * _buffer.Length, _length + bytes));
        }
        _length += bytes;
        return _buffer.AsSpan(_length - bytes, bytes);
    }
}
