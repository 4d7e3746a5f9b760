// Shows in the game what plays and why.
#nullable enable
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using Segue.Playback;
using Segue.Protocol;
using UnityEngine;

namespace Segue
{
    /// <summary>
    /// States, mix, the last changes with their causes, buffer and delays. A key or Visible shows and hides it. The engine tells
    /// of keys here only where its old input manager is active; otherwise call Toggle.
    /// </summary>
    [AddComponentMenu("Segue/Segue Overlay")]
    public sealed class SegueOverlay : MonoBehaviour
    {
        private const double EveryS = 0.1;
        private const float Margin = 10.0f;
        private const float LineHeight = 15.0f;
        private const int MostChanges = 4;
        private const int MostBars = 8;
        private const float BarWidth = 180.0f;
        private const float BarHeight = 10.0f;

        private static readonly Color Back = new Color(0.05f, 0.06f, 0.09f, 0.82f);
        private static readonly Color Filled = new Color(0.95f, 0.62f, 0.35f);

        [Tooltip("The soundtrack; none: the nearest one above, or the first.")]
        public SegueSoundtrack? soundtrack;

        [Tooltip("Whether it is shown.")]
        public bool visible = true;

        [Tooltip("The key that shows and hides it; None: only Visible does.")]
        public KeyCode key = KeyCode.F3;

        [Tooltip("Whether it is there in built games that are no development builds.")]
        public bool inRelease;

        [Tooltip("Its width in pixels.")]
        public float width = 480.0f;

        private readonly StringBuilder written = new StringBuilder();
        private readonly List<KeyValuePair<string, float>> bars = new List<KeyValuePair<string, float>>();
        private string text = "";
        private int lines;
        private double nextS;

        /// <summary>Shows it, or hides it.</summary>
        public void Toggle() => visible = !visible;

        /// <summary>What it shows of a soundtrack but the mix: a line for each fact.</summary>
        public string TextOf(SegueSoundtrack of)
        {
            written.Clear();
            lines = 0;
            var heard = of.Heard;
            var position = heard.Position;
            var sound = of.IsPaused ? "is paused" : of.IsBed ? "bed" : position.IsStanding ? "silent" : "plays";
            var title = of.Declaration == null ? "Segue" : of.Declaration["title"].AsText;
            var generator = heard.Generator.Length > 0 ? ", " + heard.Generator : "";
            Line(title + "  " + of.State.ToString().ToLowerInvariant() + ", " + sound + generator);
            if (of.Failure.Length > 0)
            {
                Line(of.Failure);
            }
            var bufferS = Math.Max(0, position.Have - position.Committed) / (double)Lengths.SampleRate;
            Line("buffer " + Short(bufferS) + " s, volume " + Short(of.GainDb) + " dB");
            Line("event to sound " + Delay(heard.EventMs) + ", receipt " + Delay(heard.ReceiptMs));
            Line("underruns " + position.Underruns + ", late chunks " + position.Late);
            foreach (var state in heard.States)
            {
                Line(state.Key + ": " + state.Value.AsText);
            }
            for (var i = 0; i < Math.Min(MostChanges, heard.Changes.Count); i++)
            {
                var change = heard.Changes[i];
                Line(change.Layer + ": " + change.From + " → " + change.To + "  " + string.Join(", ", change.Causes));
            }
            return written.ToString();
        }

        private void OnEnable() => nextS = 0.0;

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
            lines = of == null ? 1 : lines;
            TakeMix(of == null ? Map.Empty : of.Heard.Mix);
        }

        private void OnGUI()
        {
            if (!inRelease && !Debug.isDebugBuild)
            {
                return;
            }
            var happened = Event.current;
            if (key != KeyCode.None && happened.type == EventType.KeyDown && happened.keyCode == key)
            {
                Toggle();
                happened.Use();
            }
            if (visible)
            {
                Draw();
            }
        }

        private void Draw()
        {
            var before = GUI.color;
            var textHeight = lines * LineHeight;
            GUI.color = Back;
            GUI.DrawTexture(
                new Rect(Margin, Margin, width, textHeight + (bars.Count * LineHeight) + (2.0f * Margin)), Texture2D.whiteTexture);
            GUI.color = before;
            var top = (2.0f * Margin) + textHeight;
            foreach (var bar in bars)
            {
                GUI.Label(new Rect((3.0f * Margin) + BarWidth, top, width, 2.0f * LineHeight), bar.Key);
                GUI.color = Filled;
                GUI.DrawTexture(new Rect(2.0f * Margin, top, BarWidth * bar.Value, BarHeight), Texture2D.whiteTexture);
                GUI.color = before;
                top += LineHeight;
            }
            GUI.Label(new Rect(2.0f * Margin, 2.0f * Margin, width - (2.0f * Margin), textHeight), text);
        }

        private void TakeMix(Map mix)
        {
            bars.Clear();
            foreach (var part in mix)
            {
                if (bars.Count < MostBars)
                {
                    var share = (float)part.Value.AsReal;
                    bars.Add(new KeyValuePair<string, float>(part.Key + " " + Math.Round(100.0 * share) + " %", share));
                }
            }
        }

        private static string Short(double number) => number.ToString("0.0", CultureInfo.InvariantCulture);

        private static string Delay(double milliseconds) =>
            milliseconds < 0.0 ? "–" : Math.Round(milliseconds).ToString(CultureInfo.InvariantCulture) + " ms";

        private void Line(string line)
        {
            written.Append(lines == 0 ? "" : "\n").Append(line);
            lines++;
        }
    }
}
