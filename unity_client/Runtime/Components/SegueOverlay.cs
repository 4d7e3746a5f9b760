// Shows in the game what plays and why.
#nullable enable
using System.Globalization;
using System.Text;
using UnityEngine;

namespace Segue
{
    [AddComponentMenu("Segue/Segue Overlay")]
    public sealed class SegueOverlay : MonoBehaviour
    {
        private const double EveryS = 0.2;
        private const float Margin = 10.0f;

        [Tooltip("The soundtrack; none: the nearest one above, or the first.")]
        public SegueSoundtrack? soundtrack;

        [Tooltip("Whether it is shown.")]
        public bool visible = true;

        [Tooltip("Its size in pixels.")]
        public Vector2 size = new Vector2(480.0f, 220.0f);

        private readonly StringBuilder written = new StringBuilder();
        private string text = "";
        private double nextS;

        /// <summary>Shows it, or hides it.</summary>
        public void Toggle() => visible = !visible;

        /// <summary>What it shows of a soundtrack: state, states, mix, why, and how well it goes.</summary>
        public string TextOf(SegueSoundtrack of)
        {
            written.Clear();
            Line(of.Declaration == null ? "Segue" : of.Declaration["title"].AsText, of.State.ToString());
            if (of.Failure.Length > 0)
            {
                Line("failure", of.Failure);
            }
            foreach (var state in of.Heard.States)
            {
                Line(state.Key, state.Value.AsText);
            }
            foreach (var part in of.Heard.Mix)
            {
                Line("mix of " + part.Key, Short(part.Value.AsReal));
            }
            foreach (var change in of.Heard.Changes)
            {
                Line(change.Layer + ": " + change.From + " to " + change.To, string.Join(", ", change.Causes));
            }
            var position = of.Heard.Position;
            Line("buffer", Short((position.Have - position.Committed) / 48_000.0) + " s");
            Line("gain", Short(of.GainDb) + " dB" + (of.IsPaused ? ", paused" : "") + (of.IsBed ? ", bed" : ""));
            Line("event to sound, to receipt", Short(of.Heard.EventMs) + ", " + Short(of.Heard.ReceiptMs) + " ms");
            Line("gaps, late chunks", position.Underruns + ", " + position.Late);
            return written.ToString();
        }

        private void Update()
        {
            var nowS = Time.realtimeSinceStartupAsDouble;
            if (!visible || nowS < nextS)
            {
                return;
            }
            nextS = nowS + EveryS;
            var of = SegueSoundtrack.Of(this, soundtrack);
            text = of == null ? "Segue: there is no soundtrack in the scene" : TextOf(of);
        }

        private void OnGUI()
        {
            if (visible)
            {
                GUI.Label(new Rect(Margin, Margin, size.x, size.y), text);
            }
        }

        private static string Short(double number) => number.ToString("0.##", CultureInfo.InvariantCulture);

        private void Line(string name, string value) => written.Append(name).Append(": ").Append(value).Append('\n');
    }
}
