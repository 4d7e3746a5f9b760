// A track of a Timeline whose clips set an input of the rules.
#nullable enable
using UnityEngine;
using UnityEngine.Playables;
using UnityEngine.Timeline;

namespace Segue
{
    /// <summary>
    /// While a clip is played the input has its value, above what zones and the game set; where none is, it has theirs. Eases
    /// and overlaps of clips blend numbers; of other values the clip with the greatest weight counts. Outside of play mode
    /// nothing is set. Bind it to a soundtrack; without one it is the first that is enabled.
    /// </summary>
    [TrackColor(0.95f, 0.62f, 0.35f)]
    [TrackBindingType(typeof(SegueSoundtrack))]
    [TrackClipType(typeof(SegueInputClip))]
    public sealed class SegueInputTrack : TrackAsset
    {
        [Tooltip("The input of the rules.")]
        [SegueInput]
        public string input = "";

        [Tooltip("The number from which a clip is eased in, and to which it is eased out.")]
        public float rest;

        [Tooltip("Of all that claim the input the greatest counts.")]
        public int priority = 100;

        public override Playable CreateTrackMixer(PlayableGraph graph, GameObject go, int inputCount)
        {
            var mixer = ScriptPlayable<SegueInputMixer>.Create(graph, inputCount);
            mixer.GetBehaviour().Set(input, rest, priority);
            return mixer;
        }
    }
}
