using System.Runtime.CompilerServices;
using Foretell.Cli.Cluster;
using Foretell.Images.Tests.Building;
using Foretell.Support;

namespace Foretell.Images.Tests;

/// <summary>A test that runs a silo's container against a database, each of which needs its programs.</summary>
public sealed class ContainerFactAttribute : FactAttribute
{
    public ContainerFactAttribute([CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
        : base(sourceFilePath, sourceLineNumber) => Skip = ImageTools.WhyNot
            ?? (PostgresPrograms.Find() is null ? PostgresPrograms.HowToInstall : SplitNetwork.WhyNot);
}
