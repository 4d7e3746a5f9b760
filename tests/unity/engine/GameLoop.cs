// The player loop, for tests: what Unity's engine does with objects in play mode. Manual/execution-order.html,
// Manual/domain-reloading.html (both below https://docs.unity3d.com/).
#nullable enable
using System;
using System.Collections.Generic;
using System.Reflection;
using System.Threading;

namespace UnityEngine
{
    /// <summary>Most of Unity may be called by the main thread only.</summary>
    internal static class MainThread
    {
        private static readonly int Id = Thread.CurrentThread.ManagedThreadId;

        public static void Check()
        {
            if (Thread.CurrentThread.ManagedThreadId != Id)
            {
                throw new InvalidOperationException("expected a call from the main thread");
            }
        }
    }

    /// <summary>
    /// A list that the main thread changes and any thread reads, as the audio thread does: each change makes a new array.
    /// </summary>
    internal sealed class SharedList<T>
        where T : class
    {
        private volatile T[] items = Array.Empty<T>();

        public T[] Items => items;

        public void Add(T item)
        {
            MainThread.Check();
            var more = new T[items.Length + 1];
            items.CopyTo(more, 0);
            more[items.Length] = item;
            items = more;
        }

        public void Remove(T item)
        {
            MainThread.Check();
            items = Array.FindAll(items, each => !ReferenceEquals(each, item));
        }

        public void Clear()
        {
            MainThread.Check();
            items = Array.Empty<T>();
        }
    }

    /// <summary>The player loop, for tests.</summary>
    public static class GameLoop
    {
        internal static readonly SharedList<GameObject> Objects = new SharedList<GameObject>();
        internal static readonly List<Object> Destroyed = new List<Object>();

        /// <summary>
        /// Enters play mode. scripts: the assembly with RuntimeInitializeOnLoadMethod. Its statics are kept; with a
        /// reload they begin anew.
        /// </summary>
        public static void EnterPlay(Assembly scripts, bool reloadsDomain)
        {
            if (reloadsDomain)
            {
                ResetStatics(scripts);
            }
            Application.isPlaying = true;
            Application.isFocused = true;
            AudioListener.pause = false;
            Time.Begin();
            var stages = new[]
            {
                RuntimeInitializeLoadType.SubsystemRegistration,
                RuntimeInitializeLoadType.AfterAssembliesLoaded,
                RuntimeInitializeLoadType.BeforeSplashScreen,
                RuntimeInitializeLoadType.BeforeSceneLoad,
                RuntimeInitializeLoadType.AfterSceneLoad,
            };
            foreach (var stage in stages)
            {
                Initialize(scripts, stage);
            }
        }

        /// <summary>One game frame of this many seconds.</summary>
        public static void Frame(float seconds)
        {
            MainThread.Check();
            Time.Advance(seconds);
            foreach (var behaviour in Behaviours())
            {
                if (behaviour.isActiveAndEnabled && !behaviour.IsStarted)
                {
                    behaviour.IsStarted = true;
                    behaviour.Send("Start");
                }
            }
            Physics.Step();
            foreach (var message in new[] { "Update", "LateUpdate", "OnGUI" })
            {
                foreach (var behaviour in Behaviours())
                {
                    if (behaviour.isActiveAndEnabled)
                    {
                        behaviour.Send(message);
                    }
                }
            }
            DestroyAll();
        }

        /// <summary>SceneManagement.SceneManager.LoadScene.html: an empty scene takes the place of all that is not kept.</summary>
        public static void LoadEmptyScene()
        {
            foreach (var gameObject in Objects.Items)
            {
                if (!gameObject.IsKept && gameObject.transform.parent == null)
                {
                    Object.Destroy(gameObject);
                }
            }
            DestroyAll();
        }

        /// <summary>The window comes to the front or not. What does not run in the background is paused then.</summary>
        public static void SetFocus(bool isFocused)
        {
            Application.isFocused = isFocused;
            SendAll("OnApplicationFocus", isFocused);
            if (!Application.runInBackground)
            {
                SendAll("OnApplicationPause", !isFocused);
            }
        }

        /// <summary>
        /// Scripts are compiled while the game plays: OnDisable, then new objects with the public fields of the old ones,
        /// and OnEnable without Awake. Statics begin anew.
        /// </summary>
        public static void Recompile(Assembly scripts)
        {
            var enabled = Behaviours().FindAll(each => each.IsEnabled && each.GetType().Assembly == scripts);
            enabled.ForEach(each => each.Send("OnDisable"));
            ResetStatics(scripts);
            foreach (var behaviour in enabled)
            {
                var fresh = Activator.CreateInstance(behaviour.GetType());
                const BindingFlags hidden = BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
                foreach (var field in behaviour.GetType().GetFields(hidden))
                {
                    field.SetValue(behaviour, field.GetValue(fresh));
                }
            }
            enabled.ForEach(each => each.Send("OnEnable"));
        }

        /// <summary>Leaves play mode: all is told, disabled and destroyed.</summary>
        public static void ExitPlay()
        {
            SendAll("OnApplicationQuit");
            foreach (var gameObject in Objects.Items)
            {
                if (!gameObject.IsDestroyed)
                {
                    Object.DestroyImmediate(gameObject);
                }
            }
            Objects.Clear();
            Destroyed.Clear();
            Application.isPlaying = false;
        }

        /// <summary>Awake, OnEnable and OnDisable as a component's state asks for.</summary>
        internal static void Follow(Component component)
        {
            if (component is AudioSource source && !source.isActiveAndEnabled)
            {
                source.Stop();
            }
            if (!(component is MonoBehaviour behaviour) || !Application.isPlaying)
            {
                return;
            }
            if (!behaviour.IsAwake && behaviour.gameObject.activeInHierarchy)
            {
                behaviour.IsAwake = true;
                behaviour.Send("Awake");
            }
            if (behaviour.isActiveAndEnabled != behaviour.IsEnabled)
            {
                behaviour.IsEnabled = behaviour.isActiveAndEnabled;
                behaviour.Send(behaviour.IsEnabled ? "OnEnable" : "OnDisable");
            }
        }

        internal static void End(Component component)
        {
            if (component is AudioSource source)
            {
                source.Stop();
            }
            if (!(component is MonoBehaviour behaviour) || behaviour.IsDestroyed)
            {
                return;
            }
            if (behaviour.IsEnabled)
            {
                behaviour.IsEnabled = false;
                behaviour.Send("OnDisable");
            }
            if (behaviour.IsAwake)
            {
                behaviour.Send("OnDestroy");
            }
        }

        internal static List<MonoBehaviour> Behaviours()
        {
            var found = new List<MonoBehaviour>();
            foreach (var gameObject in Objects.Items)
            {
                foreach (var component in gameObject.Components)
                {
                    if (component is MonoBehaviour behaviour)
                    {
                        found.Add(behaviour);
                    }
                }
            }
            // Insertion keeps the order of equal ones.
            for (var i = 1; i < found.Count; i++)
            {
                for (var j = i; j > 0 && found[j].Order < found[j - 1].Order; j--)
                {
                    (found[j], found[j - 1]) = (found[j - 1], found[j]);
                }
            }
            return found;
        }

        private static void SendAll(string message, params object?[] arguments)
        {
            foreach (var behaviour in Behaviours())
            {
                if (behaviour.isActiveAndEnabled)
                {
                    behaviour.Send(message, arguments);
                }
            }
        }

        private static void DestroyAll()
        {
            foreach (var obj in Destroyed.ToArray())
            {
                if (!obj.IsDestroyed)
                {
                    Object.DestroyImmediate(obj);
                }
            }
            Destroyed.Clear();
        }

        private static void Initialize(Assembly scripts, RuntimeInitializeLoadType stage)
        {
            const BindingFlags all = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;
            foreach (var type in scripts.GetTypes())
            {
                foreach (var method in type.GetMethods(all))
                {
                    var attribute = method.GetCustomAttribute<RuntimeInitializeOnLoadMethodAttribute>();
                    if (attribute != null && attribute.LoadType == stage)
                    {
                        method.Invoke(null, null);
                    }
                }
            }
        }

        private static void ResetStatics(Assembly scripts)
        {
            foreach (var type in scripts.GetTypes())
            {
                if (!type.ContainsGenericParameters)
                {
                    type.TypeInitializer?.Invoke(null, null);
                }
            }
        }
    }
}
