using Foretell.Images.Tests.Building;

// Built once for all tests, and one test at a time: each starts processes that would slow the others' down.
[assembly: AssemblyFixture(typeof(SiloImage))]
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]
