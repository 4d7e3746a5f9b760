// Music in blocks of every layout of speakers, added to what is there.
#nullable enable
using System;
using System.Collections.Generic;
using UnityEngine;

namespace Segue.Probes
{
    internal static class SpeakersProbe
    {
        /// <summary>For each layout its name, whether all samples of a channel are equal, and the first of each.</summary>
        public static List<object?> Seen()
        {
            var seen = new List<object?>();
            foreach (AudioSpeakerMode mode in Enum.GetValues(typeof(AudioSpeakerMode)))
            {
                var channels = new[] { 0, 1, 2, 4, 5, 6, 8, 2 }[(int)mode];
                var feed = new Playback.SpeakerFeed(
                    (output, latency) =>
                    {
                        for (var i = 0; i < output.Length; i++)
                        {
                            output[i] = i % 2 == 0 ? 0.25f : 0.5f;
                        }
                    },
                    48_000,
                    2_048);
                var data = new float[1_500 * channels];
                for (var i = 0; i < data.Length; i++)
                {
                    data[i] = 1.0f;
                }
                feed.AddTo(data, channels);
                var isSame = true;
                for (var i = 0; i < data.Length; i++)
                {
                    isSame &= data[i] == data[i % channels];
                }
                var first = new List<object?>();
                for (var i = 0; i < channels; i++)
                {
                    first.Add((double)data[i]);
                }
                seen.Add(new List<object?> { mode.ToString(), isSame, first });
            }
            return seen;
        }
    }
}
