// Which objects a zone or a trigger heeds.
#nullable enable
using UnityEngine;

namespace Segue
{
    internal static class Tags
    {
        /// <summary>
        /// Whether an object has a tag, or the body that its collider belongs to; an empty tag: it always has. A character
        /// often has its tag at the object with the body, and its colliders below.
        /// </summary>
        public static bool Fits(Component? component, string tag)
        {
            if (tag.Length == 0)
            {
                return true;
            }
            if (component == null)
            {
                return false;
            }
            var body = BodyOf(component);
            return component.CompareTag(tag) || (body != null && body.CompareTag(tag));
        }

        private static Component? BodyOf(Component component)
        {
            switch (component)
            {
                case Collider solid:
                    return solid.attachedRigidbody;
                case Collider2D flat:
                    return flat.attachedRigidbody;
                default:
                    return null;
            }
        }
    }
}
