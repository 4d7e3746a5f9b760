// Sets an input of the rules while something is inside a collider.
#nullable enable
using System.Collections.Generic;
using Segue.Game;
using UnityEngine;
using UnityEngine.Events;

namespace Segue
{
    /// <summary>
    /// The collider beside it must be a trigger, in 2D or 3D. Of overlapping zones with the same input the one with the
    /// greatest priority counts, then the one that was entered last. What the game sets by itself meanwhile counts once
    /// no zone is entered any more.
    /// </summary>
    [AddComponentMenu("Segue/Segue Zone")]
    public sealed class SegueZone : MonoBehaviour
    {
        [Tooltip("The soundtrack; none: the nearest one above, or the first.")]
        public SegueSoundtrack? soundtrack;

        [Tooltip("The input of the rules.")]
        [SegueInput]
        public string input = "";

        [Tooltip("Its value while something is inside: true, false, a number, or the name of a choice.")]
        [SegueInput(RuleName.Value, nameof(input))]
        public string value = "true";

        [Tooltip("Of overlapping zones the greatest counts.")]
        public int priority;

        [Tooltip("Only colliders with this tag count; empty: all do.")]
        public string onlyTag = "Player";

        [Tooltip("Something has entered, and nothing that counts was inside before.")]
        public UnityEvent onEntered = new UnityEvent();

        [Tooltip("Nothing that counts is inside any more.")]
        public UnityEvent onLeft = new UnityEvent();

        private readonly List<Component> inside = new List<Component>();
        private SegueSoundtrack? claimed;
        private string claimedInput = "";
        private string claimedValue = "";
        private int claimedPriority;

        /// <summary>Whether it is enabled and something that counts is inside.</summary>
        public bool IsActive => isActiveAndEnabled && inside.Count > 0;

        /// <summary>
        /// Acts as if a collider or another component had entered, such as for a cutscene. While the zone is disabled it is
        /// only noted: it counts once the zone is enabled.
        /// </summary>
        public void Enter(Component other)
        {
            if (Tags.Fits(other, onlyTag) && !inside.Contains(other))
            {
                inside.Add(other);
                Apply(true);
            }
        }

        /// <summary>Acts as if it had left.</summary>
        public void Leave(Component other)
        {
            if (inside.Remove(other))
            {
                Apply(true);
            }
        }

        private void OnTriggerEnter(Collider other) => Enter(other);

        private void OnTriggerExit(Collider other) => Leave(other);

        private void OnTriggerEnter2D(Collider2D other) => Enter(other);

        private void OnTriggerExit2D(Collider2D other) => Leave(other);

        private void OnEnable() => Update();

        private void OnDisable()
        {
            // The engine tells a disabled component of colliders too, but an object that is inactive of none: when it is
            // active again, it is told anew of what is inside.
            if (!gameObject.activeInHierarchy)
            {
                inside.Clear();
            }
            Apply(false);
        }

        private void Update()
        {
            for (var i = inside.Count - 1; i >= 0; i--)
            {
                if (!IsThere(inside[i]))
                {
                    inside.RemoveAt(i);
                }
            }
            Apply(true);
        }

        /// <summary>The engine does not tell of colliders that are destroyed or switched off inside.</summary>
        private static bool IsThere(Component known)
        {
            if (known == null || !known.gameObject.activeInHierarchy)
            {
                return false;
            }
            return known is Collider solid ? solid.enabled : !(known is Collider2D flat) || flat.enabled;
        }

        /// <summary>Claims the input, or releases it, in any case where it is not allowed.</summary>
        private void Apply(bool isAllowed)
        {
            var wanted = isAllowed && IsActive ? SegueSoundtrack.Of(this, soundtrack) : null;
            var isSame = claimed != null && claimed == wanted && claimedInput == input;
            if (isSame && claimedValue == value && claimedPriority == priority)
            {
                return;
            }
            var was = claimed != null;
            if (claimed != null && !isSame)
            {
                claimed.ReleaseInput(this, claimedInput);
            }
            claimed = wanted;
            if (claimed != null)
            {
                claimedInput = input;
                claimedValue = value;
                claimedPriority = priority;
                claimed.ClaimInput(this, input, value, priority);
            }
            if (claimed != null && !was)
            {
                onEntered.Invoke();
            }
            else if (claimed == null && was)
            {
                onLeft.Invoke();
            }
        }
    }
}
