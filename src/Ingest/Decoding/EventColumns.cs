using System.Text;
using Foretell.Engine.Events;

namespace Foretell.Ingest.Decoding;

/// <summary>Which columns of a table (CSV, Parquet) hold the parts of an event. Names match without regard to case.</summary>
/// <param name="Stream">Column of the stream key.</param>
/// <param name="Time">Column of the event time: RFC 3339 or Unix seconds.</param>
/// <param name="Mark">Column of the mark; null takes a column named "mark" if there is one.</param>
/// <param name="Id">Column of the event id; null takes a column named "id" if there is one.</param>
public sealed record EventColumns(string Stream = "stream", string Time = "time", string? Mark = null, string? Id = null)
{
    /// <summary>Columns of numbers; each is a value of the event under the name given here.</summary>
    public IReadOnlyList<string> Values { get; init; } = [];

    /// <summary>Column of labels; null for none. A row with a label is a label and no event.</summary>
    public string? Label { get; init; }

    /// <summary>Reads the text of an option or a parameter, such as "stream=src,time=unix_time,mark=kind,values=amount,temp".</summary>
    /// <exception cref="FormatException">The text is no list of name=column; the message says what is wrong.</exception>
    public static EventColumns Parse(string text)
    {
        var columns = new EventColumns();
        var seen = new HashSet<string>();
        var values = new List<string>();
        var named = new EventValues();
        string part = "";
        foreach (string pair in text.Split(',', StringSplitOptions.TrimEntries))
        {
            int equals = pair.IndexOf('=');
            if (equals < 0 && part == "values" && pair.Length > 0)
            {
                AddValue(pair);
                continue;
            }
            if (equals < 1 || equals == pair.Length - 1)
            {
                throw new FormatException($"Columns must be given as stream=COLUMN,time=COLUMN,mark=COLUMN,id=COLUMN,label=COLUMN,values=COLUMN,COLUMN, got '{pair}'.");
            }
            part = pair[..equals].Trim();
            string column = pair[(equals + 1)..].Trim();
            if (!seen.Add(part))
            {
                throw new FormatException($"Columns name '{part}' twice; expected it once.");
            }
            columns = part switch
            {
                "stream" => columns with { Stream = column },
                "time" => columns with { Time = column },
                "mark" => columns with { Mark = column },
                "id" => columns with { Id = column },
                "label" => columns with { Label = column },
                "values" => columns,
                _ => throw new FormatException($"Columns can name stream, time, mark, id, label and values, got '{part}'."),
            };
            if (part == "values")
            {
                AddValue(column);
            }
        }
        return columns with { Values = values };

        void AddValue(string column)
        {
            if (named.TryAdd(Encoding.UTF8.GetBytes(column), 0) is { } reason)
            {
                throw new FormatException($"Columns name '{VisibleText.Of(column)}' for a value. {reason}");
            }
            values.Add(column);
        }
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"stream={Stream},time={Time}" + (Mark is null ? "" : $",mark={Mark}") + (Id is null ? "" : $",id={Id}")
        + (Label is null ? "" : $",label={Label}") + (Values.Count == 0 ? "" : $",values={string.Join(',', Values)}");
}
