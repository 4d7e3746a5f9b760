// A clip of a SegueTriggerTrack: a trigger of the rules.
#nullable enable
using System;
using Segue.Game;
using UnityEngine;
using UnityEngine.Playables;
using UnityEngine.Timeline;

namespace Segue
{
    [Serializable]
    public sealed class SegueTriggerClip : PlayableAsset, ITimelineClipAsset
    {
        [Tooltip("The trigger of the rules.")]
        [SegueInput(RuleName.Trigger)]
        public string trigger = "";

        public ClipCaps clipCaps => ClipCaps.None;

        public override Playable CreatePlayable(PlayableGraph graph, GameObject owner)
        {
            var playable = ScriptPlayable<SegueTriggerName>.Create(graph);
            playable.GetBehaviour().Trigger = trigger;
            return playable;
        }
    }

    /// <summary>What a clip is while the Timeline plays.</summary>
    public sealed class SegueTriggerName : PlayableBehaviour
    {
        public string Trigger { get; set; } = "";
    }
}
