using System.Text.Json.Nodes;
using Foretell.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace Foretell.Web.OpenApi;

/// <summary>The OpenAPI document at /openapi/v1.json and the page at /docs that explores it, with no assets from elsewhere.</summary>
internal static class ApiDocument
{
    private const string Path = "/openapi/v1.json";
    private const string SecurityScheme = "bearer";

    public static void Add(IServiceCollection services) => services.AddOpenApi("v1", options =>
    {
        options.AddDocumentTransformer(DescribeDocument);
        options.AddOperationTransformer(DescribeOperation);
    });

    public static void Map(WebApplication app)
    {
        // The same for every installation: it tells nothing of this one.
        app.MapOpenApi("/openapi/{documentName}.json").AllowAnonymous();
        app.MapGet("/", static () => TypedResults.Redirect("/docs")).ExcludeFromDescription().AllowAnonymous();
    }

    /// <summary>Serves the page, whose button "Authorize" takes a key.</summary>
    public static void UseExplorer(WebApplication app) => app.UseSwaggerUI(page =>
    {
        page.RoutePrefix = "docs";
        page.DocumentTitle = "Foretell API";
        page.SwaggerEndpoint(Path, "Foretell v1");
        page.EnableTryItOutByDefault();
    });

    private static Task DescribeDocument(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken _)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Foretell",
            Version = "v1",
            Description = "Send the events of your streams; ask when each stream's next event comes and what it will be. "
                + "Errors are problem details (RFC 9457) whose `detail` says what to do.",
        };
        // Links relative to where the document came from work behind any proxy.
        document.Servers = [new OpenApiServer { Url = "/" }];
        document.Components ??= new OpenApiComponents();
        document.Components.Schemas ??= new Dictionary<string, IOpenApiSchema>();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            [SecurityScheme] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = "An API key (`fk_...`), or a token of the identity provider that this host trusts. Not needed where the host asks for none.",
            },
        };
        foreach ((string name, OpenApiSchema schema) in EventSchemas.All())
        {
            document.Components.Schemas[name] = schema;
        }
        return Task.CompletedTask;
    }

    private static Task DescribeOperation(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken _)
    {
        IList<object> notes = context.Description.ActionDescriptor.EndpointMetadata;
        DescribeParameters(operation, notes.OfType<ParameterNote>());
        DescribeProblems(operation, notes.OfType<ProblemNote>().Select(n => n.Kind).Distinct());
        DescribeHeaders(operation, notes.OfType<HeaderNote>());
        DescribeBodies(operation, notes.OfType<BodyNote>(), context.Document!);
        DescribeScope(operation, notes.OfType<IAuthorizeData>().FirstOrDefault()?.Policy, context.Document!);
        return Task.CompletedTask;
    }

    private static void DescribeScope(OpenApiOperation operation, string? scope, OpenApiDocument document)
    {
        if (scope is not null)
        {
            var scheme = new OpenApiSecuritySchemeReference(SecurityScheme, document);
            operation.Security = [new OpenApiSecurityRequirement { [scheme] = [scope] }];
        }
    }

    private static void DescribeParameters(OpenApiOperation operation, IEnumerable<ParameterNote> notes)
    {
        operation.Parameters ??= [];
        foreach (ParameterNote note in notes)
        {
            var parameter = operation.Parameters.OfType<OpenApiParameter>().FirstOrDefault(p => p.Name == note.Name);
            if (parameter is null)
            {
                parameter = new OpenApiParameter { Name = note.Name };
                operation.Parameters.Add(parameter);
            }
            parameter.In = note.In;
            parameter.Required = note.In == ParameterLocation.Path;
            parameter.Description = note.Description;
            parameter.Example = note.Example?.DeepClone();
            parameter.Schema = new OpenApiSchema { Type = note.Type };
        }
    }

    private static void DescribeProblems(OpenApiOperation operation, IEnumerable<ProblemKind> kinds)
    {
        foreach (var status in kinds.GroupBy(k => k.Status))
        {
            if (operation.Responses!.TryGetValue($"{status.Key}", out IOpenApiResponse? response))
            {
                response.Description = string.Join(" ", status.Select(k => $"{k.Title} (`{k.Type}`)"));
            }
        }
    }

    private static void DescribeHeaders(OpenApiOperation operation, IEnumerable<HeaderNote> notes)
    {
        foreach (HeaderNote note in notes)
        {
            if (operation.Responses!.TryGetValue($"{note.Status}", out IOpenApiResponse? found) && found is OpenApiResponse response)
            {
                response.Headers ??= new Dictionary<string, IOpenApiHeader>();
                response.Headers[note.Name] = new OpenApiHeader
                {
                    Description = note.Description,
                    Schema = new OpenApiSchema { Type = JsonSchemaType.String },
                };
            }
        }
    }

    private static void DescribeBodies(OpenApiOperation operation, IEnumerable<BodyNote> notes, OpenApiDocument document)
    {
        foreach (BodyNote note in notes)
        {
            if (operation.RequestBody is not OpenApiRequestBody body)
            {
                operation.RequestBody = body = new OpenApiRequestBody { Required = true };
            }
            body.Content ??= new Dictionary<string, OpenApiMediaType>();
            if (!body.Content.TryGetValue(note.MediaType, out OpenApiMediaType? media))
            {
                media = new OpenApiMediaType { Schema = EventSchemas.Of(note, document) };
                body.Content[note.MediaType] = media;
            }
            media.Example = note.MediaType.EndsWith("json", StringComparison.Ordinal) && note.MediaType != "application/x-ndjson"
                ? JsonNode.Parse(note.Example)
                : JsonValue.Create(note.Example);
        }
    }
}
