using System.Collections;
using System.Net;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Foretell.Contracts.Tests.Support;

/// <summary>Fixed values: what a member holds follows from its id and its type alone, so two releases make equal ones.</summary>
internal static class Sample
{
    /// <summary>A value for a member of a type.</summary>
    public static object? Of(Type type, uint id)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type switch
        {
            _ when type == typeof(string) => $"text {id}",
            _ when type == typeof(bool) => true,
            _ when type == typeof(int) => 1_000_000 + (int)id,
            _ when type == typeof(long) => 10_000_000_000 + id,
            _ when type == typeof(double) => -0.25 - id,
            _ when type == typeof(float) => 0.5f + id,
            _ when type == typeof(byte) => (byte)(200 + id),
            _ when type == typeof(Guid) => new Guid((int)id, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
            _ when type == typeof(TimeSpan) => TimeSpan.FromTicks(12_345_678 + id),
            _ when type == typeof(CancellationToken) => CancellationToken.None,
            _ when type == typeof(SiloAddress) => SiloAddress.New(new IPEndPoint(IPAddress.Parse("10.1.2.3"), 11111), 500_000 + (int)id),
            _ when type.IsEnum => Enum.GetValues(type).GetValue((int)id % Enum.GetValues(type).Length),
            _ when type.IsArray => ArrayOf(type.GetElementType()!, id),
            _ when type.IsAssignableTo(typeof(Exception)) => Activator.CreateInstance(type, $"text {id}"),
            _ when type.IsDefined(typeof(GenerateSerializerAttribute)) => Of(type),
            _ => throw new NotSupportedException($"Tell {nameof(Sample)} what a {type} is, so that its bytes can be written down."),
        };
    }

    /// <summary>A value of a type that crosses silos, every member set.</summary>
    public static object Of(Type type)
    {
        if (type.IsAssignableTo(typeof(Exception)))
        {
            return Of(type, 0)!;
        }
        object value = RuntimeHelpers.GetUninitializedObject(type);
        foreach ((uint id, PropertyInfo member) in Members(type))
        {
            member.SetValue(value, Of(member.PropertyType, id));
        }
        return value;
    }

    /// <summary>Members on the wire, by id.</summary>
    public static IReadOnlyDictionary<uint, PropertyInfo> Members(Type type) => type.GetProperties()
        .Where(p => p.IsDefined(typeof(IdAttribute))).ToDictionary(p => p.GetCustomAttribute<IdAttribute>()!.Id);

    /// <summary>Asserts that two values, perhaps of two releases, agree in every member that both have, and that the rest is
    /// empty.</summary>
    public static void AssertEqual(object? expected, object? actual)
    {
        if (expected is null || actual is null)
        {
            Assert.Equal(expected, actual);
        }
        else if (expected is Exception exception)
        {
            Assert.Equal(exception.Message, Assert.IsAssignableFrom<Exception>(actual).Message);
        }
        else if (expected is not string && expected is IEnumerable many)
        {
            object?[] left = [.. many.Cast<object?>()], right = [.. Assert.IsAssignableFrom<IEnumerable>(actual).Cast<object?>()];
            Assert.Equal(left.Length, right.Length);
            Assert.All(left.Zip(right), pair => AssertEqual(pair.First, pair.Second));
        }
        else if (expected.GetType().IsDefined(typeof(GenerateSerializerAttribute)) && expected is not SiloAddress
            && !expected.GetType().IsEnum)
        {
            IReadOnlyDictionary<uint, PropertyInfo> before = Members(expected.GetType()), after = Members(actual.GetType());
            Assert.NotEmpty(before.Keys.Intersect(after.Keys));
            foreach (uint id in before.Keys.Intersect(after.Keys))
            {
                // Two members of one type that changed places would go unnoticed by their values.
                Assert.Equal(before[id].Name, after[id].Name);
                AssertEqual(before[id].GetValue(expected), after[id].GetValue(actual));
            }
            Assert.All(after.Where(m => !before.ContainsKey(m.Key)), m =>
                Assert.Equal(DefaultOf(m.Value.PropertyType), m.Value.GetValue(actual)));
        }
        else
        {
            Assert.Equal(expected, actual);
        }
    }

    private static Array ArrayOf(Type element, uint id)
    {
        var array = Array.CreateInstance(element, 2);
        array.SetValue(Of(element, id), 0);
        array.SetValue(Of(element, id + 1), 1);
        return array;
    }

    private static object? DefaultOf(Type type) => type.IsValueType ? Activator.CreateInstance(type) : null;
}
