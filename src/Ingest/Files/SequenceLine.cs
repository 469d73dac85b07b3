using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Foretell.Ingest.Decoding;
using Foretell.Models.PointProcess;

namespace Foretell.Ingest.Files;

/// <summary>Reads one line of a sequence file: {"id": text or integer, "t": [non-decreasing numbers], "k": [marks], "v": {"name": [numbers
/// or null]}, "static": {"name": number, boolean or text}, "label": text or integer, "fold": integer}; all behind t may be absent.</summary>
/// <remarks>What is static is a value of every event; a text is the value "name=text", which is 1 where the stream has it. Arrays and
/// objects in it are left out.</remarks>
internal sealed class SequenceLine
{
    private readonly TextPool _marksPool = new();
    private readonly EscapeScratch _scratch = new();
    private readonly List<double> _times = [];
    private readonly List<string> _marks = [];
    private readonly Dictionary<string, double[]> _values = [];
    private readonly Dictionary<string, double> _facts = [];

    /// <returns>Null, or the reason why the line is no sequence.</returns>
    public string? Read(ReadOnlySpan<byte> line, out EventSequence sequence)
    {
        sequence = new EventSequence("", [], null);
        if (line[0] != '{')
        {
            return $"A line must be one JSON object, got {JsonToken.Shown(line)}.";
        }
        var json = new Utf8JsonReader(line, JsonToken.Strict);
        try
        {
            json.Read();
            string? reason = ReadObject(ref json, ref sequence);
            json.Read();
            return reason;
        }
        catch (JsonException error)
        {
            return $"The line is not JSON at byte {(error.BytePositionInLine ?? 0) + 1}: {JsonToken.Reason(error)}";
        }
    }

    private string? ReadObject(scoped ref Utf8JsonReader json, ref EventSequence sequence)
    {
        string? id = null, label = null;
        int? fold = null;
        _values.Clear();
        _facts.Clear();
        bool hasTimes = false;
        bool hasMarks = false;
        string? reason = null;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            ReadOnlySpan<byte> name = JsonToken.Name(ref json, _scratch);
            bool isId = name.SequenceEqual("id"u8);
            bool isTimes = name.SequenceEqual("t"u8);
            bool isMarks = name.SequenceEqual("k"u8);
            bool isValues = name.SequenceEqual("v"u8), isLabel = name.SequenceEqual("label"u8), isFold = name.SequenceEqual("fold"u8);
            bool isStatic = name.SequenceEqual("static"u8);
            json.Read();
            if (reason is null && ((isId && id is not null) || (isTimes && hasTimes) || (isMarks && hasMarks)))
            {
                reason = "'id', 't' and 'k' may be there only once.";
            }
            else if (reason is null && isId)
            {
                reason = JsonToken.ReadTextOrInteger(ref json, "id", _scratch.Stream, out ReadOnlySpan<byte> text);
                id = reason is null ? _marksPool.Get(text) : null;
            }
            else if (reason is null && isTimes)
            {
                hasTimes = true;
                reason = ReadTimes(ref json);
            }
            else if (reason is null && isMarks && json.TokenType != JsonTokenType.Null)
            {
                hasMarks = true;
                reason = ReadMarks(ref json);
            }
            else if (reason is null && isValues && json.TokenType != JsonTokenType.Null)
            {
                reason = ReadValues(ref json);
            }
            else if (reason is null && isStatic && json.TokenType != JsonTokenType.Null)
            {
                reason = ReadFacts(ref json);
            }
            else if (reason is null && isLabel && json.TokenType != JsonTokenType.Null)
            {
                reason = JsonToken.ReadTextOrInteger(ref json, "label", _scratch.Mark, out ReadOnlySpan<byte> text);
                label = reason is null ? _marksPool.Get(text) : null;
            }
            else if (reason is null && isFold && json.TokenType != JsonTokenType.Null)
            {
                reason = json.TokenType == JsonTokenType.Number && json.TryGetInt32(out int number) && number >= 0 ? null
                    : $"'fold' must be an integer from 0 on, got {JsonToken.Seen(ref json)}.";
                fold = reason is null ? json.GetInt32() : null;
            }
            SkipRest(ref json);
        }
        reason ??= id is null ? "'id' is missing; expected the stream's key."
            : !hasTimes ? "'t' is missing; expected an array of times."
            : hasMarks && _marks.Count != _times.Count
                ? $"'k' has {_marks.Count} marks for {_times.Count} times in 't'; expected one mark a time."
                : _values.FirstOrDefault(v => v.Value.Length != _times.Count) is { Key: not null } odd
                ? $"'{odd.Key}' of 'v' has {odd.Value.Length} values for {_times.Count} times in 't'; expected one value, or null, a time."
            : _facts.Keys.FirstOrDefault(_values.ContainsKey) is { } twice ? $"'{twice}' is in 'v' and in 'static'; a name may be in one of them."
            : null;
        if (reason is null)
        {
            foreach ((string name, double fact) in _facts)
            {
                double[] column = new double[_times.Count];
                Array.Fill(column, fact);
                _values.Add(name, column);
            }
            sequence = new EventSequence(id!, [.. _times], hasMarks ? [.. _marks] : null)
            {
                Values = _values.Count == 0 ? null : new Dictionary<string, double[]>(_values),
                Label = label,
                Fold = fold,
            };
        }
        return reason;
    }

    private string? ReadTimes(scoped ref Utf8JsonReader json)
    {
        _times.Clear();
        if (json.TokenType != JsonTokenType.StartArray)
        {
            return $"'t' must be an array of numbers, got {JsonToken.Seen(ref json)}.";
        }
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            if (json.TokenType != JsonTokenType.Number || !json.TryGetDouble(out double time) || !double.IsFinite(time))
            {
                return $"'t' must hold numbers, got {JsonToken.Seen(ref json)} at index {_times.Count}.";
            }
            if (_times.Count > 0 && time < _times[^1])
            {
                return FormattableString.Invariant(
                    $"'t' must not decrease, got {time} after {_times[^1]} at index {_times.Count}; sort the events by time.");
            }
            _times.Add(time);
        }
        return null;
    }

    private string? ReadValues(scoped ref Utf8JsonReader json)
    {
        if (json.TokenType != JsonTokenType.StartObject)
        {
            return $"'v' must be an object of arrays, got {JsonToken.Seen(ref json)}.";
        }
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (ReadName(ref json, "v", out string name) is { } reason)
            {
                return reason;
            }
            json.Read();
            if (json.TokenType != JsonTokenType.StartArray)
            {
                return $"'{name}' of 'v' must be an array of numbers, got {JsonToken.Seen(ref json)}.";
            }
            var column = new List<double>(_times.Count);
            while (json.Read() && json.TokenType != JsonTokenType.EndArray)
            {
                double value = double.NaN;
                if (json.TokenType != JsonTokenType.Null
                    && (json.TokenType != JsonTokenType.Number || !json.TryGetDouble(out value) || !double.IsFinite(value)))
                {
                    return $"'{name}' of 'v' must hold numbers or null, got {JsonToken.Seen(ref json)} at index {column.Count}.";
                }
                column.Add(value);
            }
            if (!_values.TryAdd(name, [.. column]))
            {
                return $"'{name}' may be in 'v' only once.";
            }
        }
        return null;
    }

    private string? ReadFacts(scoped ref Utf8JsonReader json)
    {
        if (json.TokenType != JsonTokenType.StartObject)
        {
            return $"'static' must be an object of numbers and texts, got {JsonToken.Seen(ref json)}.";
        }
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            string? reason = ReadName(ref json, "static", out string name);
            json.Read();
            if (json.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject)
            {
                // Others keep more in it than this reads.
                json.Skip();
                continue;
            }
            double fact = json.TokenType is JsonTokenType.True or JsonTokenType.String ? 1 : 0;
            if (reason is null && json.TokenType == JsonTokenType.String)
            {
                reason = JsonToken.ReadText(ref json, name, _scratch.Mark, out ReadOnlySpan<byte> text);
                name = $"{name}={Encoding.UTF8.GetString(text)}";
            }
            else if (reason is null && json.TokenType is not (JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null)
                && (json.TokenType != JsonTokenType.Number || !json.TryGetDouble(out fact) || !double.IsFinite(fact)))
            {
                reason = $"'{name}' of 'static' must be a number, true, false or a text, got {JsonToken.Seen(ref json)}.";
            }
            if (reason is null && json.TokenType != JsonTokenType.Null && !_facts.TryAdd(name, fact))
            {
                reason = $"'{name}' may be in 'static' only once.";
            }
            if (reason is not null)
            {
                return reason;
            }
        }
        return null;
    }

    /// <summary>Reads the name on which the reader stands.</summary>
    /// <param name="part">The member that it is in, for the reason.</param>
    /// <returns>Null, or the reason why it is none.</returns>
    private string? ReadName(scoped ref Utf8JsonReader json, string part, out string name)
    {
        ReadOnlySpan<byte> bytes = JsonToken.Name(ref json, _scratch);
        bool isName = !bytes.IsEmpty && Utf8.IsValid(bytes);
        name = isName ? Encoding.UTF8.GetString(bytes) : "";
        return isName ? null : $"'{part}' has a member without a name of valid Unicode, or with one that is too long to be one: {JsonToken.Shown(json.ValueSpan)}.";
    }

    private string? ReadMarks(scoped ref Utf8JsonReader json)
    {
        _marks.Clear();
        if (json.TokenType != JsonTokenType.StartArray)
        {
            return $"'k' must be an array of marks, got {JsonToken.Seen(ref json)}.";
        }
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            string? reason = JsonToken.ReadTextOrInteger(ref json, "k", _scratch.Mark, out ReadOnlySpan<byte> mark);
            if (reason is not null)
            {
                return $"At index {_marks.Count}: {reason}";
            }
            _marks.Add(_marksPool.Get(mark));
        }
        return null;
    }

    /// <summary>Leaves the value on which the reader stopped, however deep inside it that was.</summary>
    private static void SkipRest(scoped ref Utf8JsonReader json)
    {
        json.Skip();
        while (json.CurrentDepth > 1)
        {
            json.Read();
        }
    }
}
