// A clip of a SegueInputTrack: a value of the input.
#nullable enable
using System;
using UnityEngine;
using UnityEngine.Playables;
using UnityEngine.Timeline;

namespace Segue
{
    [Serializable]
    public sealed class SegueInputClip : PlayableAsset, ITimelineClipAsset
    {
        [Tooltip("The input's value meanwhile: true, false, a number, or the name of a choice.")]
        public string value = "true";

        public ClipCaps clipCaps => ClipCaps.Blending;

        public override Playable CreatePlayable(PlayableGraph graph, GameObject owner)
        {
            var playable = ScriptPlayable<SegueInputValue>.Create(graph);
            playable.GetBehaviour().Text = value;
            return playable;
        }
    }

    /// <summary>What a clip is while the Timeline plays.</summary>
    public sealed class SegueInputValue : PlayableBehaviour
    {
        public string Text { get; set; } = "";
    }
}
