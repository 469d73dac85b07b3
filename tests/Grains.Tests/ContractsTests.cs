using System.Reflection;
using Foretell.Grains.Contracts;
using Orleans.Concurrency;

namespace Foretell.Grains.Tests;

/// <summary>What a rolling update relies on: names and numbers on the wire are written down, and instances may be shared.</summary>
public class ContractsTests
{
    private static readonly Type[] s_types = typeof(IShardGrain).Assembly.GetTypes();

    public static TheoryData<string> SerializedTypes =>
        [.. s_types.Where(t => t.IsDefined(typeof(GenerateSerializerAttribute))).Select(t => t.FullName!)];

    public static TheoryData<string> GrainInterfaces =>
        [.. s_types.Where(t => t.IsInterface && t.IsAssignableTo(typeof(IAddressable))).Select(t => t.FullName!)];

    [Theory]
    [MemberData(nameof(SerializedTypes))]
    public void SerializedType_WhenDeclared_IsImmutableWithAliasAndIds(string name)
    {
        Type type = typeof(IShardGrain).Assembly.GetType(name)!;

        Assert.StartsWith("foretell.", type.GetCustomAttribute<AliasAttribute>()!.Alias, StringComparison.Ordinal);
        if (type.IsAssignableTo(typeof(Exception)))
        {
            return;
        }
        Assert.True(type.IsDefined(typeof(ImmutableAttribute)), $"{name} is copied at every call: it is not [Immutable].");
        PropertyInfo[] state = [.. type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite)];
        Assert.NotEmpty(state);
        Assert.Equal(Enumerable.Range(0, state.Length).Select(i => (uint)i), state.Select(p => p.GetCustomAttribute<IdAttribute>()!.Id)
            .Order());
        Assert.All(state, p =>
            Assert.Contains(typeof(System.Runtime.CompilerServices.IsExternalInit),
            p.SetMethod!.ReturnParameter.GetRequiredCustomModifiers()));
    }

    [Theory]
    [MemberData(nameof(GrainInterfaces))]
    public void GrainInterface_WhenDeclared_HasAliasesAndTimeouts(string name)
    {
        Type type = typeof(IShardGrain).Assembly.GetType(name)!;

        Assert.StartsWith("foretell.", type.GetCustomAttribute<AliasAttribute>()!.Alias, StringComparison.Ordinal);
        Assert.All(type.GetMethods(), m =>
        {
            Assert.NotNull(m.GetCustomAttribute<AliasAttribute>());
            Assert.NotNull(m.GetCustomAttribute<ResponseTimeoutAttribute>());
        });
        Assert.Equal(type.GetMethods().Length, type.GetMethods().Select(m => m.GetCustomAttribute<AliasAttribute>()!.Alias).Distinct()
            .Count());
    }
}
