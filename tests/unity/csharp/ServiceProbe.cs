// A game that starts services of its own. `run` says what it does; what a test waits for is printed, a line each.
#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Threading;
using Segue.Client;
using Segue.Playback;
using Segue.Service;
using Segue.Session;
using Segue.Tests;

namespace Segue.Probes
{
    internal sealed class ServiceProbe
    {
        private const double GiveUpS = 60.0;
        private const double FrameS = 0.01;
        private const int Block = 480;

        private readonly JsonObject given;
        private readonly Stopwatch clock = Stopwatch.StartNew();
        private readonly List<object?> told = new List<object?>();
        private readonly List<object?> ids = new List<object?>();
        private readonly List<object?> failures = new List<object?>();
        private readonly float[] block = new float[Block * Lengths.Channels];
        private SupervisedService? service;
        private SegueClient? client;
        private int lives;
        private bool isFinal;

        private ServiceProbe(JsonObject given)
        {
            this.given = given;
        }

        public static object? Run(object cases)
        {
            var given = (JsonObject)cases;
            switch ((string)given["run"]!)
            {
                case "programs":
                    return ((List<object?>)given["programs"]!).ConvertAll(
                        program => new ServiceProbe(given).Refused((string)program!));
                case "plays":
                    return new ServiceProbe(given).Plays();
                default:
                    return new ServiceProbe(given).Killed();
            }
        }

        /// <summary>Why a program is no service, and whether that is final.</summary>
        private object? Refused(string program)
        {
            Start(program);
            Until(() => failures.Count > 0);
            service!.Stop();
            ServiceProcess.EndAll(5_000);
            return new List<object?> { failures[0], isFinal };
        }

        /// <summary>A service that plays, and ends with the game.</summary>
        private object? Plays()
        {
            Start((string)given["program"]!);
            Until(() => client != null && client.Position.Played > 0);
            Tell("serving " + service!.Id);
            Until(() => given["goes_on"] == null || File.Exists((string)given["goes_on"]!));
            client!.Close();
            service.Stop();
            ServiceProcess.EndAll((int)(long)given["end_ms"]!);
            return Result();
        }

        /// <summary>Fires in a session, while the service is dead, and after its restart.</summary>
        private object? Killed()
        {
            Start((string)given["program"]!);
            Until(() => lives == 1);
            Fire();
            Until(() => Count(ClientEvent.Receipt) == 1);
            Tell("serving " + service!.Id);
            Until(() => Count(ClientEvent.Lost) == 1);
            Fire();
            Until(() => lives == 2);
            Fire();
            Tell("serving " + service.Id);
            Until(() => Count(ClientEvent.Receipt) == 3);
            var played = client!.Position.Played;
            Until(() => client.Position.Played > played + Lengths.SampleRate);
            client.Close();
            service.Stop();
            ServiceProcess.EndAll(20_000);
            return Result();
        }

        private object Result() => new Dictionary<string, object?>
        {
            ["ids"] = ids,
            ["told"] = told,
            ["failures"] = failures,
            ["final"] = isFinal,
        };

        private void Fire()
        {
            client!.Fire("ping");
            client.EndFrame();
        }

        private void Start(string program)
        {
            service = new SupervisedService(program, new[] { (string)given["rules"]! }, Open, Fail);
            service.Start();
        }

        private void Open(string address)
        {
            ids.Add((long)service!.Id);
            try
            {
                client?.Move(address);
                client ??= new SegueClient(address);
            }
            catch (ArgumentException error)
            {
                Fail(error.Message, true);
            }
        }

        private void Fail(string text, bool final)
        {
            failures.Add(text);
            isFinal = final;
            client?.Move("");
        }

        private int Count(string kind) => told.FindAll(each => (string)each! == kind).Count;

        /// <summary>Lets game frames pass until something is so. Throws TimeoutException.</summary>
        private void Until(Func<bool> isSo)
        {
            while (!isSo())
            {
                if (clock.Elapsed.TotalSeconds > GiveUpS)
                {
                    throw new TimeoutException("told: " + JsonText.Of(told) + ", failed: " + JsonText.Of(failures));
                }
                service!.Step(FrameS);
                client?.Render(block, Block);
                foreach (var happened in client?.Poll() ?? Array.Empty<ClientEvent>())
                {
                    lives += happened.Kind == ClientEvent.Live ? 1 : 0;
                    told.Add(happened.Kind);
                }
                Thread.Sleep((int)(FrameS * 1_000));
            }
        }

        private static void Tell(string line)
        {
            Console.Out.WriteLine(line);
            Console.Out.Flush();
        }
    }
}
