// A game in real time. It sends `events` events, one each `every_ms`, keeps all samples in the file `heard`, and ends
// when all have receipts and `seconds` are heard. What happens is printed, a line each, for a test that kills the
// service. Where little music is left, its sound card waits for at most `most_waited` blocks before it plays another:
// with 1 it is slow, and with many a busy machine makes no gap.
#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Threading;
using Segue.Client;
using Segue.Playback;
using Segue.Protocol;
using Segue.Session;
using Segue.Tests;
using Segue.Transport;

namespace Segue.Probes
{
    internal sealed class GameProbe
    {
        private const int Block = 480;
        private const double BlockS = 0.01;
        private const int Spare = 14_400;
        private const double GiveUpS = 150.0;

        private readonly JsonObject given;
        private readonly SegueClient client;
        private readonly Stopwatch clock = Stopwatch.StartNew();
        private readonly Stream heard;
        private readonly float[] samples = new float[Block * Lengths.Channels];
        private readonly byte[] bytes = new byte[Block * Lengths.Channels * sizeof(float)];
        private readonly List<object?> told = new List<object?>();
        private readonly List<object?> committed = new List<object?>();

        // The start of each chunk, and the sample clock when the game learnt of it.
        private readonly List<object?> arrived = new List<object?>();
        private double blockS;
        private double eventS;
        private long sent;
        private long receipts;
        private int waited;

        private GameProbe(JsonObject given)
        {
            this.given = given;
            heard = File.Create((string)given["heard"]!);
            var hello = new Map
            {
                { "seed", Value.Of(1L) },
                { "lookahead_ms", Value.Of((long)given["lookahead_ms"]!) },
            };
            var pins = ((List<object?>)given["pins"]!).ConvertAll(pin => (string)pin!).ToArray();
            client = new SegueClient((string)given["address"]!, new ClientOptions
            {
                Token = (string)given["token"]!,
                Tls = new TlsOptions(pins),
                Hello = hello,
            });
        }

        public static object Run(object cases) => new GameProbe((JsonObject)cases).Play();

        private object Play()
        {
            while (clock.Elapsed.TotalSeconds < GiveUpS && !IsDone())
            {
                NoteAll();
                Render();
                Send();
                Thread.Sleep(2);
            }
            var position = client.Position;
            var isClosed = client.Close();
            NoteAll();
            heard.Dispose();
            return new Dictionary<string, object?>
            {
                ["told"] = told,
                ["committed"] = committed,
                ["arrived"] = arrived,
                ["late"] = position.Late,
                ["underruns"] = position.Underruns,
                ["closed"] = isClosed,
                ["unanswered"] = client.Waiting,
            };
        }

        private bool IsDone() =>
            receipts >= (long)given["events"]!
            && client.Position.Committed >= (long)given["seconds"]! * Lengths.SampleRate;

        private void NoteAll()
        {
            foreach (var happened in client.Poll())
            {
                var kind = happened.Kind;
                receipts += kind == ClientEvent.Receipt ? 1 : 0;
                if (kind == ClientEvent.Live || kind == ClientEvent.Lost || kind == ClientEvent.ConnectionFailed)
                {
                    Console.Out.WriteLine("event " + kind);
                    Console.Out.Flush();
                }
                if (kind == ClientEvent.MusicArrived)
                {
                    arrived.Add(new List<object?> { happened["start"], client.Position.Committed });
                }
                else
                {
                    told.Add(new List<object?> { kind, happened.Fields });
                }
            }
        }

        private void Render()
        {
            var nowS = clock.Elapsed.TotalSeconds;
            if (nowS - blockS < BlockS)
            {
                return;
            }
            // What a busy machine missed is not caught up.
            blockS = Math.Max(blockS + BlockS, nowS - BlockS);
            var before = client.Position;
            var isShort = before.Have < before.Committed + Spare && !before.IsStanding;
            if (isShort && waited < (long)given["most_waited"]!)
            {
                waited++;
                return;
            }
            waited = 0;
            client.Render(samples, 2 * Block);
            Buffer.BlockCopy(samples, 0, bytes, 0, bytes.Length);
            heard.Write(bytes, 0, bytes.Length);
            committed.Add(client.Position.Committed);
        }

        private void Send()
        {
            var nowS = clock.Elapsed.TotalSeconds;
            var isDue = nowS - eventS >= (long)given["every_ms"]! / 1000.0;
            if (client.Position.Committed == 0 || sent >= (long)given["events"]! || !isDue)
            {
                return;
            }
            eventS = nowS;
            // Each event sets an input to a value that it does not have, and some fire a trigger.
            client.SetInput("level", sent % 7 / 8.0);
            if (sent % 10 == 0)
            {
                client.SetInput("deep", sent % 20 == 0);
            }
            if (sent % 5 == 0)
            {
                client.Fire("ping");
            }
            sent = client.EndFrame();
            if (sent % 25 == 0)
            {
                Console.Out.WriteLine("sent " + sent);
                Console.Out.Flush();
            }
        }
    }
}
