namespace Foretell.Models.Gpu.Fused;

/// <summary>Gives back what a device may refuse to take: after a fault every call of CUDA's fails, those that free included.</summary>
internal static class Disposal
{
    /// <summary>Disposes; a device that failed is freed with the process.</summary>
    public static void Try(IDisposable? resource)
    {
        try
        {
            resource?.Dispose();
        }
        catch
        {
            // Nobody could do anything about it, and what follows must be disposed, too.
        }
    }
}
