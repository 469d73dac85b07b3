using Foretell.Cli;

return await CommandLine.RunAsync(args);
