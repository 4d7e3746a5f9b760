// Fires a trigger of the rules when something happens in the scene.
#nullable enable
using Segue.Game;
using UnityEngine;
using UnityEngine.Events;

namespace Segue
{
    /// <summary>What in the life of an object, or around its collider, fires a trigger.</summary>
    public enum TriggerMoment
    {
        /// <summary>Only calls of Fire, such as by a UnityEvent or an animation.</summary>
        None,
        ObjectStart,
        ObjectEnable,
        ObjectDisable,
        ObjectDestroy,
        TriggerEnter,
        TriggerExit,
        TriggerEnter2D,
        TriggerExit2D,
        CollisionEnter,
        CollisionExit,
        CollisionEnter2D,
        CollisionExit2D,
        MouseEnter,
        MouseExit,
        MouseDown,
        MouseUp,
    }

    /// <summary>
    /// Disabled, it heeds no collider and no mouse, but Fire still fires. The engine tells of the mouse only where its old
    /// input manager is active.
    /// </summary>
    [AddComponentMenu("Segue/Segue Trigger")]
    public sealed class SegueTrigger : MonoBehaviour
    {
        [Tooltip("The soundtrack; none: the nearest one above, or the first.")]
        public SegueSoundtrack? soundtrack;

        [Tooltip("The trigger of the rules.")]
        [SegueInput(RuleName.Trigger)]
        public string trigger = "";

        [Tooltip("What fires it.")]
        public TriggerMoment moment = TriggerMoment.None;

        [Tooltip("Only colliders with this tag count; empty: all do.")]
        public string onlyTag = "";

        [Tooltip("Seconds after it was fired in which it does not fire again.")]
        [Min(0.0f)]
        public float cooldownS;

        [Tooltip("It was fired, and the soundtrack has taken it.")]
        public UnityEvent onFired = new UnityEvent();

        private double nextS = double.NegativeInfinity;

        /// <summary>Fires the trigger.</summary>
        public void Fire()
        {
            var to = SegueSoundtrack.Of(this, soundtrack);
            var nowS = Time.realtimeSinceStartupAsDouble;
            if (to == null || nowS < nextS)
            {
                return;
            }
            if (to.Fire(trigger))
            {
                nextS = nowS + cooldownS;
                onFired.Invoke();
            }
        }

        private void Start() => Take(TriggerMoment.ObjectStart);

        private void OnEnable() => Take(TriggerMoment.ObjectEnable);

        private void OnDisable() => Take(TriggerMoment.ObjectDisable);

        private void OnDestroy() => Take(TriggerMoment.ObjectDestroy);

        private void OnTriggerEnter(Collider other) => Meet(TriggerMoment.TriggerEnter, other);

        private void OnTriggerExit(Collider other) => Meet(TriggerMoment.TriggerExit, other);

        private void OnTriggerEnter2D(Collider2D other) => Meet(TriggerMoment.TriggerEnter2D, other);

        private void OnTriggerExit2D(Collider2D other) => Meet(TriggerMoment.TriggerExit2D, other);

        private void OnCollisionEnter(Collision met) => Meet(TriggerMoment.CollisionEnter, met.collider);

        private void OnCollisionExit(Collision met) => Meet(TriggerMoment.CollisionExit, met.collider);

        private void OnCollisionEnter2D(Collision2D met) => Meet(TriggerMoment.CollisionEnter2D, met.collider);

        private void OnCollisionExit2D(Collision2D met) => Meet(TriggerMoment.CollisionExit2D, met.collider);

        private void OnMouseEnter() => TakeIfEnabled(TriggerMoment.MouseEnter);

        private void OnMouseExit() => TakeIfEnabled(TriggerMoment.MouseExit);

        private void OnMouseDown() => TakeIfEnabled(TriggerMoment.MouseDown);

        private void OnMouseUp() => TakeIfEnabled(TriggerMoment.MouseUp);

        private void Meet(TriggerMoment happened, Component other)
        {
            if (Tags.Fits(other, onlyTag))
            {
                TakeIfEnabled(happened);
            }
        }

        /// <summary>The engine tells disabled components too of what meets their object.</summary>
        private void TakeIfEnabled(TriggerMoment happened)
        {
            if (isActiveAndEnabled)
            {
                Take(happened);
            }
        }

        private void Take(TriggerMoment happened)
        {
            if (happened == moment)
            {
                Fire();
            }
        }
    }
}
