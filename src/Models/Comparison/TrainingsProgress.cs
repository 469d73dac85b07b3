namespace Foretell.Models.Comparison;

/// <summary>Where a comparison stands that trains and scores in one go.</summary>
/// <param name="What">Form and seed.</param>
/// <param name="Finished">Trainings done.</param>
/// <param name="Trainings">Trainings in all.</param>
public sealed record TrainingsProgress(string What, int Finished, int Trainings);
