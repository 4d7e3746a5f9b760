// Resamples sines, and passes numbers through the ring between two threads. A case has `rate`, `frequency`, `count`
// (of output samples) and `blocks` (their lengths, one after another); or `numbers` for the ring.
#nullable enable
using System;
using System.Collections.Generic;
using System.Threading;
using Segue.Playback;
using Segue.Tests;

namespace Segue.Probes
{
    internal static class ResamplerProbe
    {
        public static object Run(object cases) =>
            ((List<object?>)cases).ConvertAll(each => ResultOf((JsonObject)each!));

        private static object? ResultOf(JsonObject given) => given.Has("numbers") ? Pass(given) : Resample(given);

        private static object? Resample(JsonObject given)
        {
            var frequency = Convert.ToDouble(given["frequency"]);
            var read = 0L;
            var resampler = new Resampler(
                block =>
                {
                    for (var i = 0; i < block.Length; i += Lengths.Channels)
                    {
                        var angle = 2.0 * Math.PI * frequency * read / Lengths.SampleRate;
                        block[i] = (float)Math.Sin(angle);
                        block[i + 1] = (float)Math.Cos(angle);
                        read++;
                    }
                },
                (int)(long)given["rate"]!);
            var blocks = (List<object?>)given["blocks"]!;
            var output = new float[(int)(long)given["count"]! * Lengths.Channels];
            var at = 0;
            for (var i = 0; at < output.Length; i++)
            {
                var length = (int)(long)blocks[i % blocks.Count]! * Lengths.Channels;
                var rest = output.AsSpan(at, Math.Min(length, output.Length - at));
                resampler.Render(rest);
                at += rest.Length;
            }
            var samples = new List<object?>();
            foreach (var sample in output)
            {
                samples.Add((double)sample);
            }
            return new Dictionary<string, object?> { ["samples"] = samples, ["read"] = read };
        }

        /// <summary>What the taking thread got, if it is not every number in order; else how many.</summary>
        private static object? Pass(JsonObject given)
        {
            var count = (int)(long)given["numbers"]!;
            var ring = new SpscQueue<object>(64);
            var full = 0L;
            var producer = new Thread(() =>
            {
                for (var i = 0; i < count;)
                {
                    if (ring.TryPut(i))
                    {
                        i++;
                    }
                    else
                    {
                        full++;
                        Thread.Yield();
                    }
                }
            });
            producer.Start();
            for (var expected = 0; expected < count;)
            {
                var item = ring.TryTake();
                if (item == null)
                {
                    Thread.Yield();
                }
                else if ((int)item != expected++)
                {
                    return "expected " + (expected - 1) + ", got " + item;
                }
            }
            producer.Join();
            return new Dictionary<string, object?> { ["taken"] = count, ["left"] = ring.TryTake() != null };
        }
    }
}
