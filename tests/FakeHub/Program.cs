using Foretell.FakeHub;

return await CommandLine.RunAsync(args, Console.Out, Console.Error);
