using System.Text;
using Foretell.Ingest.Decoding;

namespace Foretell.Ingest.Tests.Decoding;

/// <summary>Hostile bodies: whatever the bytes, a decoder answers with events, rejections or MalformedBodyException.</summary>
public sealed class DecoderFuzzTests
{
    private static readonly byte[][] s_seeds =
    [
        [.. """[{"stream":"a\u00e9","time":1700000000.25,"mark":"buy","id":"1"},{"stream":7,"time":"2026-01-31T12:00:00Z"}]"""u8],
        [.. "{\"stream\":\"a\",\"time\":1}\n{\"stream\":\"\\ud83d\\ude00\",\"time\":2e3,\"mark\":4}\n"u8],
        [.. """{"specversion":"1.0","id":"1","source":"/s","subject":"x","type":"t","time":"2026-01-31T12:00:00.5+01:00"}"""u8],
        [.. """[{"stream":"a","time":1,"values":{"amount":1.5,"\u0061":null}},{"stream":"a","time":2,"label":"x"}]"""u8],
        [.. """{"specversion":"1.0","id":"1","source":"/s","type":"foretell.label","time":"2026-01-31T12:00:00Z","data":{"label":1,"values":{}}}"""u8],
        [.. """{"stream":"a","time":1,"x":[[[{"y":null}]],true,-0.0e-5]}"""u8],
    ];

    private static readonly byte[][] s_pieces =
    [
        [.. "\\ud800"u8], [.. "\\"u8], [.. "\""u8], [.. "{"u8], [.. "}"u8], [.. "["u8], [.. "]"u8], [.. ","u8], [.. ":"u8],
        [.. "1e999999999"u8], [.. "NaN"u8], [.. "-"u8], [.. "\n"u8], [.. "null"u8], [.. "\"stream\":"u8], [.. "\"values\":{"u8], [.. "\"label\":"u8], [.. "\"time\":"u8],
        [.. "\"\\u0074ime\":"u8], [0xFF], [0xED, 0xA0, 0x80], [0xC3], [0x00], [0xEF, 0xBB, 0xBF], [.. "2026-01-31T12:00:00Z"u8],
    ];

    [Fact]
    public void Decode_WhenBytesAreRandom_NeverThrowsAnythingElse()
    {
        var random = new Random(20260201);
        for (int i = 0; i < 3000; i++)
        {
            byte[] body = new byte[random.Next(64)];
            random.NextBytes(body);
            Exercise(body);
        }
    }

    [Fact]
    public void Decode_WhenGoodBodiesAreMutated_NeverThrowsAnythingElse()
    {
        var random = new Random(20260202);
        for (int i = 0; i < 6000; i++)
        {
            List<byte> body = [.. s_seeds[random.Next(s_seeds.Length)]];
            for (int edits = random.Next(1, 5); edits > 0; edits--)
            {
                int at = random.Next(body.Count + 1);
                switch (random.Next(3))
                {
                    case 0:
                        body.InsertRange(at, s_pieces[random.Next(s_pieces.Length)]);
                        break;
                    case 1:
                        body.RemoveRange(at, random.Next(body.Count - at + 1));
                        break;
                    default:
                        body.Insert(at, (byte)random.Next(256));
                        break;
                }
            }
            Exercise([.. body]);
        }
    }

    private static void Exercise(byte[] body)
    {
        foreach (string contentType in EventDecoder.MediaTypes)
        {
            try
            {
                // Reading the events back also checks that every stored text is valid UTF-8.
                Decoded decoded = Decoded.From(contentType, body);
                Assert.All(decoded.Rejections, r => Assert.NotEmpty(r.Reason));
                Assert.All(decoded.Events, e => Assert.NotEmpty(e.Stream));
            }
            catch (MalformedBodyException malformed)
            {
                Assert.True(malformed.Line >= 1 && malformed.ByteInLine >= 1);
            }
            catch (Exception other)
            {
                Assert.Fail($"{other.GetType().Name} for {contentType} on '{Encoding.Latin1.GetString(body)}': {other.Message}");
            }
        }
    }
}
