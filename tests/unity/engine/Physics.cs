// Colliders and bodies of Unity. Manual: ScriptReference/Collider, Collider2D, Collision, Collision2D, Rigidbody and the
// messages MonoBehaviour.OnTriggerEnter and the like, below https://docs.unity3d.com/.
#nullable enable
using System;
using System.Collections.Generic;

namespace UnityEngine
{
    /// <summary>Collider.html</summary>
    public class Collider : Component
    {
        public bool enabled { get; set; } = true;

        public bool isTrigger { get; set; }

        public Rigidbody attachedRigidbody => GetComponentInParent<Rigidbody>();

        internal bool Meets(Collider other)
        {
            var (a, b) = (transform, other.transform);
            return Math.Abs(a.position.x - b.position.x) * 2.0f <= a.localScale.x + b.localScale.x
                && Math.Abs(a.position.y - b.position.y) * 2.0f <= a.localScale.y + b.localScale.y
                && Math.Abs(a.position.z - b.position.z) * 2.0f <= a.localScale.z + b.localScale.z;
        }
    }

    /// <summary>Rigidbody.html</summary>
    public sealed class Rigidbody : Component
    {
        public bool isKinematic { get; set; }
    }

    /// <summary>Collider2D.html</summary>
    public class Collider2D : Behaviour
    {
        public Rigidbody2D attachedRigidbody => GetComponentInParent<Rigidbody2D>();
    }

    /// <summary>Rigidbody2D.html</summary>
    public sealed class Rigidbody2D : Component
    {
    }

    /// <summary>Collision.html</summary>
    public sealed class Collision
    {
        public Collision(Collider with)
        {
            collider = with;
        }

        public Collider collider { get; }
    }

    /// <summary>Collision2D.html</summary>
    public sealed class Collision2D
    {
        public Collision2D(Collider2D with)
        {
            collider = with;
        }

        public Collider2D collider { get; }
    }

    /// <summary>The physics, for tests: tells an object of what meets it.</summary>
    public static class Physics
    {
        private static readonly HashSet<(Collider, Collider)> Touching = new HashSet<(Collider, Collider)>();

        /// <summary>message: such as OnTriggerEnter. met: the other's collider or the collision.</summary>
        public static void Send(GameObject to, string message, object met) => to.Send(message, met);

        /// <summary>Tells triggers and bodies that begin or end to meet, as boxes along the axes.</summary>
        public static void Step()
        {
            var colliders = new List<Collider>();
            foreach (var gameObject in GameLoop.Objects.Items)
            {
                var collider = gameObject.GetComponent<Collider>();
                if (collider != null && gameObject.activeInHierarchy)
                {
                    colliders.Add(collider);
                }
            }
            foreach (var trigger in colliders.FindAll(each => each.isTrigger))
            {
                foreach (var body in colliders.FindAll(each => each.GetComponent<Rigidbody>() != null))
                {
                    var meets = trigger.Meets(body);
                    if (meets ? Touching.Add((trigger, body)) : Touching.Remove((trigger, body)))
                    {
                        trigger.gameObject.Send(meets ? "OnTriggerEnter" : "OnTriggerExit", body);
                        body.gameObject.Send(meets ? "OnTriggerEnter" : "OnTriggerExit", trigger);
                    }
                }
            }
        }
    }
}
