namespace Foretell.Models.Mixers;

/// <summary>One event to apply to one state row.</summary>
/// <param name="Row">Row in the slab.</param>
/// <param name="Mark">Index from <c>ForecastModel.MarkIndex</c>.</param>
/// <param name="Gap">Time since the stream's previous event, in the model's time unit, 0 or more. Ignored for a first event.</param>
/// <param name="Ordinal">How many events the stream had before this one; 0 marks the first.</param>
/// <param name="PreviousMark">Index of the mark before this one, for the Markov baseline's score; -1 when it is not known.</param>
public readonly record struct StepInput(int Row, int Mark, double Gap, long Ordinal, int PreviousMark = -1);
