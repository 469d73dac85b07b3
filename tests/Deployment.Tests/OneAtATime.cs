// What is tested here has limits in time, and each test starts several processes: two tests at once would measure each other.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]
