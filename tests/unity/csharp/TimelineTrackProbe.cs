// Tracks of a Timeline, whose graph is made and played here as the package Timeline would.
#nullable enable
using System.Collections.Generic;
using UnityEngine;
using UnityEngine.Playables;

namespace Segue.Probes
{
    internal static class TimelineTrackProbe
    {
        /// <summary>The input's value with several weights of two clips, and after the end.</summary>
        public static IEnumerable<object?> Inputs(string address)
        {
            var soundtrack = Stage.Soundtrack(address);
            soundtrack.SetInput("level", 0.125);
            var track = ScriptableObject.CreateInstance<SegueInputTrack>();
            track.input = "level";
            track.rest = 0.5f;
            Playable mixer = track.CreateTrackMixer(default, soundtrack.gameObject, 2);
            Playable Clip(string value)
            {
                var clip = ScriptableObject.CreateInstance<SegueInputClip>();
                clip.value = value;
                return clip.CreatePlayable(default, soundtrack.gameObject);
            }
            mixer.Inputs[0] = Clip("1");
            mixer.Inputs[1] = Clip("0");
            object? Frame(float first, float second, object? bound)
            {
                mixer.Weights[0] = first;
                mixer.Weights[1] = second;
                ((ScriptPlayable<SegueInputMixer>)mixer).GetBehaviour().ProcessFrame(mixer, default, bound!);
                return soundtrack.InputValue("level");
            }
            yield return Frame(0.0f, 0.0f, soundtrack);
            yield return Frame(0.5f, 0.0f, soundtrack);
            yield return Frame(1.0f, 0.0f, null);
            yield return Frame(0.75f, 0.25f, soundtrack);
            yield return Frame(0.0f, 0.0f, soundtrack);
            mixer.Inputs[0] = Clip("cave");
            mixer.Inputs[1] = Clip("wood");
            yield return Frame(0.25f, 0.75f, soundtrack);
            // Outside of play mode nothing is set.
            Application.isPlaying = false;
            yield return Frame(1.0f, 0.0f, soundtrack);
            Application.isPlaying = true;
            Frame(1.0f, 0.0f, soundtrack);
            ((ScriptPlayable<SegueInputMixer>)mixer).GetBehaviour().OnGraphStop(mixer);
            yield return soundtrack.InputValue("level");
        }

        /// <summary>The triggers that are fired, in each frame.</summary>
        public static IEnumerable<object?> Triggers(string address)
        {
            var soundtrack = Stage.Soundtrack(address);
            var track = ScriptableObject.CreateInstance<SegueTriggerTrack>();
            Playable mixer = track.CreateTrackMixer(default, soundtrack.gameObject, 1);
            var clip = ScriptableObject.CreateInstance<SegueTriggerClip>();
            clip.trigger = "ping";
            mixer.Inputs[0] = clip.CreatePlayable(default, soundtrack.gameObject);
            foreach (var weight in new[] { 0.0f, 1.0f, 1.0f, 0.0f, 0.5f })
            {
                mixer.Weights[0] = weight;
                ((ScriptPlayable<SegueTriggerMixer>)mixer).GetBehaviour().ProcessFrame(mixer, default, soundtrack);
                var before = soundtrack.LastFrame;
                GameLoop.Frame(0.01f);
                yield return soundtrack.LastFrame > before;
            }
        }
    }
}
