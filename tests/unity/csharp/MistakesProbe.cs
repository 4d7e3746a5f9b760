// What a game is told that calls the client wrongly: for each name of a mistake the error's message, or null.
#nullable enable
using System;
using System.Collections.Generic;
using Segue.Client;
using Segue.Playback;

namespace Segue.Probes
{
    internal static class MistakesProbe
    {
        // Nobody listens there, and nobody has to.
        private const string Nowhere = "tcp://127.0.0.1:1";

        private static readonly Dictionary<string, Action> Mistakes = new Dictionary<string, Action>
        {
            ["a pre-roll below 60 ms"] = () => WithPreRoll(59),
            ["a pre-roll above 45 s"] = () => WithPreRoll(45_001),
            ["a pre-roll beyond all samples"] = () => WithPreRoll(89_478_486),
            ["a volume that is no number"] = () => WithClient(client => client.SetVolume(double.NaN)),
            ["a ramp below 0"] = () => WithClient(client => client.SetVolume(0.0, -1)),
            ["a block of an odd length"] = () => WithClient(client => client.Render(new float[3], 0)),
            ["a block of an odd length at 44.1 kHz"] = () => Resampled(new float[3]),
        };

        public static object Run(object names)
        {
            var told = new List<object?>();
            foreach (var name in (List<object?>)names)
            {
                told.Add(MessageOf(Mistakes[(string)name!]));
            }
            return told;
        }

        private static string? MessageOf(Action mistake)
        {
            try
            {
                mistake();
                return null;
            }
            catch (ArgumentException error)
            {
                return error.Message;
            }
        }

        private static void WithPreRoll(int milliseconds) =>
            new SegueClient(Nowhere, new ClientOptions { PreRollMs = milliseconds }).Dispose();

        private static void WithClient(Action<SegueClient> call)
        {
            using var client = new SegueClient(Nowhere);
            call(client);
        }

        private static void Resampled(float[] output) => new Resampler(block => block.Clear(), 44_100).Render(output);
    }
}
