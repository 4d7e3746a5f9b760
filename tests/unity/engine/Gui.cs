// The immediate user interface of Unity, for tests: keeps what is shown, and plays a user who presses and types. Manual:
// ScriptReference/Rect, GUI, GUILayout, GUIContent, GUIStyle, Event, EventType, KeyCode, Texture2D, below
// https://docs.unity3d.com/.
#nullable enable
using System;
using System.Collections.Generic;

namespace UnityEngine
{
    /// <summary>Rect.html</summary>
    public readonly struct Rect
    {
        public readonly float x;
        public readonly float y;
        public readonly float width;
        public readonly float height;

        public Rect(float x, float y, float width, float height)
        {
            this.x = x;
            this.y = y;
            this.width = width;
            this.height = height;
        }
    }

    /// <summary>GUIContent.html</summary>
    public sealed class GUIContent
    {
        public GUIContent(string text, string tooltip = "")
        {
            this.text = text;
            this.tooltip = tooltip;
        }

        public static GUIContent none { get; } = new GUIContent("");

        public string text { get; }

        public string tooltip { get; }
    }

    /// <summary>GUIStyle.html</summary>
    public sealed class GUIStyle
    {
    }

    /// <summary>GUILayoutOption.html</summary>
    public sealed class GUILayoutOption
    {
    }

    /// <summary>Texture2D.html</summary>
    public sealed class Texture2D : Object
    {
        public static Texture2D whiteTexture { get; } = new Texture2D();
    }

    /// <summary>KeyCode.html</summary>
    public enum KeyCode
    {
        None = 0,
        F3 = 284,
    }

    /// <summary>EventType.html</summary>
    public enum EventType
    {
        KeyDown = 4,
        Repaint = 7,
    }

    /// <summary>Event.html: the one that is handled; tests set it.</summary>
    public sealed class Event
    {
        public static Event current { get; set; } = new Event();

        public EventType type { get; set; } = EventType.Repaint;

        public KeyCode keyCode { get; set; }

        /// <summary>Event.Use.html: others do not see it.</summary>
        public void Use() => type = EventType.Repaint;
    }

    /// <summary>What the user does at the next drawing, and what was shown at the last, for tests.</summary>
    public static class User
    {
        private static readonly Dictionary<string, object> Chosen = new Dictionary<string, object>();
        private static string last = "";
        private static string pressed = "";

        /// <summary>What was shown since Look, in order.</summary>
        public static List<string> Seen { get; } = new List<string>();

        /// <summary>The buttons that could not be pressed.</summary>
        public static List<string> Disabled { get; } = new List<string>();

        public static bool IsDisabled { get; set; }

        public static bool HasChanged { get; set; }

        /// <summary>Forgets what was shown.</summary>
        public static void Look()
        {
            Seen.Clear();
            Disabled.Clear();
        }

        /// <summary>Presses the button with these words, once.</summary>
        public static void Press(string words) => pressed = words;

        /// <summary>Gives a value to the control that has these words, or comes after them.</summary>
        public static void Choose(string words, object value) => Chosen[words] = value;

        public static void Show(string words)
        {
            Seen.Add(words);
            last = words;
        }

        public static bool IsPressed(string words)
        {
            Show(words);
            if (IsDisabled)
            {
                Disabled.Add(words);
                return false;
            }
            if (words != pressed)
            {
                return false;
            }
            pressed = "";
            return true;
        }

        /// <summary>The value of a control after the words, or its own words.</summary>
        public static T Of<T>(string words, T value)
        {
            if (words.Length > 0)
            {
                Show(words);
            }
            Seen.Add(Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture) ?? "");
            if (!Chosen.TryGetValue(last, out var chosen) || !(chosen is T given))
            {
                return value;
            }
            Chosen.Remove(last);
            HasChanged |= !Equals(given, value);
            return given;
        }
    }

    /// <summary>GUI.html</summary>
    public static class GUI
    {
        public static string Shown { get; set; } = "";

        public static Color color { get; set; } = Color.white;

        /// <summary>How many textures were drawn, for tests.</summary>
        public static int Textures { get; set; }

        public static void Label(Rect position, string text)
        {
            Shown = text;
            User.Show(text);
        }

        public static void DrawTexture(Rect position, Texture2D image) => Textures++;

        public static bool Button(Rect position, GUIContent content) => User.IsPressed(content.text);

        public static bool Button(Rect position, string text) => User.IsPressed(text);

        public static float HorizontalSlider(Rect position, float value, float leftValue, float rightValue) =>
            Math.Min(rightValue, Math.Max(leftValue, User.Of("", value)));
    }

    /// <summary>GUILayout.html</summary>
    public static class GUILayout
    {
        public static bool Button(GUIContent content, params GUILayoutOption[] options) => User.IsPressed(content.text);

        public static bool Button(GUIContent content, GUIStyle style, params GUILayoutOption[] options) =>
            User.IsPressed(content.text);
    }
}
