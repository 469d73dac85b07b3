using System.Runtime.CompilerServices;
using Foretell.Models.Gpu.Arithmetic;
using ILGPU;

namespace Foretell.Models.Gpu.Fused;

/// <summary>Contexts of ILGPU in which the kernel's arithmetic keeps its bits.</summary>
public static class FusedContext
{
    private static readonly ConditionalWeakTable<Context, object> s_prepared = new();

    /// <summary>A context whose PTX rounds every operation as the CPU's step does.</summary>
    /// <param name="configure">Names the devices.</param>
    public static Context Create(Action<Context.Builder> configure)
    {
        Context context = Context.Create(builder =>
        {
            configure(builder);
            // Fast mathematics would flush the smallest numbers to 0 and approximate divisions.
            builder.Math(MathMode.Default).Optimize(OptimizationLevel.O1);
        });
        PtxReal.Register(context);
        s_prepared.Add(context, context);
        return context;
    }

    /// <summary>Refuses a context that <see cref="Create"/> did not make: its PTX could be contracted.</summary>
    /// <exception cref="ArgumentException">It is one.</exception>
    internal static void Check(Context context)
    {
        if (!s_prepared.TryGetValue(context, out _))
        {
            throw new ArgumentException("The context was not made by FusedContext.Create, so its PTX could give other bits than the CPU's step.",
                nameof(context));
        }
    }
}
