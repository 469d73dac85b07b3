// There is one map of branches in a process.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
