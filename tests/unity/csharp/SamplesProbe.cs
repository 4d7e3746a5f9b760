// The samples of the package, each with a service of its own.
#nullable enable
using System;
using System.Collections.Generic;
using System.IO;
using Segue.Tests;
using UnityEngine;

namespace Segue.Probes
{
    internal static class SamplesProbe
    {
        /// <summary>
        /// The sample, with a service of its own that reads the asset's file, then once more a copy of its text; what was
        /// heard, and what the overlay showed last.
        /// </summary>
        public static object FiveMinutes(JsonObject given)
        {
            var heard = new List<object?>();
            using var stage = new Stage(false, () => 480);
            var file = (string)given["sample"]!;
            var holder = new GameObject("sample");
            holder.SetActive(false);
            var sample = holder.AddComponent<Samples.FiveMinutes>();
            sample.rules = new TextAsset(File.ReadAllText(file)) { name = file };
            sample.roundS = 15.0f;
            holder.SetActive(true);
            stage.Frame(0.01f);
            var soundtrack = SegueSoundtrack.All[0];
            // The program is found in the project's virtual environment.
            soundtrack.Changed += change => heard.Add(change.Layer + "/" + change.To);
            soundtrack.Stinger += name => heard.Add(name);
            stage.Until(() => heard.Contains("where/cave") && heard.Contains("action/combat"));
            stage.Until(() => heard.Contains("fanfare") && heard.Contains("where/meadow"));
            // A machine that was too slow for the service plays again soon.
            stage.Until(() => GUI.Shown.Contains("live, plays"));
            var shown = GUI.Shown;
            var overlay = GUI.Textures;
            soundtrack.Stop();
            soundtrack.settings.rules = new TextAsset(sample.rules.text) { name = "copied" };
            soundtrack.Play();
            stage.Until(() => soundtrack.State == SoundtrackState.Live);
            return new Dictionary<string, object?>
            {
                ["overlay"] = overlay,
                ["heard"] = heard,
                ["shown"] = shown,
                ["logged"] = Debug.Logged.ConvertAll(line => (object?)line),
            };
        }

        /// <summary>
        /// How often the light flashes and the ball jumps, beside the beats and bars that are heard, and the beats at which it
        /// was in the air.
        /// </summary>
        public static object OnTheBeat(JsonObject given)
        {
            using var stage = new Stage(false, () => 480);
            var holder = new GameObject("sample");
            holder.SetActive(false);
            var sample = holder.AddComponent<Samples.OnTheBeat>();
            sample.rules = Rules(given);
            holder.SetActive(true);
            stage.Frame(0.01f);
            var soundtrack = SegueSoundtrack.All[0];
            var beats = 0L;
            var bars = 0L;
            soundtrack.Beat += beat =>
            {
                beats++;
                bars += beat.BeatIndex == 0 ? 1 : 0;
            };
            stage.Until(() => bars > 0);
            var (firstBeats, firstBars) = (beats, bars);
            var (flashes, jumps) = (sample.Flashes, sample.Jumps);
            stage.Until(() => bars >= firstBars + 3);
            return new Dictionary<string, object?>
            {
                ["beats"] = beats - firstBeats,
                ["flashes"] = (long)(sample.Flashes - flashes),
                ["bars"] = bars - firstBars,
                ["jumps"] = (long)(sample.Jumps - jumps),
                ["logged"] = Debug.Logged.ConvertAll(line => (object?)line),
            };
        }

        /// <summary>Moves a slider, a choice and a trigger, kills the service, and goes on with the next one.</summary>
        public static object Desk(JsonObject given)
        {
            using var stage = new Stage(false, () => 480);
            var holder = new GameObject("sample");
            holder.SetActive(false);
            var sample = holder.AddComponent<Samples.DirectorsDesk>();
            sample.rules = Rules(given);
            holder.SetActive(true);
            stage.Frame(0.01f);
            var soundtrack = SegueSoundtrack.All[0];
            var stingers = 0;
            soundtrack.Stinger += name => stingers++;
            stage.Until(() => soundtrack.State == SoundtrackState.Live && soundtrack.Heard.Position.Played > 0);
            User.Choose("threat", 0.9f);
            stage.Until(() => GUI.Shown.Contains("action: calm → combat"));
            User.Press("place: meadow");
            stage.Until(() => GUI.Shown.Contains("where: cave"));
            User.Press("Fire victory");
            stage.Until(() => stingers > 0);
            var killed = soundtrack.ServiceId;
            User.Press("Kill the service");
            stage.Until(() => soundtrack.ServiceId > 0 && soundtrack.ServiceId != killed);
            stage.Until(() => soundtrack.State == SoundtrackState.Live);
            return new Dictionary<string, object?>
            {
                ["place"] = soundtrack.InputValue("place"),
                ["underruns"] = soundtrack.Heard.Position.Underruns,
                ["logged"] = Debug.Logged.ConvertAll(line => (object?)line),
            };
        }

        private static TextAsset Rules(JsonObject given)
        {
            var file = (string)given["sample"]!;
            return new TextAsset(File.ReadAllText(file)) { name = file };
        }
    }
}
