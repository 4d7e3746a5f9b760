// Assets, settings and serialized objects of Unity's editor. Manual: ScriptReference/AssetDatabase, EditorUtility, Undo,
// Selection, SerializedObject, SerializedProperty, SerializedPropertyType, ScriptableSingleton_1, FilePathAttribute,
// SceneManagement.EditorSceneManager, below https://docs.unity3d.com/.
#nullable enable
using System;
using System.Collections.Generic;
using System.IO;
using System.Reflection;
using UnityEngine;

namespace UnityEditor
{
    /// <summary>AssetDatabase.html: tests say which assets there are.</summary>
    public static class AssetDatabase
    {
        /// <summary>By path: the asset.</summary>
        public static Dictionary<string, UnityEngine.Object> Assets { get; } = new Dictionary<string, UnityEngine.Object>();

        /// <summary>By GUID: the path.</summary>
        public static Dictionary<string, string> Guids { get; } = new Dictionary<string, string>();

        /// <summary>By path of a scene or prefab: the paths of what it needs.</summary>
        public static Dictionary<string, string[]> Dependencies { get; } = new Dictionary<string, string[]>();

        /// <summary>What was opened or imported.</summary>
        public static List<string> Opened { get; } = new List<string>();

        /// <summary>Empty: it has none. Of other objects than known ones the name is the path, if it is one of a rule file.</summary>
        public static string GetAssetPath(UnityEngine.Object assetObject)
        {
            foreach (var pair in Assets)
            {
                if (ReferenceEquals(pair.Value, assetObject))
                {
                    return pair.Key;
                }
            }
            return assetObject.name.EndsWith(".yaml", StringComparison.Ordinal) ? assetObject.name : "";
        }

        public static T? LoadAssetAtPath<T>(string assetPath)
            where T : UnityEngine.Object => Assets.TryGetValue(assetPath, out var found) ? found as T : null;

        public static UnityEngine.Object[] LoadAllAssetsAtPath(string assetPath) =>
            Assets.TryGetValue(assetPath, out var found) ? new[] { found } : Array.Empty<UnityEngine.Object>();

        public static string GUIDToAssetPath(string guid) => Guids.TryGetValue(guid, out var path) ? path : "";

        public static string[] GetDependencies(string pathName, bool recursive) =>
            Dependencies.TryGetValue(pathName, out var found) ? found : Array.Empty<string>();

        public static bool OpenAsset(UnityEngine.Object target, int lineNumber, int columnNumber)
        {
            Opened.Add("open " + GetAssetPath(target) + ":" + lineNumber + ":" + columnNumber);
            return true;
        }

        public static void ImportAsset(string path) => Opened.Add("import " + path);

        public static void Refresh() => Opened.Add("refresh");

        public static void SaveAssets() => Opened.Add("save");
    }

    /// <summary>EditorUtility.html: tests answer its dialogs.</summary>
    public static class EditorUtility
    {
        public static string ChosenFile { get; set; } = "";

        public static bool Answer { get; set; } = true;

        /// <summary>What the last dialog asked.</summary>
        public static string Asked { get; private set; } = "";

        public static bool IsPersistent(UnityEngine.Object target) => false;

        public static string OpenFilePanel(string title, string directory, string extension) => ChosenFile;

        public static bool DisplayDialog(string title, string message, string ok, string cancel)
        {
            Asked = message;
            return Answer;
        }

        public static void OpenWithDefaultApp(string fileName) => AssetDatabase.Opened.Add("open " + fileName);

        /// <summary>Components outside of play mode have no messages, unless they have ExecuteAlways.</summary>
        public static GameObject CreateGameObjectWithHideFlags(string name, HideFlags flags, params Type[] components)
        {
            var made = new GameObject(name);
            foreach (var component in components)
            {
                if (made.GetComponent(component) == null)
                {
                    made.AddComponent(component);
                }
            }
            return made;
        }
    }

    /// <summary>Undo.html</summary>
    public static class Undo
    {
        public static void RegisterCreatedObjectUndo(UnityEngine.Object objectToUndo, string name)
        {
        }
    }

    /// <summary>Selection.html</summary>
    public static class Selection
    {
        public static GameObject? activeGameObject { get; set; }
    }

    /// <summary>FilePathAttribute.html</summary>
    [AttributeUsage(AttributeTargets.Class)]
    public sealed class FilePathAttribute : Attribute
    {
        public FilePathAttribute(string relativePath, Location location)
        {
        }

        /// <summary>FilePathAttribute.Location.html</summary>
        public enum Location
        {
            PreferencesFolder,
            ProjectFolder,
        }
    }

    /// <summary>ScriptableSingleton_1.html</summary>
    public class ScriptableSingleton<T> : ScriptableObject
        where T : ScriptableObject
    {
        private static T? made;

        public static T instance => made ??= CreateInstance<T>();

        /// <summary>How often it was saved, for tests.</summary>
        public int Saves { get; private set; }

        protected void Save(bool saveAsText) => Saves++;
    }

    /// <summary>SerializedPropertyType.html</summary>
    public enum SerializedPropertyType
    {
        Generic = -1,
        Integer = 0,
        String = 3,
        ObjectReference = 5,
    }

    /// <summary>SerializedObject.html: reads fields, and writes them when they are applied.</summary>
    public sealed class SerializedObject
    {
        private readonly List<Action> changes = new List<Action>();

        public SerializedObject(UnityEngine.Object obj)
        {
            targetObject = obj;
        }

        public SerializedObject(UnityEngine.Object[] objs)
            : this(objs[0])
        {
        }

        public UnityEngine.Object targetObject { get; }

        public UnityEngine.Object[] targetObjects => new[] { targetObject };

        public SerializedProperty? FindProperty(string propertyPath)
        {
            object? owner = targetObject;
            FieldInfo? field = null;
            foreach (var name in propertyPath.Split('.'))
            {
                owner = field == null ? owner : field.GetValue(owner);
                field = owner?.GetType().GetField(name, BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic);
                if (field == null)
                {
                    return null;
                }
            }
            return new SerializedProperty(this, propertyPath, owner!, field!);
        }

        public bool ApplyModifiedProperties()
        {
            changes.ForEach(change => change());
            changes.Clear();
            return true;
        }

        internal void Add(Action change) => changes.Add(change);
    }

    /// <summary>SerializedProperty.html</summary>
    public sealed class SerializedProperty
    {
        private readonly object owner;
        private readonly FieldInfo field;
        private object? value;

        internal SerializedProperty(SerializedObject of, string path, object owner, FieldInfo field)
        {
            serializedObject = of;
            propertyPath = path;
            this.owner = owner;
            this.field = field;
            value = field.GetValue(owner);
        }

        public SerializedObject serializedObject { get; }

        public string propertyPath { get; }

        public SerializedPropertyType propertyType => field.FieldType == typeof(string)
            ? SerializedPropertyType.String
            : field.FieldType == typeof(int) ? SerializedPropertyType.Integer : SerializedPropertyType.Generic;

        public string stringValue
        {
            get => (string)value!;
            set => Set(value);
        }

        public int intValue
        {
            get => (int)value!;
            set => Set(value);
        }

        public UnityEngine.Object? objectReferenceValue => value as UnityEngine.Object;

        private void Set(object next)
        {
            value = next;
            serializedObject.Add(() => field.SetValue(owner, next));
        }
    }
}

namespace UnityEditor.SceneManagement
{
    /// <summary>SceneManagement.EditorSceneManager.html</summary>
    public static class EditorSceneManager
    {
        public static bool SaveCurrentModifiedScenesIfUserWantsTo() => EditorUtility.Answer;
    }
}
