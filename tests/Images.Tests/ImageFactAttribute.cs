using System.Runtime.CompilerServices;
using Foretell.Images.Tests.Building;

namespace Foretell.Images.Tests;

/// <summary>A test that builds an image, for which the programs must be on the machine.</summary>
public sealed class ImageFactAttribute : FactAttribute
{
    public ImageFactAttribute([CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
        : base(sourceFilePath, sourceLineNumber) => Skip = ImageTools.WhyNot;
}
