// Plays a second of music after another, with takes, joins, a stinger with a duck and changes of volume, and measures
// the bytes that the audio thread allocates, and its processor time.
#nullable enable
using System;
using System.Collections.Generic;
using System.Threading;
using Segue.Playback;
using Segue.Protocol;
using Segue.Tests;

namespace Segue.Probes
{
    internal sealed class PlayerProbe
    {
        private const int ChunkSamples = 19_200;

        private readonly Player player = new Player();
        private readonly int seconds;
        private readonly int block;
        private readonly Resampler resampler;
        private long seq;

        private PlayerProbe(JsonObject given)
        {
            seconds = (int)(long)given["seconds"]!;
            block = (int)(long)given["block"]!;
            resampler = new Resampler(output => player.Read(output, 0), (int)(long)given["rate"]!);
        }

        public static object Run(object cases)
        {
            var given = (List<object?>)cases;
            // Mono makes 192 bytes of type objects when it first compiles what is called.
            new PlayerProbe((JsonObject)given[0]!).Result();
            return given.ConvertAll(each => new PlayerProbe((JsonObject)each!).Result());
        }

        private object? Result()
        {
            var allocated = 0L;
            var unsound = 0;
            var output = new float[block * Lengths.Channels];
            var isOver = false;
            var watcher = new Thread(() =>
            {
                while (!Volatile.Read(ref isOver))
                {
                    var now = player.Position;
                    unsound += now.Played <= now.Committed && now.Committed <= now.Have ? 0 : 1;
                }
            });
            watcher.Start();
            for (var second = 0; second < seconds; second++)
            {
                Deliver(second);
                while (player.Position.Committed < second * Lengths.SampleRate)
                {
                    var before = GC.GetAllocatedBytesForCurrentThread();
                    resampler.Render(output);
                    allocated += GC.GetAllocatedBytesForCurrentThread() - before;
                }
            }
            Volatile.Write(ref isOver, true);
            watcher.Join();
            var position = player.Position;
            return new Dictionary<string, object?>
            {
                ["allocated"] = allocated,
                ["unsound"] = unsound,
                ["committed"] = position.Committed,
                ["underruns"] = position.Underruns,
            };
        }

        /// <summary>
        /// What comes in a second: music two seconds ahead, a replacement, a stinger, a change of volume.
        /// </summary>
        private void Deliver(int second)
        {
            var start = second * 48_000L;
            for (var at = 0; at < 48_000 + ChunkSamples; at += ChunkSamples)
            {
                Chunk(second, start + at, at == 0);
            }
            // A late replacement, which is joined.
            Chunk(second, start + ChunkSamples, false);
            Stinger(second + 1, start + 4_800);
            player.ChangeVolume(VolumeChange.Volume, second % 2 == 0 ? -6.0 : 0.0, 100);
            player.Update();
        }

        private void Chunk(long take, long start, bool isMixed)
        {
            start -= start % 1_920;
            var fields = new Map
            {
                { "seq", Value.Of(++seq) },
                { "take", Value.Of(take) },
                { "start", Value.Of(start) },
                { "count", Value.Of((long)ChunkSamples) },
                { "mixed", Value.Of(isMixed) },
                { "format", Value.Of("f32le") },
                { "generator", Value.Of("score") },
            };
            player.Deliver(Message.Of(MessageTables.Chunk, fields, Sine(ChunkSamples)));
        }

        private void Stinger(long id, long start)
        {
            var duck = new Map
            {
                { "depth_db", Value.Of(-9.0) },
                { "fade_out", Value.Of(4_800L) },
                { "recovery", Value.Of(4_800L) },
                { "fade_in", Value.Of(9_600L) },
            };
            var fields = new Map
            {
                { "id", Value.Of(id) },
                { "name", Value.Of("hit") },
                { "kind", Value.Of("placed") },
                { "start", Value.Of(start) },
                { "total", Value.Of(14_400L) },
                { "count", Value.Of(14_400L) },
                { "duck", Value.Of(duck) },
            };
            player.Deliver(Message.Of(MessageTables.Stinger, fields, Sine(14_400)));
        }

        private static byte[] Sine(int count)
        {
            var samples = new float[count * Lengths.Channels];
            for (var i = 0; i < samples.Length; i++)
            {
                samples[i] = 0.5f * (float)Math.Sin(i * 0.01);
            }
            var bytes = new byte[samples.Length * sizeof(float)];
            Buffer.BlockCopy(samples, 0, bytes, 0, bytes.Length);
            return bytes;
        }
    }
}
