using System.Globalization;
using System.Text;

namespace Foretell.Ingest.Messages;

/// <summary>The pointers of a mapping as one tree, so that a body is read once, whatever their number.</summary>
/// <param name="token">What leads here from above: the name of a member, or its place in an array.</param>
internal sealed class PointerNode(string token)
{
    private readonly byte[] _name = Encoding.UTF8.GetBytes(token);

    // An index has no zeros in front (RFC 6901, section 4).
    private readonly int _index = int.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out int index)
        && (token == "0" || token[0] != '0') ? index : -1;

    private PointerNode[] _children = [];

    /// <summary>The fields whose value is here.</summary>
    public EventField Fields { get; private set; }

    /// <summary>Whether some field's value is further down.</summary>
    public bool HasChildren => _children.Length > 0;

    /// <summary>The tree of the fields that are in the body.</summary>
    public static PointerNode Of(IEnumerable<MappedField> fields)
    {
        var root = new PointerNode("");
        foreach (MappedField field in fields.Where(f => f.Place.Kind == PlaceKind.Pointer))
        {
            PointerNode node = root;
            foreach (string token in field.Place.Pointer)
            {
                node = node.Child(Encoding.UTF8.GetBytes(token)) ?? node.Add(token);
            }
            node.Fields |= field.Field;
        }
        return root;
    }

    /// <summary>Where a member's name leads; null where no field is.</summary>
    /// <param name="name">UTF-8, without escapes.</param>
    public PointerNode? Child(ReadOnlySpan<byte> name)
    {
        foreach (PointerNode child in _children)
        {
            if (name.SequenceEqual(child._name))
            {
                return child;
            }
        }
        return null;
    }

    /// <summary>Where a place in an array leads; null where no field is.</summary>
    public PointerNode? Child(int index)
    {
        foreach (PointerNode child in _children)
        {
            if (child._index == index)
            {
                return child;
            }
        }
        return null;
    }

    private PointerNode Add(string token)
    {
        var child = new PointerNode(token);
        _children = [.. _children, child];
        return child;
    }
}
