using Foretell.FakeHub;

return await CommandLine.RunAsync(args);
