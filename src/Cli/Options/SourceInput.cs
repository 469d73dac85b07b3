using Foretell.Ingest.Messages;
using Foretell.Ingest.Sources;

namespace Foretell.Cli.Options;

/// <summary>A broker that a run reads.</summary>
/// <param name="Text">Which, for the reader of the screen; no secrets.</param>
/// <param name="Open">Opens it.</param>
internal sealed record Broker(string Text, Func<IMessageSource> Open);

/// <summary>What to read, and how.</summary>
/// <param name="Broker">The broker.</param>
/// <param name="Reading">Where to begin, and what to do about losses.</param>
/// <param name="Mapping">Where its events hold what; null where they say so themselves.</param>
internal sealed record SourceInput(Broker Broker, SourceOptions Reading, MessageMapping? Mapping);
