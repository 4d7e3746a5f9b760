// A track of a Timeline whose clips fire triggers of the rules.
#nullable enable
using System.Collections.Generic;
using UnityEngine;
using UnityEngine.Playables;
using UnityEngine.Timeline;

namespace Segue
{
    /// <summary>
    /// A clip fires its trigger when it begins to be played; its length has no effect. Outside of play mode nothing is fired.
    /// Bind it to a soundtrack; without one it is the first that is enabled.
    /// </summary>
    [TrackColor(0.95f, 0.62f, 0.35f)]
    [TrackBindingType(typeof(SegueSoundtrack))]
    [TrackClipType(typeof(SegueTriggerClip))]
    public sealed class SegueTriggerTrack : TrackAsset
    {
        public override Playable CreateTrackMixer(PlayableGraph graph, GameObject go, int inputCount) =>
            ScriptPlayable<SegueTriggerMixer>.Create(graph, inputCount);
    }

    /// <summary>Fires what begins in a game frame.</summary>
    public sealed class SegueTriggerMixer : PlayableBehaviour
    {
        private readonly HashSet<int> playing = new HashSet<int>();

        public override void ProcessFrame(Playable playable, FrameData info, object playerData)
        {
            var to = Application.isPlaying ? Soundtracks.Bound(playerData) : null;
            for (var i = 0; i < playable.GetInputCount(); i++)
            {
                if (playable.GetInputWeight(i) <= 0.0f)
                {
                    playing.Remove(i);
                }
                else if (playing.Add(i) && to != null)
                {
                    var clip = (ScriptPlayable<SegueTriggerName>)playable.GetInput(i);
                    to.Fire(clip.GetBehaviour().Trigger);
                }
            }
        }

        public override void OnGraphStop(Playable playable) => playing.Clear();
    }

    internal static class Soundtracks
    {
        /// <summary>The one that a track is bound to, or the first that is enabled; null: there is none.</summary>
        public static SegueSoundtrack? Bound(object? playerData)
        {
            var bound = playerData as SegueSoundtrack;
            if (bound != null)
            {
                return bound;
            }
            return SegueSoundtrack.All.Count > 0 ? SegueSoundtrack.All[0] : null;
        }
    }
}
