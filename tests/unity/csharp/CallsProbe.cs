// A game that does one thing after another. A step calls the client, with "$saved" for the last blob saved, or waits
// for an event of a `kind` whose fields are those of `with`, or for a number of `beats` ahead. A thread of its own
// plays. The result is all that was told, the beats ahead at the last of these waits, and what each step gave.
#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;
using Segue.Client;
using Segue.Playback;
using Segue.Protocol;
using Segue.Session;
using Segue.Tests;
using Segue.Transport;

namespace Segue.Probes
{
    internal sealed class CallsProbe
    {
        private const int Block = 480;
        private const double GiveUpS = 90.0;

        private readonly List<object?> steps;
        private readonly SegueClient client;
        private readonly List<ClientEvent> told = new List<ClientEvent>();
        private readonly List<object?> gave = new List<object?>();
        private byte[] saved = Array.Empty<byte>();
        private int seen;
        private object? beats;

        private CallsProbe(JsonObject given)
        {
            steps = (List<object?>)given["steps"]!;
            client = new SegueClient((string)given["address"]!, new ClientOptions
            {
                Token = (string)given["token"]!,
                Tls = new TlsOptions((string)given["pin"]!),
                Hello = new Map { { "seed", Value.Of(1L) } },
            });
        }

        public static object Run(object cases) => new CallsProbe((JsonObject)cases).Play();

        /// <summary>
        /// Starts and ends clients of each address, of all at the same time if `together`. For each, what the first
        /// client was told first, within some seconds, and how many ended in time.
        /// </summary>
        public static object RunMany(object cases)
        {
            var given = (JsonObject)cases;
            var addresses = (List<object?>)given["addresses"]!;
            var results = new object?[addresses.Count];
            var threads = addresses.ConvertAll(address => new Thread(at =>
            {
                results[(int)at!] = Met((string)address!, (long)given["wait_ms"]!, (long)given["clients"]!);
            }));
            for (var at = 0; at < threads.Count; at++)
            {
                threads[at].Start(at);
                if (!(bool)given["together"]!)
                {
                    threads[at].Join();
                }
            }
            threads.ForEach(thread => thread.Join());
            return new List<object?>(results);
        }

        private static object Met(string address, long waitMs, long clients)
        {
            var told = FirstOf(address, waitMs);
            var ended = 0;
            for (var i = 0; i < clients; i++)
            {
                using var client = new SegueClient(address);
                client.SetInput("level", 0.5);
                client.EndFrame();
                Thread.Sleep(15 * i);
                ended += client.Close() ? 1 : 0;
            }
            return new List<object?> { told, ended };
        }

        /// <summary>
        /// Kind and fields of the first event that is not of the start of a session; null: none came.
        /// </summary>
        private static object? FirstOf(string address, long waitMs)
        {
            using var client = new SegueClient(address);
            for (var clock = Stopwatch.StartNew(); clock.ElapsedMilliseconds < waitMs; Thread.Sleep(5))
            {
                foreach (var happened in client.Poll())
                {
                    if (happened.Kind != ClientEvent.Live)
                    {
                        return new List<object?> { happened.Kind, happened.Fields };
                    }
                }
            }
            return null;
        }

        private object Play()
        {
            var clock = Stopwatch.StartNew();
            var isOver = false;
            var player = new Thread(() =>
            {
                var block = new float[Block * Lengths.Channels];
                while (!Volatile.Read(ref isOver))
                {
                    client.Render(block, Block);
                    Thread.Sleep(10);
                }
            });
            player.Start();
            var next = 0;
            while (next < steps.Count && clock.Elapsed.TotalSeconds < GiveUpS)
            {
                Poll();
                while (next < steps.Count && Take((JsonObject)steps[next]!))
                {
                    next++;
                }
                Thread.Sleep(4);
            }
            Volatile.Write(ref isOver, true);
            player.Join();
            var isClosed = client.Close();
            Poll();
            return new Dictionary<string, object?>
            {
                ["left"] = steps.Count - next,
                ["told"] = told.ConvertAll(each => new List<object?> { each.Kind, each.Fields }),
                ["gave"] = gave,
                ["beats"] = beats,
                ["closed"] = isClosed,
            };
        }

        private void Poll()
        {
            foreach (var happened in client.Poll())
            {
                told.Add(happened);
                saved = happened.Kind == "saved" ? happened["blob"].AsBytes : saved;
            }
        }

        /// <summary>Whether the step is done.</summary>
        private bool Take(JsonObject step)
        {
            if (step.Has("call"))
            {
                gave.Add(Call((string)step["call"]!, (List<object?>)step["with"]!));
                return true;
            }
            if (step.Has("beats"))
            {
                // The position first: a beat that is heard meanwhile is ahead of it all the same.
                var played = client.Position.Played;
                var ahead = client.UpcomingBeats;
                beats = new Dictionary<string, object?>
                {
                    ["played"] = played,
                    ["ahead"] = ahead.ConvertAll(beat => (object?)beat.At),
                };
                return ahead.Count >= (long)step["beats"]!;
            }
            while (seen < told.Count)
            {
                var happened = told[seen++];
                if (happened.Kind == (string)step["wait"]! && Fits(happened, (JsonObject)step["with"]!))
                {
                    return true;
                }
            }
            return false;
        }

        private object? Call(string name, List<object?> given)
        {
            switch (name)
            {
                case "set_input":
                    return CodeOf(client.SetValue((string)given[0]!, Tests.Vector.Plain(given[1])));
                case "fire":
                    return CodeOf(client.Fire((string)given[0]!));
                case "reset":
                    return CodeOf(client.Reset());
                case "end_frame":
                    return client.EndFrame();
                case "save":
                    return client.Save();
                case "restore":
                    return client.Restore((string)given[0]! == "$saved" ? saved : JsonText.Bytes((string)given[0]!));
                case "set_volume":
                    client.SetVolume(Convert.ToDouble(given[0]), (int)(long)given[1]!);
                    return null;
                case "set_muted":
                    client.SetMuted((bool)given[0]!);
                    return null;
                case "set_paused":
                    client.SetPaused((bool)given[0]!);
                    return null;
                default:
                    return client.Control(Tests.Vector.PlainMap((JsonObject)given[0]!));
            }
        }

        private static bool Fits(ClientEvent happened, JsonObject wanted)
        {
            foreach (var member in wanted.Members)
            {
                if (JsonText.Of(happened[member.Key]) != JsonText.Of(member.Value))
                {
                    return false;
                }
            }
            return true;
        }

        private static string CodeOf(InputError? error) => error == null ? "" : error.Code;
    }
}
