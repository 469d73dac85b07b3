using System.Runtime.InteropServices;

namespace Foretell.Faults.Disk;

/// <summary>The memory and its eight locks that the connections to one file share in WAL mode. It is gone when the process is.</summary>
internal sealed unsafe class SharedMemory
{
    private const int Locks = 8;

    private readonly List<nint> _regions = [];
    private readonly int[] _shared = new int[Locks];
    private readonly OpenFile?[] _exclusive = new OpenFile?[Locks];
    private int _users;

    /// <summary>One more connection uses it.</summary>
    public void Join() => _users++;

    /// <summary>A connection uses it no more.</summary>
    /// <returns>True when it was the last one, and the memory is freed.</returns>
    public bool Leave(OpenFile file)
    {
        for (int i = 0; i < Locks; i++)
        {
            Unlock(file, i);
        }
        if (--_users > 0)
        {
            return false;
        }
        foreach (nint region in _regions)
        {
            NativeMemory.Free((void*)region);
        }
        _regions.Clear();
        return true;
    }

    /// <summary>Address of a region, or 0 where it is not there and is not to be made.</summary>
    public nint Map(int region, int bytes, bool extend)
    {
        while (extend && _regions.Count <= region)
        {
            _regions.Add((nint)NativeMemory.AllocZeroed((nuint)bytes));
        }
        return region < _regions.Count ? _regions[region] : 0;
    }

    /// <summary>Takes locks from one on, all or none.</summary>
    public bool TryLock(OpenFile file, int first, int count, bool exclusive)
    {
        for (int i = first; i < first + count; i++)
        {
            bool held = (file.SharedLocks & 1 << i) != 0;
            if ((_exclusive[i] is { } other && other != file) || (exclusive && _shared[i] > (held ? 1 : 0)))
            {
                return false;
            }
        }
        for (int i = first; i < first + count; i++)
        {
            if (exclusive)
            {
                _exclusive[i] = file;
            }
            else if ((file.SharedLocks & 1 << i) == 0)
            {
                file.SharedLocks |= 1 << i;
                _shared[i]++;
            }
        }
        return true;
    }

    /// <summary>Gives locks back.</summary>
    public void Unlock(OpenFile file, int first, int count)
    {
        for (int i = first; i < first + count; i++)
        {
            Unlock(file, i);
        }
    }

    private void Unlock(OpenFile file, int index)
    {
        if (_exclusive[index] == file)
        {
            _exclusive[index] = null;
        }
        if ((file.SharedLocks & 1 << index) != 0)
        {
            file.SharedLocks &= ~(1 << index);
            _shared[index]--;
        }
    }
}
