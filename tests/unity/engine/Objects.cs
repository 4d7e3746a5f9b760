// Objects, components and scenes of Unity. Manual: ScriptReference/Object, GameObject, Component, Behaviour, Transform,
// MonoBehaviour, all below https://docs.unity3d.com/, and Manual/execution-order.html.
#nullable enable
using System;
using System.Collections.Generic;
using System.Reflection;

namespace UnityEngine.SceneManagement
{
    /// <summary>SceneManagement.Scene.html</summary>
    public readonly struct Scene
    {
        public static bool operator ==(Scene left, Scene right) => true;

        // Of one scene all are equal.
        public static bool operator !=(Scene left, Scene right) => false;

        public override bool Equals(object? other) => other is Scene;

        public override int GetHashCode() => 0;
    }
}

namespace UnityEngine
{
    /// <summary>Object.html: a destroyed one equals null.</summary>
    public class Object
    {
        private static int lastId;
        private readonly int id = ++lastId;

        internal bool IsDestroyed { get; set; }

        public string name { get; set; } = "";

        public static implicit operator bool(Object? exists) => exists != null;

        public static bool operator ==(Object? left, Object? right) =>
            IsGone(left) ? IsGone(right) : ReferenceEquals(left, right);

        public static bool operator !=(Object? left, Object? right) => !(left == right);

        /// <summary>At the end of the game frame.</summary>
        public static void Destroy(Object? obj)
        {
            if (!IsGone(obj))
            {
                GameLoop.Destroyed.Add(obj!);
            }
        }

        public static void DestroyImmediate(Object obj)
        {
            MainThread.Check();
            if (obj is GameObject gameObject)
            {
                gameObject.End();
            }
            else if (obj is Component component)
            {
                component.gameObject.Remove(component);
            }
            obj.IsDestroyed = true;
        }

        public static void DontDestroyOnLoad(Object target)
        {
            var kept = target is Component component ? component.gameObject : (GameObject)target;
            if (kept.transform.parent != null)
            {
                Debug.LogWarning("DontDestroyOnLoad only works for root GameObjects or components on root GameObjects.");
                return;
            }
            kept.IsKept = true;
        }

        public int GetInstanceID() => id;

        public override bool Equals(object? other) => other is Object obj ? this == obj : other == null && IsDestroyed;

        public override int GetHashCode() => id;

        private static bool IsGone(Object? obj) => obj is null || obj.IsDestroyed;
    }

    /// <summary>HideFlags.html</summary>
    [Flags]
    public enum HideFlags
    {
        None = 0,
        HideAndDontSave = 61,
    }

    /// <summary>ScriptableObject.html</summary>
    public class ScriptableObject : Object
    {
        public static T CreateInstance<T>()
            where T : ScriptableObject => (T)Activator.CreateInstance(typeof(T), true)!;
    }

    /// <summary>Resources.html</summary>
    public static class Resources
    {
        /// <summary>Resources.FindObjectsOfTypeAll.html: of all scenes and assets; here of the one scene.</summary>
        public static T[] FindObjectsOfTypeAll<T>()
            where T : Object
        {
            var found = new List<T>();
            foreach (var gameObject in GameLoop.Objects.Items)
            {
                foreach (var component in gameObject.Components)
                {
                    if (component is T wanted)
                    {
                        found.Add(wanted);
                    }
                }
            }
            return found.ToArray();
        }
    }

    /// <summary>Component.html</summary>
    public class Component : Object
    {
        private GameObject? owner;

        public GameObject gameObject => owner!;

        public Transform transform => gameObject.transform;

        public string tag => gameObject.tag;

        public bool CompareTag(string wanted) => gameObject.CompareTag(wanted);

        public T GetComponent<T>()
            where T : class => gameObject.GetComponent<T>();

        public T GetComponentInParent<T>()
            where T : class => gameObject.GetComponentInParent<T>();

        internal void SetOwner(GameObject gameObject) => owner = gameObject;
    }

    /// <summary>Behaviour.html</summary>
    public class Behaviour : Component
    {
        private bool isSet = true;

        public bool enabled
        {
            get => isSet;
            set
            {
                MainThread.Check();
                isSet = value;
                GameLoop.Follow(this);
            }
        }

        public bool isActiveAndEnabled => !IsDestroyed && enabled && gameObject.activeInHierarchy;
    }

    /// <summary>MonoBehaviour.html: its messages are methods of any visibility, found by name.</summary>
    public class MonoBehaviour : Behaviour
    {
        internal bool IsAwake { get; set; }

        internal bool IsEnabled { get; set; }

        internal bool IsStarted { get; set; }

        internal int Order => GetType().GetCustomAttribute<DefaultExecutionOrder>()?.Order ?? 0;

        /// <summary>An exception in a message is logged, and the game goes on.</summary>
        internal void Send(string message, params object?[] arguments)
        {
            var method = MethodOf(message);
            // A parameter may be left out.
            var given = method?.GetParameters().Length == 0 ? Array.Empty<object?>() : arguments;
            try
            {
                method?.Invoke(this, given);
            }
            catch (TargetInvocationException error)
            {
                Debug.LogException(error.InnerException!);
            }
        }

        internal MethodInfo? MethodOf(string message) => GetType().GetMethod(
            message, BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic);
    }

    /// <summary>Transform.html: of positions, only what distances need.</summary>
    public sealed class Transform : Component
    {
        public Vector3 position { get; set; }

        public Vector3 localScale { get; set; } = new Vector3(1.0f, 1.0f, 1.0f);

        public Transform? parent { get; private set; }

        internal List<Transform> Children { get; } = new List<Transform>();

        public void SetParent(Transform? above, bool worldPositionStays = true)
        {
            parent?.Children.Remove(this);
            parent = above;
            above?.Children.Add(this);
        }
    }

    /// <summary>Vector2.html</summary>
    public struct Vector2
    {
        public float x;
        public float y;

        public Vector2(float x, float y)
        {
            this.x = x;
            this.y = y;
        }
    }

    /// <summary>Vector3.html</summary>
    public readonly struct Vector3
    {
        public readonly float x;
        public readonly float y;
        public readonly float z;

        public Vector3(float x, float y, float z)
        {
            this.x = x;
            this.y = y;
            this.z = z;
        }

        public static float Distance(Vector3 a, Vector3 b)
        {
            double dx = a.x - b.x, dy = a.y - b.y, dz = a.z - b.z;
            return (float)Math.Sqrt((dx * dx) + (dy * dy) + (dz * dz));
        }
    }

    /// <summary>GameObject.html</summary>
    public sealed class GameObject : Object
    {
        private readonly SharedList<Component> components = new SharedList<Component>();

        public GameObject() : this("New Game Object")
        {
        }

        public GameObject(string name)
        {
            MainThread.Check();
            this.name = name;
            transform = AddComponent<Transform>();
            GameLoop.Objects.Add(this);
        }

        public Transform transform { get; }

        public string tag { get; set; } = "Untagged";

        /// <summary>There is one scene here.</summary>
        public SceneManagement.Scene scene => default;

        public bool activeSelf { get; private set; } = true;

        public bool activeInHierarchy =>
            activeSelf && (transform.parent == null || transform.parent.gameObject.activeInHierarchy);

        /// <summary>Whether it stays when another scene is loaded.</summary>
        internal bool IsKept { get; set; }

        internal Component[] Components => components.Items;

        public T AddComponent<T>()
            where T : Component, new() => (T)AddComponent(typeof(T));

        public Component AddComponent(Type type)
        {
            MainThread.Check();
            foreach (var required in type.GetCustomAttributes<RequireComponent>())
            {
                if (!Array.Exists(Components, each => required.Required.IsInstanceOfType(each)))
                {
                    AddComponent(required.Required);
                }
            }
            var component = (Component)Activator.CreateInstance(type)!;
            component.SetOwner(this);
            component.name = name;
            components.Add(component);
            GameLoop.Follow(component);
            return component;
        }

        public T GetComponent<T>()
            where T : class => (Array.Find(Components, each => each is T) as T)!;

        public Component? GetComponent(Type type) => Array.Find(Components, type.IsInstanceOfType);

        /// <summary>Its own or the nearest one above.</summary>
        public T GetComponentInParent<T>()
            where T : class
        {
            var own = GetComponent<T>();
            return own is null && transform.parent != null
                ? transform.parent.gameObject.GetComponentInParent<T>()
                : own!;
        }

        public bool CompareTag(string wanted) => tag == wanted;

        /// <summary>GameObject.CreatePrimitive.html: here all have the same collider, a box.</summary>
        public static GameObject CreatePrimitive(PrimitiveType type)
        {
            var made = new GameObject(type.ToString());
            made.AddComponent<Collider>();
            made.AddComponent<Renderer>();
            return made;
        }

        public void SetActive(bool value)
        {
            MainThread.Check();
            activeSelf = value;
            FollowAll();
        }

        internal void FollowAll()
        {
            foreach (var component in Components)
            {
                GameLoop.Follow(component);
            }
            foreach (var child in transform.Children.ToArray())
            {
                child.gameObject.FollowAll();
            }
        }

        /// <summary>
        /// Sends a message to all behaviours that are enabled; those of colliders also to disabled ones, as the pages of
        /// MonoBehaviour.OnTriggerEnter and OnCollisionEnter say.
        /// </summary>
        internal void Send(string message, params object?[] arguments)
        {
            var isOfColliders = activeInHierarchy
                && (message.StartsWith("OnTrigger", StringComparison.Ordinal)
                    || message.StartsWith("OnCollision", StringComparison.Ordinal));
            foreach (var component in Components)
            {
                if (component is MonoBehaviour behaviour && (behaviour.isActiveAndEnabled || isOfColliders))
                {
                    behaviour.Send(message, arguments);
                }
            }
        }

        internal void Remove(Component component)
        {
            GameLoop.End(component);
            components.Remove(component);
        }

        internal void End()
        {
            foreach (var child in transform.Children.ToArray())
            {
                DestroyImmediate(child.gameObject);
            }
            foreach (var component in Components)
            {
                GameLoop.End(component);
                component.IsDestroyed = true;
            }
            transform.SetParent(null);
            GameLoop.Objects.Remove(this);
        }
    }
}
