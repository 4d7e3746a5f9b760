// The application, time and messages of Unity. Manual: ScriptReference/Application, RuntimePlatform, Time, Debug, all
// below https://docs.unity3d.com/.
#nullable enable
using System;
using System.Collections.Generic;

namespace UnityEngine
{
    /// <summary>RuntimePlatform.html: those that the package asks for.</summary>
    public enum RuntimePlatform
    {
        OSXEditor = 0,
        OSXPlayer = 1,
        WindowsPlayer = 2,
        WindowsEditor = 7,
        IPhonePlayer = 8,
        Android = 11,
        LinuxPlayer = 13,
        LinuxEditor = 16,
        WebGLPlayer = 17,
    }

    /// <summary>Application.html: tests set what Unity sets.</summary>
    public static class Application
    {
        public static bool isPlaying { get; set; }

        public static bool isFocused { get; set; }

        public static bool isEditor { get; set; } = true;

        public static bool runInBackground { get; set; } = true;

        public static RuntimePlatform platform { get; set; } = RuntimePlatform.LinuxEditor;

        public static string dataPath { get; set; } = "";

        public static string streamingAssetsPath { get; set; } = "";

        public static string persistentDataPath { get; set; } = "";
    }

    /// <summary>Time.html</summary>
    public static class Time
    {
        private static double real;

        public static float timeScale { get; set; } = 1.0f;

        public static float time { get; private set; }

        public static float deltaTime { get; private set; }

        public static float unscaledDeltaTime { get; private set; }

        public static double realtimeSinceStartupAsDouble => real;

        internal static void Begin()
        {
            timeScale = 1.0f;
            real = 0.0;
            time = 0.0f;
        }

        internal static void Advance(float seconds)
        {
            unscaledDeltaTime = seconds;
            deltaTime = seconds * timeScale;
            time += deltaTime;
            real += seconds;
        }
    }

    /// <summary>Debug.html: keeps what is logged, for tests.</summary>
    public static class Debug
    {
        public static List<string> Logged { get; } = new List<string>();

        public static void Log(object message) => Add("log: " + message);

        public static void LogWarning(object message, Object context) => Add("warning: " + message);

        public static bool isDebugBuild { get; set; } = true;

        public static void LogWarning(object message) => Add("warning: " + message);

        public static void LogError(object message) => Add("error: " + message);

        public static void LogException(Exception exception, Object? context = null) => Add("exception: " + exception);

        private static void Add(string text)
        {
            lock (Logged)
            {
                Logged.Add(text);
            }
        }
    }
}
