// What plays, and why, a line for each fact.
#nullable enable
using System;
using System.Globalization;
using System.Text;
using Segue.Game;
using Segue.Playback;

namespace Segue.EditorTools
{
    public static class NowPlaying
    {
        /// <summary>failure: why there is no session; empty: there is one.</summary>
        public static string TextOf(HeardMusic heard, string failure)
        {
            var text = new StringBuilder();
            void Line(string line) => text.Append(text.Length > 0 ? "\n" : "").Append(line);
            if (failure.Length > 0)
            {
                Line(failure);
            }
            foreach (var state in heard.States)
            {
                Line(state.Key + ": " + state.Value.AsText);
            }
            var mix = new StringBuilder();
            foreach (var part in heard.Mix)
            {
                mix.Append(mix.Length > 0 ? ", " : "").Append(part.Key).Append(' ').Append(Whole(100.0 * part.Value.AsReal)).Append(" %");
            }
            Line("mix: " + mix);
            var position = heard.Position;
            var bufferS = Math.Max(0, position.Have - position.Committed) / (double)Lengths.SampleRate;
            Line("buffer " + bufferS.ToString("0.0", CultureInfo.InvariantCulture) + " s, underruns " + position.Underruns);
            if (heard.EventMs >= 0.0)
            {
                Line("from an input to its sound: " + Whole(heard.EventMs) + " ms");
            }
            foreach (var change in heard.Changes)
            {
                Line(change.Layer + ": " + change.From + " → " + change.To + "  " + string.Join(", ", change.Causes));
            }
            return text.ToString();
        }

        private static string Whole(double number) => Math.Round(number).ToString(CultureInfo.InvariantCulture);
    }
}
