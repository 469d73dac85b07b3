using System.Runtime.CompilerServices;
using Foretell.Images.Tests.Running;

namespace Foretell.Images.Tests;

/// <summary>A test of a limit of memory, which not every machine can set.</summary>
public sealed class MemoryLimitFactAttribute : FactAttribute
{
    public MemoryLimitFactAttribute([CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
        : base(sourceFilePath, sourceLineNumber) => Skip = new ContainerFactAttribute().Skip ?? MemoryLimit.WhyNot;
}
