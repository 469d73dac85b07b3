using System.Globalization;
using System.IO.Compression;
using System.Net.Sockets;
using System.Text;
using Foretell.Fuzz.Running;

namespace Foretell.Fuzz.Targets;

/// <summary>Bytes over TCP to a server that listens as that of `foretell run` does: request lines, headers, framing, packed bodies,
/// requests one behind the other. A client that is through with writing, or has gone, gets its answers or a closed connection.</summary>
/// <remarks>A status from 500 on is a finding, but for 503 and 504, which the API documents, and 505, which is HTTP's word for a version
/// that the server does not speak.</remarks>
internal static class SocketTargets
{
    // What follows the input on the connection: where that is framed well it is answered, and the connection closed.
    private static readonly byte[] s_last = "GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"u8.ToArray();

    // A request that does not end gets no answer; a feed gets one that does not.
    private static readonly TimeSpan s_idle = TimeSpan.FromMilliseconds(25), s_patience = TimeSpan.FromSeconds(5);

    private const long MostProcessBytes = 1L << 30;
    private const string LengthHeader = "Content-Length: ";
    private const int LengthDigits = 8;

    public static IReadOnlyList<FuzzTarget> List { get; } =
    [
        new("socket", Send)
        {
            Seeds = [.. Seeds()],
            Words =
            [
                .. RequestTargets.Words, " HTTP/1.1\r\n", " HTTP/1.0\r\n", " HTTP/2.0\r\n", "Host: a\r\n", "Content-Length: 7\r\n", "Content-Length: 00000000\r\n",
                "Transfer-Encoding: chunked\r\n", "0\r\n\r\n", "5\r\nabcde\r\n", "ffffffff\r\n", "Connection: close\r\n", "Connection: Upgrade\r\nUpgrade: h2c\r\n",
                "Content-Encoding: zstd\r\n", "Content-Encoding: deflate\r\n", "Content-Encoding: gzip, br\r\n", "OPTIONS * HTTP/1.1\r\n", "HEAD ",
                "http://a/v1/status", "%zz", "..", "\n", "\t",
            ],
            Repair = RightLength,
            MostBytes = 16_384,
            // The work goes on in other threads: the process is looked at instead.
            FreeBytes = long.MaxValue / 2,
            IsConcurrent = true,
            Share = 50,
        },
    ];

    private static IEnumerable<byte[]> Seeds()
    {
        byte[] events = """[{"stream":"a","time":"2026-01-31T12:00:00Z","mark":"visit"},{"stream":"b","time":1769860801.5}]"""u8.ToArray();
        yield return Post("application/json", "", events);
        yield return Post("application/json", "Content-Encoding: gzip\r\n", Packed(events, stream => new GZipStream(stream, CompressionLevel.Fastest)));
        yield return Post("application/json", "Content-Encoding: br\r\n", Packed(events, stream => new BrotliStream(stream, CompressionLevel.Fastest)));
        yield return Post("application/json", "Content-Encoding: deflate\r\n", Packed(events, stream => new ZLibStream(stream, CompressionLevel.Fastest)));
        yield return Post("application/json", "Content-Encoding: zstd\r\n", Packed(events, stream => new ZstdSharp.CompressionStream(stream)));
        // Little that unpacks to much: a body of 8 MB of blanks.
        yield return Post("application/x-ndjson", "Content-Encoding: gzip\r\n",
            Packed(Enumerable.Repeat((byte)' ', 8 << 20).ToArray(), stream => new GZipStream(stream, CompressionLevel.Fastest))[..8192]);
        yield return Post("text/csv", "Idempotency-Key: k\r\nExpect: 100-continue\r\n", "stream,time\na,1769860801\n"u8.ToArray());
        yield return Latin("POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "1b\r\n{\"stream\":\"a\",\"time\":1}\n{\"s\r\n14;x=y\r\ntream\":\"b\",\"time\":2}\r\n0\r\nTrailer: 1\r\n\r\n");
        yield return Latin("GET /v1/streams/a%2Fb/forecast?horizon=PT1H&quantiles=0.5,0.9 HTTP/1.1\r\nHost: localhost:5080\r\nAccept: */*\r\n\r\n"
            + "GET /v1/status HTTP/1.1\r\nHost: a\r\n\r\nGET /v1/overdue?limit=3 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        yield return Latin("GET /v1/streams/a/events HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\nLast-Event-ID: 0-1\r\n\r\n");
        yield return Latin("POST /v1/forecasts HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 32\r\n\r\n{\"streams\":[\"a\"],\"horizon\":\"1h\"}"
            + "POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n[{\"stream\"");
    }

    private static byte[] Post(string type, string headers, byte[] body) =>
    [
        .. Latin($"POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Type: {type}\r\n{headers}{LengthHeader}{body.Length:D8}\r\n\r\n"), .. body,
    ];

    private static byte[] Latin(string text) => Encoding.Latin1.GetBytes(text);

    private static byte[] Packed(byte[] body, Func<Stream, Stream> pack)
    {
        var packed = new MemoryStream();
        using (Stream stream = pack(packed))
        {
            stream.Write(body);
        }
        return packed.ToArray();
    }

    /// <summary>Rights a length of eight digits, so that what was inserted or left out does not make the rest a request
    /// of its own.</summary>
    private static void RightLength(byte[] input)
    {
        int end = input.AsSpan().IndexOf("\r\n\r\n"u8);
        int at = input.AsSpan().IndexOf(Encoding.ASCII.GetBytes(LengthHeader)) + LengthHeader.Length;
        if (at >= LengthHeader.Length && at < end && input.AsSpan(at).IndexOf("\r\n"u8) == LengthDigits)
        {
            Latin((input.Length - end - 4).ToString("D8", CultureInfo.InvariantCulture)).CopyTo(input, at);
        }
    }

    private static void Send(byte[] input)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        // No address stays taken when it closes: there are not enough of them for a campaign.
        socket.LingerState = new LingerOption(true, 0);
        var answer = new MemoryStream();
        try
        {
            socket.Connect(ApiInProcess.NextListening().Address);
            socket.Send([.. input, .. s_last]);
            Receive(socket, answer);
        }
        catch (SocketException e)
            when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown or SocketError.ConnectionAborted)
        {
            // It has refused to read on.
        }
        RecordTargets.Require(answer.Length < RequestTargets.MostAnswerBytes, "an answer is not far longer than its request");
        foreach (int status in Statuses(answer.ToArray()))
        {
            RecordTargets.Require(status is >= 100 and < 500 or 503 or 504 or 505, $"no request is answered {status}");
        }
        RecordTargets.Require(Environment.WorkingSet < MostProcessBytes, $"the server's process stays below {MostProcessBytes >> 20} MiB");
    }

    private static void Receive(Socket socket, MemoryStream answer)
    {
        byte[] buffer = new byte[16 << 10];
        bool isWriting = true;
        while (answer.Length < RequestTargets.MostAnswerBytes)
        {
            if (!socket.Poll(isWriting ? s_idle : s_patience, SelectMode.SelectRead))
            {
                RecordTargets.Require(isWriting, "the server closes a connection whose client has nothing more to say");
                socket.Shutdown(SocketShutdown.Send);
                isWriting = false;
                continue;
            }
            int read = socket.Receive(buffer);
            if (read == 0)
            {
                return;
            }
            answer.Write(buffer, 0, read);
        }
    }

    /// <summary>The statuses of answers one behind the other, as far as they can be told apart: one to HEAD has a length and no
    /// body.</summary>
    private static List<int> Statuses(byte[] answers)
    {
        var statuses = new List<int>();
        ReadOnlySpan<byte> rest = answers;
        while (rest.StartsWith("HTTP/1.1 "u8) && rest.IndexOf("\r\n\r\n"u8) is > 0 and var end)
        {
            string head = Encoding.Latin1.GetString(rest[..end]);
            statuses.Add(int.Parse(head.AsSpan(9, 3), CultureInfo.InvariantCulture));
            rest = rest[(end + 4)..];
            int length = head.IndexOf("\r\n" + LengthHeader, StringComparison.OrdinalIgnoreCase);
            if (length >= 0)
            {
                string digits = new([.. head[(length + 2 + LengthHeader.Length)..].TakeWhile(char.IsAsciiDigit)]);
                rest = rest[Math.Min(rest.Length, int.Parse(digits, CultureInfo.InvariantCulture))..];
            }
            else if (head.Contains("\r\nTransfer-Encoding: chunked", StringComparison.OrdinalIgnoreCase))
            {
                int last = rest.IndexOf("\r\n0\r\n\r\n"u8);
                rest = last < 0 ? default : rest[(last + 7)..];
            }
        }
        return statuses;
    }
}
