// Plays of scenes with a service: the music in the audio callback, what it allocates, and what plays leave behind.
#nullable enable
using System;
using System.Collections.Generic;
using System.IO;
using System.Reflection;
using System.Threading;
using Segue.Tests;
using UnityEngine;

namespace Segue.Probes
{
    internal static class PlayProbe
    {
        private const int StallMs = 1_500;

        public static object? Run(object cases)
        {
            var given = (JsonObject)cases;
            Application.dataPath = (string)given["project"]! + "/Assets";
            Application.streamingAssetsPath = Application.dataPath + "/StreamingAssets";
            Application.persistentDataPath = (string)given["project"]!;
            switch ((string)given["run"]!)
            {
                case "sound":
                    return Sound(given);
                case "allocations":
                    return Allocations(given);
                case "game":
                    return Game(given);
                case "killed":
                    return Killed(given);
                case "sample":
                    return SamplesProbe.FiveMinutes(given);
                case "on the beat":
                    return SamplesProbe.OnTheBeat(given);
                case "desk":
                    return SamplesProbe.Desk(given);
                case "walk":
                    return WalkProbe.Run(given);
                case "suspended":
                    return Suspended(given);
                default:
                    return Starts(given);
            }
        }

        /// <summary>What the sound card gets, in blocks of all lengths, with the sample clock of each.</summary>
        private static object Sound(JsonObject given)
        {
            var lengths = new Random(1);
            var most = (long)given["samples"]!;
            using var stage = new Stage(false, () => lengths.Next(1, 1_500)) { Most = most };
            var soundtrack = Stage.Soundtrack("");
            // All that is played is there before the first of it is: no machine is too slow for that.
            soundtrack.settings.address = (string)given["address"]!;
            soundtrack.settings.preRollMs = (int)(most / 48) + 1_000;
            soundtrack.settings.lookaheadMs = soundtrack.settings.preRollMs + 1_000;
            stage.Watched = soundtrack;
            soundtrack.Play();
            stage.Until(() => soundtrack.Heard.Position.Committed > 0);
            // The game loads something: no frame, and the sound card goes on.
            Thread.Sleep(StallMs);
            var afterStall = soundtrack.Heard.Position.Committed;
            stage.Until(() => soundtrack.Heard.Position.Committed > most);
            stage.StopCard();
            var blocks = new List<object?>();
            using var heard = File.Create((string)given["heard"]!);
            foreach (var each in stage.Heard)
            {
                var bytes = new byte[each.Block.Length * sizeof(float)];
                Buffer.BlockCopy(each.Block, 0, bytes, 0, bytes.Length);
                heard.Write(bytes, 0, bytes.Length);
                blocks.Add(new List<object?> { (long)(each.Block.Length / 2), each.Before, each.After });
            }
            return new Dictionary<string, object?>
            {
                ["blocks"] = blocks,
                ["underruns"] = soundtrack.Heard.Position.Underruns,
                ["late"] = soundtrack.Heard.Position.Late,
                ["after stall"] = afterStall,
                ["logged"] = Debug.Logged.ConvertAll(line => (object?)line),
            };
        }

        /// <summary>The bytes that the callback allocates, by the device's rate and channels, while music plays.</summary>
        private static object Allocations(JsonObject given)
        {
            var results = new List<object?>();
            // Mono makes type objects when it first compiles what is called, so the first play is not counted.
            foreach (var rate in new[] { 44_100, 48_000, 44_100 })
            {
                using var stage = new Stage();
                AudioSettings.Reset(new AudioConfiguration
                {
                    speakerMode = AudioSpeakerMode.Mode7point1,
                    dspBufferSize = 512,
                    sampleRate = rate,
                });
                var soundtrack = Stage.Soundtrack((string)given["address"]!);
                var method = typeof(SegueSoundtrack).GetMethod(
                    "OnAudioFilterRead", BindingFlags.Instance | BindingFlags.NonPublic)!;
                var callback = (Action<float[], int>)Delegate.CreateDelegate(
                    typeof(Action<float[], int>), soundtrack, method);
                var lengths = new[] { 512, 1, 333, 1_024, 2_000 };
                var blocks = Array.ConvertAll(lengths, length => new float[length * 8]);
                var isOver = false;
                var allocated = 0L;
                var calls = 0L;
                var thread = new Thread(() =>
                {
                    while (!Volatile.Read(ref isOver))
                    {
                        var before = GC.GetAllocatedBytesForCurrentThread();
                        for (var i = 0; i < blocks.Length; i++)
                        {
                            callback(blocks[i], 8);
                        }
                        var music = soundtrack.Heard.Position.Committed > 0;
                        allocated += music ? GC.GetAllocatedBytesForCurrentThread() - before : 0;
                        calls += music ? blocks.Length : 0;
                        Thread.Sleep(60);
                    }
                });
                thread.Start();
                stage.Until(() => Volatile.Read(ref calls) >= 150 && soundtrack.Heard.Position.Committed > 48_000);
                Volatile.Write(ref isOver, true);
                thread.Join();
                results.Add(new Dictionary<string, object?>
                {
                    ["allocated"] = allocated,
                    ["committed"] = soundtrack.Heard.Position.Committed,
                });
            }
            results.RemoveAt(0);
            return results;
        }

        /// <summary>All that a game without code does, a change of the device, a save and a restore.</summary>
        private static object Game(JsonObject given)
        {
            using var stage = new Stage(false, () => 480);
            var told = new List<object?>();
            void Tell(string kind, object? what) => told.Add(new List<object?> { kind, what });
            var soundtrack = Stage.Soundtrack((string)given["address"]!);
            soundtrack.Connected += title => Tell("connected", title);
            soundtrack.Disconnected += reason => Tell("disconnected", reason);
            soundtrack.Changed += change => Tell("changed", change.Layer + "/" + change.To);
            soundtrack.Caption += text => Tell("caption", text);
            soundtrack.Decided += (layer, from, to, seconds) => Tell("decided", layer + "/" + to);
            soundtrack.Beat += beat => throw new InvalidOperationException("a handler of the game fails");
            soundtrack.unityEvents.onBeat.AddListener((bar, beat) => Tell("beat", (long)beat));
            soundtrack.Receipt += (number, accepted, code) => Tell("receipt", accepted);
            soundtrack.Refused += (input, text) => Tell("refused", input);
            soundtrack.captionTexts.Add(new CaptionText { key = "water/depth", text = "It gets deep." });
            bool Was(string kind, object? what) => told.Exists(
                each => ((List<object?>)each!)[0]!.Equals(kind) && Equals(((List<object?>)each!)[1], what));
            stage.Until(() => soundtrack.State == SoundtrackState.Live && soundtrack.Heard.Position.Played > 0);
            var zone = new GameObject("zone").AddComponent<SegueZone>();
            zone.input = "deep";
            Physics.Send(zone.gameObject, "OnTriggerEnter", new GameObject("x") { tag = "Player" }.AddComponent<Collider>());
            var trigger = new GameObject("trigger").AddComponent<SegueTrigger>();
            trigger.trigger = "ping";
            trigger.Fire();
            soundtrack.SetInput("levle", 1.0);
            stage.Until(() => Was("changed", "water/depth") && Was("changed", "answer/heard"));
            // The device changes: the engine stops all sources, and the music goes on.
            AudioSettings.Reset(new AudioConfiguration
            {
                speakerMode = AudioSpeakerMode.Mode5point1,
                dspBufferSize = 256,
                sampleRate = 44_100,
            });
            var played = soundtrack.Heard.Position.Played;
            stage.Until(() => soundtrack.Heard.Position.Played > played + 48_000);
            var onBeat = 0;
            soundtrack.ScheduleOnBeat(() => onBeat++);
            var nextS = soundtrack.NextBeatS();
            stage.Until(() => onBeat == 1);
            byte[]? saved = null;
            string? restored = null;
            // Where the machine is too slow for the generator, another one plays for a while, whose sound is not restored.
            for (var tries = 0; restored != "all" && tries < 20; tries++)
            {
                (saved, restored) = (null, null);
                soundtrack.SaveMusic(blob => saved = blob);
                stage.Until(() => saved != null);
                soundtrack.RestoreMusic(saved!, how => restored = how);
                stage.Until(() => restored != null);
                stage.For(restored == "all" ? 0.0 : 1.0);
            }
            AudioListener.pause = true;
            stage.Until(() => soundtrack.Heard.Position.IsStanding);
            var standing = soundtrack.Heard.Position.Committed;
            stage.For(0.5);
            var isStill = soundtrack.Heard.Position.Committed == standing;
            AudioListener.pause = false;
            stage.Until(() => soundtrack.Heard.Position.Committed > standing + 4_800);
            var result = new Dictionary<string, object?>
            {
                ["told"] = told,
                ["saved"] = (long)saved!.Length,
                ["restored"] = restored,
                ["next"] = nextS >= 0.0 && nextS < 2.0,
                ["still"] = isStill,
                ["states"] = soundtrack.Heard.States,
                ["why"] = string.Join(", ", soundtrack.Heard.Changes[soundtrack.Heard.Changes.Count - 1].Causes),
                ["event_ms"] = soundtrack.Heard.EventMs,
                ["receipt_ms"] = soundtrack.Heard.ReceiptMs,
                ["underruns"] = soundtrack.Heard.Position.Underruns,
            };
            soundtrack.enabled = false;
            result["state"] = soundtrack.State.ToString();
            result["logged"] = Debug.Logged.ConvertAll(line => (object?)line.Split('\n')[0]);
            return result;
        }

        /// <summary>
        /// A service that a test stops for some seconds, again and again, and what is set and fired meanwhile: the receipts,
        /// whether the session was lost, and the last value.
        /// </summary>
        private static object Suspended(JsonObject given)
        {
            using var stage = new Stage(false, () => 480);
            var receipts = new List<object?>();
            var lost = new List<object?>();
            var isLost = false;
            var last = 0L;
            var soundtrack = Stage.Soundtrack((string)given["address"]!);
            soundtrack.Disconnected += reason => isLost = true;
            soundtrack.Receipt += (number, accepted, code) =>
            {
                receipts.Add(new List<object?> { number, accepted });
                last = Math.Max(last, number);
            };
            stage.Until(() => soundtrack.State == SoundtrackState.Live && soundtrack.Heard.Position.Played > 0);
            foreach (var seconds in (List<object?>)given["seconds"]!)
            {
                isLost = false;
                Console.Out.WriteLine("suspend " + seconds);
                Console.Out.Flush();
                stage.For((long)seconds! / 2.0);
                soundtrack.SetInput("level", (long)seconds / 100.0);
                soundtrack.Fire("ping");
                stage.For((long)seconds / 2.0);
                stage.Until(() => last == soundtrack.LastFrame && soundtrack.State == SoundtrackState.Live);
                lost.Add(isLost);
            }
            var played = soundtrack.Heard.Position.Played;
            stage.Until(() => soundtrack.Heard.Position.Played > played + 48_000);
            return new Dictionary<string, object?>
            {
                ["receipts"] = receipts,
                ["lost"] = lost,
                ["level"] = soundtrack.InputValue("level"),
                ["logged"] = Debug.Logged.ConvertAll(line => (object?)line),
            };
        }

        /// <summary>A game with a service of its own, which a test kills with the game.</summary>
        private static object? Killed(JsonObject given)
        {
            using var stage = new Stage(false, () => 480);
            var soundtrack = Stage.Soundtrack("");
            StartOwn(soundtrack, given);
            stage.Until(() => soundtrack.Heard.Position.Played > 0);
            Console.Out.WriteLine("serving " + soundtrack.ServiceId);
            Console.Out.Flush();
            Thread.Sleep(60_000);
            return null;
        }

        private static void StartOwn(SegueSoundtrack soundtrack, JsonObject given)
        {
            soundtrack.settings.service = ServiceChoice.Start;
            soundtrack.settings.command = (string)given["program"]!;
            soundtrack.settings.rulesFile = (string)given["rules"]!;
            soundtrack.Play();
        }

        /// <summary>Threads and sockets of this process before and after many plays, and the services they had.</summary>
        private static object Starts(JsonObject given)
        {
            var address = (string)given["address"]!;
            var reloads = (bool)given["reloads"]!;
            var services = new List<object?>();
            Once(address, reloads, stage => { });
            var before = Left();
            var lives = 0;
            for (var i = 0; i < (long)given["starts"]!; i++)
            {
                // One play ends when it is live, and others end at once, by the editor's stop, or are disabled before.
                Once(address, reloads, stage =>
                {
                    var soundtrack = SegueSoundtrack.All[0];
                    if (i % 5 == 0)
                    {
                        stage.Until(() => soundtrack.State == SoundtrackState.Live);
                        lives++;
                    }
                    else if (i % 5 == 1)
                    {
                        soundtrack.enabled = false;
                        soundtrack.enabled = true;
                    }
                    else if (i % 5 == 2)
                    {
                        UnityEditor.EditorApplication.Change(UnityEditor.PlayModeStateChange.ExitingPlayMode);
                    }
                    else if (i % 5 == 3)
                    {
                        UnityEngine.Object.Destroy(soundtrack.gameObject);
                    }
                    stage.Frame(0.01f);
                });
            }
            Once("", reloads, stage =>
            {
                var soundtrack = SegueSoundtrack.All[0];
                StartOwn(soundtrack, given);
                stage.Until(() => soundtrack.ServiceId > 0);
                services.Add((long)soundtrack.ServiceId);
            });
            return new Dictionary<string, object?>
            {
                ["before"] = before,
                ["after"] = Left(),
                ["lives"] = (long)lives,
                ["services"] = services,
            };
        }

        private static void Once(string address, bool reloads, Action<Stage> play)
        {
            using var stage = new Stage(reloads);
            Stage.Soundtrack(address);
            play(stage);
        }

        /// <summary>What the package has of the system and the engine; threads of the runtime have other names.</summary>
        private static Dictionary<string, object?> Left()
        {
            var threads = Threads();
            for (var tries = 0; threads > 0 && tries < 200; tries++)
            {
                // Mono lets a thread be joined a moment before the system has ended it.
                Thread.Sleep(10);
                threads = Threads();
            }
            return new Dictionary<string, object?>
            {
                ["threads"] = threads,
                ["soundtracks"] = (long)SegueSoundtrack.All.Count,
                ["sockets"] = Sockets(),
                ["listeners"] = (long)UnityEditor.EditorApplication.Listeners,
                ["device"] = (long)AudioSettings.Listeners,
            };
        }

        private static long Threads()
        {
            var count = 0L;
            foreach (var task in Directory.GetDirectories("/proc/self/task"))
            {
                var name = task + "/comm";
                try
                {
                    count += File.ReadAllText(name).StartsWith("Segue", StringComparison.Ordinal) ? 1 : 0;
                }
                catch (IOException)
                {
                    // It has ended meanwhile.
                }
            }
            return count;
        }

        /// <summary>The sockets of this process.</summary>
        private static long Sockets()
        {
            var script = "ls -l /proc/" + System.Diagnostics.Process.GetCurrentProcess().Id + "/fd | grep -c socket:";
            using var shell = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(
                "/bin/sh", "-c \"" + script + "\"")
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
            })!;
            var count = long.Parse(shell.StandardOutput.ReadToEnd());
            shell.WaitForExit();
            return count;
        }
    }
}
