namespace Foretell.FakeHub;

/// <summary>How an endpoint listens.</summary>
public sealed record HubEndpointOptions
{
    /// <summary>Port on 127.0.0.1; 0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>Whether it speaks TLS, with a certificate made at the start, or plain TCP.</summary>
    public bool Tls { get; init; }

    /// <summary>The namespace's name in error texts; clients may use any other.</summary>
    public string Namespace { get; init; } = "fake.servicebus.windows.net";

    /// <summary>What the expiry of tokens is measured with.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
