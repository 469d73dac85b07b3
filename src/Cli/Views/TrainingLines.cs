using Foretell.Cli.Shell;
using Foretell.Models.Comparison;
using Spectre.Console;

namespace Foretell.Cli.Views;

/// <summary>Shows how a comparison goes, a line at the first training of each form and seed.</summary>
/// <param name="isJson">The lines go beside standard output, where a program reads that.</param>
internal sealed class TrainingLines(bool isJson) : IProgress<TrainingsProgress>
{
    private string? _last;

    public void Report(TrainingsProgress value)
    {
        if (value.What != _last)
        {
            Action<string> write = isJson ? Terminal.WriteNote : Terminal.Out.WriteLine;
            write($"training {value.Finished + 1} of {value.Trainings} ({value.What})");
            _last = value.What;
        }
    }
}
