using System.CommandLine;
using System.CommandLine.Help;
using Foretell.Cli.Commands;
using Foretell.Cli.Options;
using Foretell.Cli.Shell;

namespace Foretell.Cli;

/// <summary>The program: its verbs, and what becomes of bad input and failures.</summary>
public static class CommandLine
{
    /// <summary>How lines are read: @FILE is a value of ours, not a file of more arguments.</summary>
    public static ParserConfiguration Parsing { get; } = new() { ResponseFileTokenReplacer = null };

    /// <summary>The root command with every verb.</summary>
    public static RootCommand Create()
    {
        var root = new RootCommand(
            "Foretell says, for each of many event streams, when its next event comes and what it will be.")
        {
            RunCommand.Create(),
            ClusterCommand.Create(),
            TrainCommand.Create(),
            EvalCommand.Create(),
            CompareCommand.Create(),
            EvaluatePolicyCommand.Create(),
            ReplayCommand.Create(),
            QueryCommand.Create(),
            SimulateCommand.Create(),
            CheckCommand.Create(),
            RepairCommand.Create(),
            BackupCommand.Create(),
            RestoreCommand.Create(),
            KeysCommand.Create(),
        };
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
        return root;
    }

    /// <summary>Parses and runs one command line.</summary>
    /// <returns>The process's exit code (<see cref="ExitCode"/>).</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        RootCommand root = Create();
        ParseResult parsed = root.Parse(args, Parsing);
        if (parsed.Errors.Count > 0 && parsed.Action is not HelpWithExamples)
        {
            return Refuse(parsed, BadUsage.Describe(parsed));
        }

        using var interrupts = new Interrupts();
        try
        {
            // Signals are this program's own business: a time limit here would cut short the last commit.
            var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
            return await parsed.InvokeAsync(configuration, interrupts.Token);
        }
        catch (OperationCanceledException) when (interrupts.Token.IsCancellationRequested)
        {
            Terminal.WriteError("stopped by a signal before the work was done.");
            return ExitCode.Interrupted;
        }
        catch (UsageException bad)
        {
            return Refuse(parsed, bad.Message);
        }
        catch (Exception failure)
        {
            Terminal.WriteError(Failure.Describe(failure));
            return ExitCode.Failure;
        }
    }

    private static int Refuse(ParseResult parsed, string sentence)
    {
        Terminal.WriteError(sentence);
        Terminal.WriteNote($"See '{BadUsage.FullName(parsed.CommandResult)} --help'.");
        return ExitCode.Usage;
    }
}
