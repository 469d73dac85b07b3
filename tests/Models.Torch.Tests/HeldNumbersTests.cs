using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Torch.Stepping;
using Foretell.Models.Torch.Tests.Native;
using Mono.Cecil;
using Mono.Cecil.Cil;
using TorchSharp;

namespace Foretell.Models.Torch.Tests;

public class HeldNumbersTests
{
    private const int Steps = 400;

    [Theory]
    [InlineData("aaren")]
    [InlineData("linear")]
    public async Task Step_WhileGarbageIsCollectedAllTheTime_NeverReadsFreedNumbers(string mixer)
    {
        ForecastModel model = TestModels.Create(TestModels.Config(mixer));
        using var backend = new TorchStateBackend(model, TestTorch.Cpu());
        using var calm = new TorchStateBackend(model, TestTorch.Cpu());
        Run(calm);
        using var end = new CancellationTokenSource();
        Task collector = Task.Run(() =>
        {
            while (!end.IsCancellationRequested)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }
        }, TestContext.Current.CancellationToken);
        try
        {
            Run(backend);
        }
        finally
        {
            await end.CancelAsync();
            await collector;
        }

        float[] row = new float[model.StateFloats], expected = new float[model.StateFloats];
        backend.Read(0, row);
        calm.Read(0, expected);
        Assert.Equal(expected, row);
    }

    // The step runs a part of the calls only; compiled code shows them all.
    [Fact]
    public void CompiledCode_MakesNoNumberInPassing()
    {
        using ModuleDefinition torchSharp = ModuleDefinition.ReadModule(typeof(Scalar).Assembly.Location),
            own = ModuleDefinition.ReadModule(typeof(HeldNumbers).Assembly.Location);
        HashSet<string> makers = MakersOf(torchSharp);
        Assert.Contains(makers, m => m.Contains("Tensor::add(TorchSharp.torch/Tensor)"));
        Assert.DoesNotContain(makers, m => m.Contains("Tensor::sub(TorchSharp.torch/Tensor)"));

        var found = from method in MethodsOf(own)
                    // A field holds its number, and the helpers here hold theirs.
                    where !(method.IsConstructor && method.IsStatic) && method.DeclaringType.Name != nameof(HeldNumbers)
                    from call in CallsOf(method)
                    where IsScalar(call) || makers.Contains(call.FullName)
                    select $"{method.FullName} calls {call.FullName}";

        Assert.Empty(found);
    }

    private static void Run(TorchStateBackend backend)
    {
        backend.EnsureCapacity(1);
        for (int i = 0; i < Steps; i++)
        {
            backend.Step([new StepInput(0, i % 3, i == 0 ? 0 : 1.5, i)]);
        }
    }

    /// <summary>The library's methods that make a number, or call one that does.</summary>
    private static HashSet<string> MakersOf(ModuleDefinition library)
    {
        ILookup<string, MethodDefinition> callers = MethodsOf(library)
            .SelectMany(m => CallsOf(m).Select(c => (Called: c.FullName, Caller: m))).ToLookup(p => p.Called, p => p.Caller);
        var makers = new HashSet<string>();
        var open = new Queue<MethodDefinition>(MethodsOf(library)
            .Where(m => m.DeclaringType.Name != nameof(Scalar) && CallsOf(m).Any(IsScalar)));
        while (open.TryDequeue(out MethodDefinition? maker))
        {
            if (makers.Add(maker.FullName))
            {
                foreach (MethodDefinition caller in callers[maker.FullName])
                {
                    open.Enqueue(caller);
                }
            }
        }
        return makers;
    }

    private static bool IsScalar(MethodReference call) => call.DeclaringType.Name == nameof(Scalar) && call.Name is "op_Implicit" or ".ctor"
        || call.Name == "ToScalar";

    private static IEnumerable<MethodDefinition> MethodsOf(ModuleDefinition module) => module.GetTypes().SelectMany(t => t.Methods);

    private static IEnumerable<MethodReference> CallsOf(MethodDefinition method) => !method.HasBody ? [] :
        method.Body.Instructions.Where(i => i.OpCode.FlowControl == FlowControl.Call || i.OpCode.Code is Code.Newobj or Code.Ldftn)
            .Select(i => i.Operand).OfType<MethodReference>();
}
