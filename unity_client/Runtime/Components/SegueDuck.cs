// Lowers the music while it is active: under a dialogue, a cutscene, a menu.
#nullable enable
using UnityEngine;

namespace Segue
{
    /// <summary>
    /// It is active between Begin and End, which may be nested; while `active` is set, such as by an animation; or while an
    /// AudioSource plays. Of several ducks the lowest counts.
    /// </summary>
    [AddComponentMenu("Segue/Segue Duck")]
    public sealed class SegueDuck : MonoBehaviour
    {
        [Tooltip("The soundtrack; none: the nearest one above, or the first.")]
        public SegueSoundtrack? soundtrack;

        [Tooltip("The volume of the music meanwhile, in dB.")]
        [Range(-60.0f, 0.0f)]
        public float gainDb = -12.0f;

        [Tooltip("Milliseconds that it takes to lower it.")]
        [Range(5, 10_000)]
        public int fadeOutMs = 200;

        [Tooltip("Milliseconds that it takes to raise it again.")]
        [Range(5, 10_000)]
        public int fadeInMs = 600;

        [Tooltip("Lowers the music while it is set.")]
        public bool active;

        [Tooltip("Lowers the music while this plays.")]
        public AudioSource? whilePlaying;

        private SegueSoundtrack? ducked;
        private float duckedDb;
        private int depth;

        /// <summary>Whether the music is lowered by this component.</summary>
        public bool IsActive => active || depth > 0 || (whilePlaying != null && whilePlaying.isPlaying);

        /// <summary>Lowers the music until End.</summary>
        public void Begin()
        {
            depth++;
            Apply(isActiveAndEnabled);
        }

        /// <summary>Ends one Begin.</summary>
        public void End()
        {
            depth = depth > 0 ? depth - 1 : 0;
            Apply(isActiveAndEnabled);
        }

        private void Update() => Apply(true);

        private void OnDisable() => Apply(false);

        private void Apply(bool isAllowed)
        {
            var wanted = isAllowed && IsActive ? SegueSoundtrack.Of(this, soundtrack) : null;
            if (ducked != null && ducked != wanted)
            {
                ducked.Unduck(this, fadeInMs);
                ducked = null;
            }
            if (wanted != null && (ducked == null || duckedDb != gainDb))
            {
                ducked = wanted;
                duckedDb = gainDb;
                wanted.Duck(this, gainDb, fadeOutMs);
            }
        }
    }
}
