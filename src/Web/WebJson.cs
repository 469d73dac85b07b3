using System.Text.Json;
using System.Text.Json.Serialization;
using Foretell.Web.Events;
using Foretell.Web.Feeds;
using Foretell.Web.Forecasts;
using Foretell.Web.Status;
using Foretell.Web.Streams;
using Microsoft.AspNetCore.Mvc;

namespace Foretell.Web;

/// <summary>Generated JSON code of every body that the API reads and writes; camelCase, RFC 3339 times.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(EventsAnswer))]
[JsonSerializable(typeof(StreamAnswer))]
[JsonSerializable(typeof(ForecastAnswer))]
[JsonSerializable(typeof(ForecastsRequest))]
[JsonSerializable(typeof(ForecastsAnswer))]
[JsonSerializable(typeof(OverdueAnswer))]
[JsonSerializable(typeof(DeadLettersAnswer))]
[JsonSerializable(typeof(FeedEvent))]
[JsonSerializable(typeof(CalibrationAnswer))]
[JsonSerializable(typeof(ModelAnswer))]
[JsonSerializable(typeof(StatusAnswer))]
[JsonSerializable(typeof(HealthAnswer))]
[JsonSerializable(typeof(ProblemDetails))]
[JsonSerializable(typeof(string))]
public sealed partial class WebJson : JsonSerializerContext;
