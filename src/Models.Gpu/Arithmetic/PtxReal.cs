using ILGPU;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.IR.Intrinsics;

namespace Foretell.Models.Gpu.Arithmetic;

/// <summary>Writes each operation of <see cref="Real"/> as one PTX instruction on registers, with the rounding in its name.</summary>
/// <remarks>
/// Inline assembly would give the same instructions, but ILGPU 1.5.3 passes its results through local memory: a store and a load
/// for every term of every sum. The bodies of <see cref="Real"/> stay behind in the PTX as functions that nothing calls.
/// Source: PTX ISA, add and mul: one that names its rounding is never contracted.
/// </remarks>
internal static class PtxReal
{
    /// <summary>Lets a context's PTX use them. Once for each context.</summary>
    public static void Register(Context context)
    {
        Register(context, nameof(Real.MultiplyAdd), nameof(WriteMultiplyAdd));
        Register(context, nameof(Real.Multiply), nameof(WriteMultiply));
        Register(context, nameof(Real.Add), nameof(WriteAdd));
    }

    /// <summary>x y + z, rounded once.</summary>
    public static void WriteMultiplyAdd(PTXBackend backend, PTXCodeGenerator generator, Value call) =>
        Write(generator, "fma.rn.f32", call, 3);

    /// <summary>x y.</summary>
    public static void WriteMultiply(PTXBackend backend, PTXCodeGenerator generator, Value call) =>
        Write(generator, "mul.rn.f32", call, 2);

    /// <summary>x + y.</summary>
    public static void WriteAdd(PTXBackend backend, PTXCodeGenerator generator, Value call) =>
        Write(generator, "add.rn.f32", call, 2);

    private static void Write(PTXCodeGenerator generator, string instruction, Value call, int arguments)
    {
        var operands = Enumerable.Range(0, arguments).Select(i => generator.LoadPrimitive(call[i].Resolve())).ToArray();
        var result = generator.AllocateHardware(call);
        using var command = generator.BeginCommand(instruction);
        command.AppendArgument(result);
        foreach (var operand in operands)
        {
            command.AppendArgument(operand);
        }
    }

    private static void Register(Context context, string operation, string writer) => context.GetIntrinsicManager().RegisterMethod(
        typeof(Real).GetMethod(operation)!, new PTXIntrinsic(typeof(PtxReal), writer, IntrinsicImplementationMode.GenerateCode));
}
