using Foretell.Engine.Shards;
using Foretell.Models.Network;
using Foretell.Models.Stepping;

namespace Foretell.Engine.Rows;

/// <summary>The rows of a shard: keys, headers, the backend's floats, and which pages changed since the last commit.</summary>
/// <remarks>Not thread-safe: its <see cref="Shard"/> guards it.</remarks>
internal sealed class Slab : IDisposable
{
    // Headers grow by chunks: no large copy while a shard holds its lock.
    private const int ChunkRows = 512;

    private readonly List<RowHeader[]> _headers = [];
    private readonly List<int> _dirtyPages = [];
    private bool[] _isDirty = new bool[16];

    /// <param name="model">Model of the rows.</param>
    /// <param name="rowsPerPage">Rows that one page of the store holds.</param>
    public Slab(ServingModel model, int rowsPerPage) =>
        (Model, Backend, StateFloats, Grows, RowsPerPage) =
            (model.Model, model.Device.OpenBackend(), model.Model.StateFloats, model.Model.Grows, rowsPerPage);

    /// <summary>Model of the rows.</summary>
    public ForecastModel Model { get; }

    /// <summary>Where the floats live; owned by the slab.</summary>
    public IStateBackend Backend { get; }

    /// <summary>Floats of a row, without its tail.</summary>
    public int StateFloats { get; }

    /// <summary>Rows have tails.</summary>
    public bool Grows { get; }

    public int RowsPerPage { get; }

    public StreamIndex Index { get; } = new();

    /// <summary>Rows in use.</summary>
    public int Count => Index.Count;

    /// <summary>Pages in use.</summary>
    public int Pages => (Count + RowsPerPage - 1) / RowsPerPage;

    public ref RowHeader Header(int row) => ref _headers[row / ChunkRows][row % ChunkRows];

    /// <summary>Floats of a row's tail.</summary>
    public int TailFloats(int row) => Backend.RowFloats(row) - StateFloats;

    /// <summary>A copy of a row, tail and all.</summary>
    public float[] ReadRow(int row)
    {
        float[] state = new float[Backend.RowFloats(row)];
        Backend.Read(row, state);
        return state;
    }

    /// <summary>A copy of a row from which forecasts have what its streams share, too; the row itself where they share nothing.</summary>
    public float[] ServedRow(int row)
    {
        float[] state = ReadRow(row);
        Backend.Population?.Serve(state);
        return state;
    }

    /// <summary>Adds an empty row.</summary>
    public int Add(ReadOnlySpan<byte> key)
    {
        int row = Index.Add(key);
        if (row / ChunkRows == _headers.Count)
        {
            _headers.Add(new RowHeader[ChunkRows]);
        }
        if (row >= Backend.Capacity)
        {
            Backend.EnsureCapacity(row + 1);
        }
        if (row / RowsPerPage >= _isDirty.Length)
        {
            Array.Resize(ref _isDirty, _isDirty.Length * 2);
        }
        return row;
    }

    /// <summary>The row's page belongs into the next commit.</summary>
    public void MarkDirty(int row) => MarkPageDirty(row / RowsPerPage);

    /// <summary>A page belongs into the next commit.</summary>
    public void MarkPageDirty(int page)
    {
        if (!_isDirty[page])
        {
            _isDirty[page] = true;
            _dirtyPages.Add(page);
        }
    }

    /// <summary>The changed pages in ascending order; afterwards none counts as changed.</summary>
    public int[] TakeDirtyPages()
    {
        int[] pages = [.. _dirtyPages];
        Array.Sort(pages);
        foreach (int page in pages)
        {
            _isDirty[page] = false;
        }
        _dirtyPages.Clear();
        return pages;
    }

    public void Dispose() => Backend.Dispose();
}
