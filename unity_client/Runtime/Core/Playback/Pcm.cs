// Payloads of messages to samples: interleaved stereo.
#nullable enable
using System;

namespace Segue.Playback
{
    public static class Pcm
    {
        private const float Int16Scale = 1.0f / 32_768.0f;

        /// <summary>
        /// The samples of a payload of a whole number of values; null if one is not finite. format: `f32le` or `s16le`.
        /// </summary>
        public static float[]? Samples(byte[] payload, string format)
        {
            if (format == "s16le")
            {
                return FromInt16(payload);
            }
            var samples = new float[payload.Length / sizeof(float)];
            if (BitConverter.IsLittleEndian)
            {
                Buffer.BlockCopy(payload, 0, samples, 0, payload.Length);
            }
            else
            {
                var swapped = (byte[])payload.Clone();
                for (var i = 0; i < samples.Length; i++)
                {
                    Array.Reverse(swapped, i * sizeof(float), sizeof(float));
                    samples[i] = BitConverter.ToSingle(swapped, i * sizeof(float));
                }
            }
            foreach (var sample in samples)
            {
                if (float.IsNaN(sample) || float.IsInfinity(sample))
                {
                    return null;
                }
            }
            return samples;
        }

        private static float[] FromInt16(byte[] payload)
        {
            var samples = new float[payload.Length / sizeof(short)];
            for (var i = 0; i < samples.Length; i++)
            {
                samples[i] = (short)(payload[2 * i] | payload[(2 * i) + 1] << 8) * Int16Scale;
            }
            return samples;
        }
    }
}
