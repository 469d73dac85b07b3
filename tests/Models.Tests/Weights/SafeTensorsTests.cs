using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using Foretell.Models.Numerics;
using Foretell.Models.Weights;

namespace Foretell.Models.Tests.Weights;

public sealed class SafeTensorsTests : IDisposable
{
    private const long Seed = 161_803;
    private readonly string folder = Directory.CreateTempSubdirectory("foretell-weights-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Read_WhenWrittenBefore_ReturnsTheSameContent()
    {
        string path = Path.Combine(folder, "model.safetensors");
        Sample().Write(path);
        SafeTensors read = SafeTensors.Read(path);

        Assert.Equal(Sample().Metadata, read.Metadata);
        Assert.Equal(Sample().Tensors.Keys, read.Tensors.Keys);
        foreach (var (name, tensor) in Sample().Tensors)
        {
            Assert.Equal(tensor.Type, read.Tensors[name].Type);
            Assert.Equal(tensor.Shape, read.Tensors[name].Shape);
            Assert.Equal(tensor.Bytes.ToArray(), read.Tensors[name].Bytes.ToArray());
        }
        Assert.Equal([1.5f, float.NaN, -0f, float.MaxValue, float.Epsilon, 7], read.Tensors["weights"].ToFloats());
        Assert.Equal([Math.PI, double.NegativeInfinity], read.Tensors["doubles"].ToDoubles());
        Assert.Equal([long.MinValue, 0, long.MaxValue], read.Tensors["counts"].ToLongs());
        Assert.Throws<InvalidDataException>(read.Tensors["counts"].ToFloats);
        Assert.Equal(Sample().ToBytes(), read.ToBytes());
    }

    [Fact]
    public void ToBytes_WhenTypesMix_AlignsHeaderAndTensors()
    {
        byte[] file = Sample().ToBytes();
        long header = BinaryPrimitives.ReadInt64LittleEndian(file);
        Assert.Equal(0, header % 8);
        Assert.Equal((byte)'{', file[8]);
        string json = Encoding.UTF8.GetString(file, 8, (int)header);
        // The two 8-byte types lie before the floats, whatever the names' order.
        Assert.Contains("\"counts\":{\"dtype\":\"I64\",\"shape\":[3],\"data_offsets\":[0,24]}", json);
        Assert.Contains("\"doubles\":{\"dtype\":\"F64\",\"shape\":[2,1],\"data_offsets\":[24,40]}", json);
        Assert.Contains("\"weights\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[44,68]}", json);
    }

    [Fact]
    public void Write_WhenReadByPython_HasTheSameValues()
    {
        Python.SkipWithout();
        string path = Path.Combine(folder, "model.safetensors"), script = Path.Combine(folder, "read.py");
        Sample().Write(path);
        File.WriteAllText(script, """
            import json, struct, sys
            data = open(sys.argv[1], 'rb').read()
            size, = struct.unpack('<Q', data[:8])
            header = json.loads(data[8:8 + size])
            body = data[8 + size:]
            metadata = header.pop('__metadata__')
            assert metadata == {'format': 'pt', 'name': 'Zürich "quoted"\n'}, metadata
            def values(name, code):
                entry = header[name]
                begin, end = entry['data_offsets']
                width = struct.calcsize('<' + code)
                assert begin % width == 0 and (8 + size) % 8 == 0
                return list(struct.unpack('<%d%s' % ((end - begin) // width, code), body[begin:end]))
            assert values('counts', 'q') == [-2**63, 0, 2**63 - 1]
            assert values('doubles', 'd') == [3.141592653589793, float('-inf')]
            assert values('scalar', 'f') == [0.25] and header['scalar']['shape'] == [1]
            assert values('empty', 'f') == [] and header['empty']['shape'] == [0, 4]
            assert str(values('weights', 'f')) == '[1.5, nan, -0.0, 3.4028234663852886e+38, 1.401298464324817e-45, 7.0]'
            assert header['weights']['shape'] == [2, 3]
            ends = sorted(entry['data_offsets'] for entry in header.values())
            assert ends[0][0] == 0 and ends[-1][1] == len(body)
            print('same')
            """);
        using Process python = Process.Start(new ProcessStartInfo("python3", [script, path])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        string output = python.StandardOutput.ReadToEnd(), errors = python.StandardError.ReadToEnd();
        python.WaitForExit();
        Assert.Equal(("same", ""), (output.Trim(), errors.Trim()));
    }

    [Fact]
    public void Write_WhenItFails_LeavesTheOldFileAndNothingElse()
    {
        string path = Path.Combine(folder, "model.safetensors");
        Sample().Write(path);
        byte[] before = File.ReadAllBytes(path);
        SafeTensors bad = Sample();
        bad.Tensors["__metadata__"] = Tensor.Of([1f]);
        Assert.Throws<ArgumentException>(() => bad.Write(path));
        Assert.Equal(before, File.ReadAllBytes(path));
        Assert.Equal([path], Directory.GetFileSystemEntries(folder));
    }

    [Fact]
    public void Write_WhenAFileStandsThere_ReplacesIt()
    {
        string path = Path.Combine(folder, "model.safetensors");
        File.WriteAllText(path, "something else, and longer than what will replace it" + new string('.', 10_000));
        Sample().Write(path);
        Assert.Equal(Sample().ToBytes(), File.ReadAllBytes(path));
        Assert.Equal([path], Directory.GetFileSystemEntries(folder));
    }

    [Theory]
    [InlineData("", "lacks dtype", "{\"a\":{}}")]
    [InlineData("", "twice",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]},\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}")]
    [InlineData("", "twice", "{\"__metadata__\":{\"x\":\"1\",\"x\":\"2\"}}")]
    [InlineData("", "metadata 'x' needs String", "{\"__metadata__\":{\"x\":1}}")]
    [InlineData("", "repeated field 'dtype'", "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}}")]
    [InlineData("", "unknown or repeated field 'extra'", "{\"a\":{\"extra\":1}}")]
    [InlineData("", "BF16", "{\"a\":{\"dtype\":\"BF16\",\"shape\":[0],\"data_offsets\":[0,0]}}")]
    [InlineData("", "whole numbers", "{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,0]}}")]
    [InlineData("", "whole numbers", "{\"a\":{\"dtype\":\"F32\",\"shape\":[1.5],\"data_offsets\":[0,0]}}")]
    [InlineData("", "span 4", "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}")]
    [InlineData("", "span 0", "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4611686018427387904],\"data_offsets\":[0,0]}}")]
    [InlineData("", "begin and an end", "{\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[4,0]}}")]
    [InlineData("1234", "ends at byte 8", "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}")]
    [InlineData("12345678", "end at byte 4", "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}")]
    [InlineData("12345678", "starts at byte 4", "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}")]
    [InlineData("12345678", "neither overlap",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}")]
    [InlineData("", "not valid JSON", "{\"a\":")]
    [InlineData("", "not valid JSON", "{}{}")]
    [InlineData("", "needs StartObject", "[]")]
    [InlineData("", "not valid JSON", "")]
    public void Parse_WhenTheHeaderLies_SaysWhat(string data, string expected, string header)
    {
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => SafeTensors.Parse(Frame(header, data)));
        Assert.Contains(expected, error.Message);
    }

    [Fact]
    public void Parse_WhenTheLengthIsABound_RefusesItBeforeReading()
    {
        byte[] file = Frame("{}", "");
        BinaryPrimitives.WriteUInt64LittleEndian(file, ulong.MaxValue);
        Assert.Contains("claims", Assert.Throws<InvalidDataException>(() => SafeTensors.Parse(file)).Message);
        Assert.Contains("0 bytes", Assert.Throws<InvalidDataException>(() => SafeTensors.Parse([])).Message);
        string path = Path.Combine(folder, "short");
        File.WriteAllText(path, "abc");
        Assert.Contains(path, Assert.Throws<InvalidDataException>(() => SafeTensors.Read(path)).Message);
    }

    [Fact]
    public void Parse_WhenBytesAreFlippedCutOrAdded_NeverFailsOtherwise()
    {
        RandomStream random = new(Seed);
        byte[] good = Sample().ToBytes();
        int accepted = 0, refused = 0;
        for (int round = 0; round < 4_000; round++)
        {
            byte[] file = Corrupt(good, random);
            try
            {
                SafeTensors.Parse(file);
                accepted++;
            }
            catch (InvalidDataException error)
            {
                Assert.EndsWith(".", error.Message);
                refused++;
            }
        }
        // Flips inside the data, names or metadata are no error of the format; both outcomes must have been met.
        Assert.True(accepted > 30 && refused > 1000, $"accepted {accepted}, refused {refused}");
    }

    private static byte[] Corrupt(byte[] good, RandomStream random)
    {
        List<byte> file = [.. good];
        for (int edits = 1 + random.NextInt(3); edits > 0; edits--)
        {
            // Mostly in the header, where it hurts.
            int at = random.NextInt(random.NextInt(4) == 0 ? file.Count : Math.Min(file.Count, 400));
            switch (random.NextInt(5))
            {
                case 0: file[at] = (byte)random.NextInt(256); break;
                case 1: file[at] ^= (byte)(1 << random.NextInt(8)); break;
                case 2: file.Insert(at, (byte)random.NextInt(256)); break;
                case 3: file.RemoveAt(at); break;
                default: file.RemoveRange(at, Math.Min(file.Count - at, random.NextInt(40))); break;
            }
            if (file.Count == 0)
            {
                break;
            }
        }
        return [.. file];
    }

    private static byte[] Frame(string header, string data)
    {
        byte[] json = Encoding.UTF8.GetBytes(header), file = new byte[8 + json.Length + data.Length];
        BinaryPrimitives.WriteInt64LittleEndian(file, json.Length);
        json.CopyTo(file, 8);
        Encoding.ASCII.GetBytes(data).CopyTo(file, 8 + json.Length);
        return file;
    }

    private static SafeTensors Sample()
    {
        SafeTensors content = new();
        content.Metadata["format"] = "pt";
        content.Metadata["name"] = "Zürich \"quoted\"\n";
        content.Tensors["weights"] = Tensor.Of([1.5f, float.NaN, -0f, float.MaxValue, float.Epsilon, 7], 2, 3);
        content.Tensors["doubles"] = Tensor.Of([Math.PI, double.NegativeInfinity], 2, 1);
        content.Tensors["counts"] = Tensor.Of([long.MinValue, 0, long.MaxValue]);
        content.Tensors["scalar"] = Tensor.Of([0.25f]);
        content.Tensors["empty"] = Tensor.Of(ReadOnlySpan<float>.Empty, 0, 4);
        return content;
    }
}
