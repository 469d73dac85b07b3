// What is tested here has limits in time, and each test starts several processes: two tests at once would measure each other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
