using System.Reflection;
using System.Text.RegularExpressions;
using Foretell.Models.Gpu.Fused;
using ILGPU;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;

namespace Foretell.Models.Gpu.Tests.Fused;

/// <summary>The kernel's PTX as text: whatever computes on floats names its rounding or is exact, so that the assembler may not
/// contract it. Whether a GPU gives the CPU's bits, text cannot show.</summary>
public sealed partial class StepAssemblyTests(ITestOutputHelper output)
{
    /// <summary>Instructions on floats that round as IEEE 754 says, or that do not round at all.</summary>
    private static readonly string[] s_exact =
    [
        "fma.rn.f32", "mul.rn.f32", "add.rn.f32", "div.rn.f32", "rcp.rn.f32", "sqrt.rn.f32", "cvt.rn.f32.s32",
        "neg.f32", "abs.f32", "mov.f32", "selp.f32", "setp.lt.f32", "setp.gt.f32",
    ];

    public static TheoryData<string, string, bool> Targets => new()
    {
        { "SM_80", "ISA_70", false }, { "SM_90", "ISA_80", false }, { Newest<CudaArchitecture>(), Newest<CudaInstructionSet>(), false },
        { "SM_80", "ISA_70", true },
    };

    [Theory]
    [MemberData(nameof(Targets))]
    public void Ptx_WhenItsFloatInstructionsAreRead_HoldsNoneThatMayBeContracted(string architecture, string instructionSet, bool tiled)
    {
        using Context context = FusedContext.Create(builder => builder.CPU(new CPUDevice(2, 1, 1)));

        CudaArchitecture target = Known<CudaArchitecture>(architecture);
        CudaInstructionSet version = Known<CudaInstructionSet>(instructionSet);
        string ptx = StepAssembly.Ptx(context, tiled ? FusedKernel.Tile : FusedKernel.Row, target, version);

        Dictionary<string, int> counts = FloatInstructions(ptx);
        output.WriteLine($"{architecture}, {instructionSet}: {string.Join(", ", counts.Select(c => $"{c.Value} {c.Key}"))}");
        // ILGPU names no later target than sm_80, which later GPUs run, too: the driver translates it for the one at hand.
        Assert.Contains(".target sm_80", ptx);
        Assert.Contains($".version {instructionSet["ISA_".Length..].Insert(1, ".")}", ptx);
        Assert.Empty(counts.Keys.Except(s_exact));
        Assert.All(new[] { "fma.rn.f32", "mul.rn.f32", "add.rn.f32", "cvt.rn.f32.s32" }, name => Assert.Contains(name, counts.Keys));
        Assert.Contains(counts.Keys, name => name is "div.rn.f32" or "rcp.rn.f32");
        Assert.Contains("sqrt.rn.f32", counts.Keys);
        Assert.Contains("bar.sync", ptx);
        // Terms of a sum stay in registers, and nothing calls what is left of the operations' bodies.
        Assert.DoesNotContain(".local", ptx);
        Assert.DoesNotContain("call", ptx);
    }

    [Fact]
    public void Check_WhenAKernelWritesPlainSumsAndProducts_FindsThem()
    {
        using Context context = FusedContext.Create(builder => builder.CPU(new CPUDevice(2, 1, 1)));
        using var backend = new PTXBackend(context, CudaArchitecture.SM_80, CudaInstructionSet.ISA_70, null!);
        MethodInfo kernel = typeof(StepAssemblyTests).GetMethod(nameof(PlainArithmetic), BindingFlags.NonPublic | BindingFlags.Static)!;

        var compiled = (PTXCompiledKernel)backend.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(kernel), default);

        Assert.NotEmpty(FloatInstructions(compiled.PTXAssembly).Keys.Except(s_exact));
    }

    [Fact]
    public void Ptx_WhenTheContextIsNotPrepared_IsRefused()
    {
        using var context = Context.Create(builder => builder.CPU(new CPUDevice(2, 1, 1)));

        Assert.Throws<ArgumentException>(
            () => StepAssembly.Ptx(context, FusedKernel.Row, CudaArchitecture.SM_80, CudaInstructionSet.ISA_70));
    }

    /// <summary>What a kernel must not do.</summary>
    internal static void PlainArithmetic(ArrayView<float> x) => x[Grid.IdxX] = x[Grid.IdxX] * x[1] + x[2];

    /// <summary>Instructions that compute on floats, with their number; loads and stores aside.</summary>
    private static Dictionary<string, int> FloatInstructions(string ptx) => FloatInstruction().Matches(ptx)
        .Select(m => m.Groups[1].Value)
        .Where(name => !name.StartsWith("ld.", StringComparison.Ordinal) && !name.StartsWith("st.", StringComparison.Ordinal))
        .CountBy(name => name).ToDictionary();

    private static string Newest<T>() where T : struct, IComparable<T> =>
        typeof(T).GetFields(BindingFlags.Public | BindingFlags.Static).Where(f => f.FieldType == typeof(T))
            .MaxBy(f => (T)f.GetValue(null)!)!.Name;

    private static T Known<T>(string name) => (T)typeof(T).GetField(name)!.GetValue(null)!;

    /// <summary>An opcode of which one part is a type of floats, behind a label or a predicate or at the line's start.</summary>
    [GeneratedRegex(@"(?<![\w.%])([a-z][a-z0-9_]*(?:\.[a-z0-9_:]+)*\.b?f(?:16|32|64)(?:x2)?(?:\.[a-z0-9_]+)*)(?=\s)")]
    private static partial Regex FloatInstruction();
}
