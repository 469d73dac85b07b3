using System.Reflection;
using Foretell.Grains.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using Orleans.Serialization;
using Orleans.Serialization.Configuration;
using Orleans.Serialization.Invocation;

namespace Foretell.Contracts.Tests.Support;

/// <summary>One release's contracts: their types, their grain interfaces, and the serializer that its silos have.</summary>
internal sealed class Wire
{
    private readonly Assembly _assembly;
    private readonly Serializer _serializer;

    private Wire(Assembly assembly, Assembly other)
    {
        _assembly = assembly;
        var services = new ServiceCollection();
        services.AddSerializer();
        // Both releases have the same aliases, and no process ever holds two releases: the other one's types are left out.
        foreach (ServiceDescriptor manifest in services.Where(s => s.ServiceType == typeof(IConfigureOptions<TypeManifestOptions>)
            && s.ImplementationType?.Assembly == other).ToArray())
        {
            services.Remove(manifest);
        }
        _serializer = services.BuildServiceProvider().GetRequiredService<Serializer>();
        Types = [.. assembly.GetTypes().Where(t => t.IsDefined(typeof(GenerateSerializerAttribute)) && t.IsDefined(typeof(AliasAttribute)))
            .OrderBy(Alias, StringComparer.Ordinal)];
        Interfaces =
            [.. assembly.GetTypes().Where(t => t.IsInterface && t.IsAssignableTo(typeof(IAddressable)))
            .OrderBy(Alias, StringComparer.Ordinal)];
    }

    /// <summary>The contracts of this source tree.</summary>
    public static Wire Today { get; } = new(typeof(Grains.Contracts.IShardGrain).Assembly, typeof(Previous.IShardGrain).Assembly);

    /// <summary>Those of the release before.</summary>
    public static Wire Previous { get; } = new(typeof(Previous.IShardGrain).Assembly, typeof(Grains.Contracts.IShardGrain).Assembly);

    /// <summary>Types that cross silos.</summary>
    public IReadOnlyList<Type> Types { get; }

    /// <summary>Grain interfaces.</summary>
    public IReadOnlyList<Type> Interfaces { get; }

    /// <summary>Methods of the grain interfaces, by "interface/method" as they are called on the wire.</summary>
    public IReadOnlyDictionary<string, MethodInfo> Methods =>
        Interfaces.SelectMany(i => i.GetMethods()).ToDictionary(m => $"{Alias(m.DeclaringType!)}/{Alias(m)}");

    /// <summary>The name that stands on the wire for a type or a method.</summary>
    public static string Alias(MemberInfo member) => member.GetCustomAttribute<AliasAttribute>()?.Alias
        ?? throw new InvalidOperationException(
            $"{member.DeclaringType?.Name}.{member.Name} has no [Alias]: its name could not change any more.");

    /// <summary>The type of an alias; null when this release has none.</summary>
    public Type? Find(string alias) => Types.SingleOrDefault(t => Alias(t) == alias);

    /// <summary>What a silo sends.</summary>
    public byte[] Write(object value) => _serializer.SerializeToArray(value);

    /// <summary>What a silo makes of it.</summary>
    public object Read(byte[] bytes) => _serializer.Deserialize<object>(bytes)!;

    /// <summary>A call of a method with sample arguments, as it travels.</summary>
    public IInvokable Call(MethodInfo method)
    {
        Type type = _assembly.GetTypes().Single(t => !t.IsAbstract && t.IsAssignableTo(typeof(IInvokable))
            && Activator.CreateInstance(t) is IInvokable candidate && candidate.GetMethod() == method);
        var call = (IInvokable)Activator.CreateInstance(type)!;
        ParameterInfo[] parameters = method.GetParameters();
        for (int i = 0; i < parameters.Length; i++)
        {
            call.SetArgument(i, Sample.Of(parameters[i].ParameterType, (uint)i)!);
        }
        return call;
    }
}
