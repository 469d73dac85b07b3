using System.Reflection;
using System.Text;
using Foretell.Contracts.Tests.Support;
using Foretell.Engine.Events;
using Orleans.Concurrency;
using Orleans.Serialization.Invocation;

namespace Foretell.Contracts.Tests;

/// <summary>What silos say to each other stays readable: bytes, names and numbers are written down in Golden.</summary>
public class WireFormatTests
{
    private const string InterfacesFile = "interfaces.txt";

    public static TheoryData<string> Types => [.. Wire.Today.Types.Select(Wire.Alias)];

    public static TheoryData<string> Methods => [.. Wire.Today.Methods.Keys.Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Types))]
    public void Type_WhenWritten_HasTheGoldenBytes(string alias)
    {
        object value = Sample.Of(Wire.Today.Find(alias)!);

        Golden.AssertBytes(Golden.FileOf(alias), Wire.Today.Write(value));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Type_WhenReadFromTheGoldenBytes_IsTheSame(string alias)
    {
        Type type = Wire.Today.Find(alias)!;

        object read = Wire.Today.Read(Golden.ReadBytes(Golden.FileOf(alias)));

        Assert.IsType(type, read);
        Sample.AssertEqual(Sample.Of(type), read);
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void Call_WhenWritten_HasTheGoldenBytes(string name)
    {
        using IInvokable call = Wire.Today.Call(Wire.Today.Methods[name]);

        Golden.AssertBytes(Golden.FileOf(name), Wire.Today.Write(call));
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void Call_WhenReadFromTheGoldenBytes_IsTheSame(string name)
    {
        MethodInfo method = Wire.Today.Methods[name];

        using var read = (IInvokable)Wire.Today.Read(Golden.ReadBytes(Golden.FileOf(name)));

        Assert.Equal(method, read.GetMethod());
        Assert.Equal(method.GetParameters().Length, read.GetArgumentCount());
        Assert.All(method.GetParameters(), p =>
            Sample.AssertEqual(Sample.Of(p.ParameterType, (uint)p.Position), read.GetArgument(p.Position)));
    }

    [Fact]
    public void Interfaces_WhenListed_AreTheGoldenOnes()
    {
        var list = new StringBuilder();
        foreach (Type type in Wire.Today.Interfaces)
        {
            list.Append($"{Wire.Alias(type)} ({string.Join(", ", type.GetInterfaces().Where(i => i != typeof(IAddressable) && i != typeof(IGrain)).Select(i => i.Name))})\n");
            foreach (MethodInfo method in type.GetMethods().OrderBy(Wire.Alias, StringComparer.Ordinal))
            {
                string parameters = string.Join(", ", method.GetParameters().Select(p => Name(p.ParameterType)));
                string flags = method.IsDefined(typeof(OneWayAttribute)) ? " one way" : "";
                list.Append($"    {Wire.Alias(method)}({parameters}) -> {Name(method.ReturnType)}{flags}\n");
            }
        }
        Golden.AssertText(InterfacesFile, list.ToString());
    }

    [Fact]
    public void Golden_WhenComparedWithTheContracts_HoldsNothingElse() =>
        Assert.Empty(
            Golden.Names.Except(
            [InterfacesFile, .. Wire.Today.Types.Select(Wire.Alias).Concat(Wire.Today.Methods.Keys).Select(Golden.FileOf)]));

    private static string Name(Type type) =>
        type.IsArray ? $"{Name(type.GetElementType()!)}[]"
        : type.IsGenericType ? $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>"
        : type.GetCustomAttribute<AliasAttribute>()?.Alias ?? type.Name;
}
