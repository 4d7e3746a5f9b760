// What the user interface of Unity's editor adds. Manual: ScriptReference/EditorGUI, EditorGUILayout, EditorStyles,
// EditorGUIUtility, EditorWindow, PropertyDrawer, SettingsProvider, IMGUI.Controls.AdvancedDropdown, MessageType, below
// https://docs.unity3d.com/.
#nullable enable
using System;
using System.Collections.Generic;
using UnityEngine;

namespace UnityEditor
{
    /// <summary>MessageType.html</summary>
    public enum MessageType
    {
        None,
        Info,
        Warning,
        Error,
    }

    /// <summary>EditorStyles.html</summary>
    public static class EditorStyles
    {
        public static GUIStyle linkLabel { get; } = new GUIStyle();

        public static GUIStyle wordWrappedLabel { get; } = new GUIStyle();
    }

    /// <summary>EditorGUIUtility.html</summary>
    public static class EditorGUIUtility
    {
        public static float singleLineHeight => 18.0f;
    }

    /// <summary>EditorGUI.html</summary>
    public static class EditorGUI
    {
        private static readonly Stack<bool> Checks = new Stack<bool>();

        public static GUIContent BeginProperty(Rect totalPosition, GUIContent label, SerializedProperty property) => label;

        public static void EndProperty()
        {
        }

        public static string TextField(Rect position, GUIContent label, string text) => User.Of(label.text, text);

        public static void HelpBox(Rect position, string message, MessageType type) => User.Show(type + ": " + message);

        public static void BeginChangeCheck()
        {
            Checks.Push(User.HasChanged);
            User.HasChanged = false;
        }

        public static bool EndChangeCheck()
        {
            var has = User.HasChanged;
            User.HasChanged = Checks.Pop() || has;
            return has;
        }

        /// <summary>EditorGUI.DisabledScope.html</summary>
        public readonly struct DisabledScope : IDisposable
        {
            private readonly bool before;

            public DisabledScope(bool disabled)
            {
                before = User.IsDisabled;
                User.IsDisabled |= disabled;
            }

            public void Dispose() => User.IsDisabled = before;
        }
    }

    /// <summary>EditorGUILayout.html</summary>
    public static class EditorGUILayout
    {
        public static Rect BeginHorizontal(params GUILayoutOption[] options) => default;

        public static void EndHorizontal()
        {
        }

        public static Vector2 BeginScrollView(Vector2 scrollPosition, params GUILayoutOption[] options) => scrollPosition;

        public static void EndScrollView()
        {
        }

        public static void LabelField(string label, GUIStyle style, params GUILayoutOption[] options) => User.Show(label);

        public static void HelpBox(string message, MessageType type) => User.Show(type + ": " + message);

        public static string TextField(string label, string text, params GUILayoutOption[] options) => User.Of(label, text);

        public static string TextField(GUIContent label, string text, params GUILayoutOption[] options) =>
            User.Of(label.text, text);

        public static bool Toggle(bool value, params GUILayoutOption[] options) => User.Of("", value);

        public static float Slider(float value, float leftValue, float rightValue, params GUILayoutOption[] options) =>
            User.Of("", value);

        public static int IntSlider(int value, int leftValue, int rightValue, params GUILayoutOption[] options) =>
            User.Of("", value);

        public static int Popup(int selectedIndex, string[] displayedOptions, params GUILayoutOption[] options) =>
            Popup("", selectedIndex, displayedOptions, options);

        public static int Popup(string label, int selectedIndex, string[] displayedOptions, params GUILayoutOption[] options)
        {
            var shown = selectedIndex >= 0 && selectedIndex < displayedOptions.Length ? displayedOptions[selectedIndex] : "";
            return Array.IndexOf(displayedOptions, User.Of(label, shown));
        }
    }

    /// <summary>EditorWindow.html</summary>
    public class EditorWindow : ScriptableObject
    {
        private static readonly List<EditorWindow> Windows = new List<EditorWindow>();

        /// <summary>EditorWindow.GetWindow.html: the one that is there, or a new one.</summary>
        public static T GetWindow<T>(string title)
            where T : EditorWindow
        {
            var there = Windows.Find(each => each is T);
            if (there is null)
            {
                there = CreateInstance<T>();
                Windows.Add(there);
                there.Send("OnEnable");
            }
            return (T)there;
        }

        public void Close()
        {
            Windows.Remove(this);
            Send("OnDisable");
        }

        public void Repaint()
        {
        }

        /// <summary>The editor's messages, for tests: Update and OnGUI.</summary>
        public void Send(string message) => GetType().GetMethod(
            message,
            System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.NonPublic)!.Invoke(this, null);
    }

    /// <summary>MenuItem.html</summary>
    [AttributeUsage(AttributeTargets.Method)]
    public sealed class MenuItem : Attribute
    {
        public MenuItem(string itemName)
        {
        }
    }

    /// <summary>PropertyDrawer.html</summary>
    public abstract class PropertyDrawer
    {
        /// <summary>Set by the editor; here by tests.</summary>
        public PropertyAttribute attribute { get; set; } = null!;

        public abstract float GetPropertyHeight(SerializedProperty property, GUIContent label);

        public abstract void OnGUI(Rect position, SerializedProperty property, GUIContent label);
    }

    /// <summary>CustomPropertyDrawer.html</summary>
    [AttributeUsage(AttributeTargets.Class)]
    public sealed class CustomPropertyDrawer : Attribute
    {
        public CustomPropertyDrawer(Type type)
        {
        }
    }

    /// <summary>SettingsScope.html</summary>
    public enum SettingsScope
    {
        User,
        Project,
    }

    /// <summary>SettingsProvider.html</summary>
    public class SettingsProvider
    {
        public SettingsProvider(string path, SettingsScope scopes, IEnumerable<string>? keywords = null)
        {
            settingsPath = path;
        }

        public string settingsPath { get; }

        public string label { get; set; } = "";

        public IEnumerable<string> keywords { get; set; } = Array.Empty<string>();

        public Action<string>? guiHandler { get; set; }
    }

    /// <summary>SettingsProviderAttribute.html</summary>
    [AttributeUsage(AttributeTargets.Method)]
    public sealed class SettingsProviderAttribute : Attribute
    {
    }
}

namespace UnityEditor.IMGUI.Controls
{
    /// <summary>IMGUI.Controls.AdvancedDropdownState.html</summary>
    public sealed class AdvancedDropdownState
    {
    }

    /// <summary>IMGUI.Controls.AdvancedDropdownItem.html</summary>
    public class AdvancedDropdownItem
    {
        public AdvancedDropdownItem(string name)
        {
            this.name = name;
        }

        public string name { get; }

        public List<AdvancedDropdownItem> Children { get; } = new List<AdvancedDropdownItem>();

        public void AddChild(AdvancedDropdownItem child) => Children.Add(child);
    }

    /// <summary>IMGUI.Controls.AdvancedDropdown.html: the user chooses by User.Choose.</summary>
    public abstract class AdvancedDropdown
    {
        protected AdvancedDropdown(AdvancedDropdownState state)
        {
        }

        protected Vector2 minimumSize { get; set; }

        public void Show(Rect rect)
        {
            var root = BuildRoot();
            foreach (var child in root.Children)
            {
                User.Seen.Add("listed: " + child.name);
            }
            var name = User.Of(root.name, "");
            var chosen = root.Children.Find(each => each.name == name);
            if (chosen != null)
            {
                ItemSelected(chosen);
            }
        }

        protected abstract AdvancedDropdownItem BuildRoot();

        protected abstract void ItemSelected(AdvancedDropdownItem item);
    }
}
