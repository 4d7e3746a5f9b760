// Builds of Unity's editor. Manual: ScriptReference/BuildTarget, BuildTargetGroup, ScriptingImplementation,
// PlayerSettings.GetScriptingBackend, EditorBuildSettings, EditorBuildSettingsScene, Build.NamedBuildTarget,
// Build.IOrderedCallback, Build.IPreprocessBuildWithReport, Build.IPostprocessBuildWithReport, Build.BuildFailedException,
// Build.Reporting.BuildReport, Build.Reporting.BuildSummary, below https://docs.unity3d.com/.
#nullable enable
using System;

namespace UnityEditor
{
    public enum BuildTarget
    {
        StandaloneOSX = 2,
        StandaloneWindows = 5,
        iOS = 9,
        Android = 13,
        StandaloneWindows64 = 19,
        WebGL = 20,
        StandaloneLinux64 = 24,
    }

    public enum BuildTargetGroup
    {
        Standalone = 1,
        iOS = 4,
        Android = 7,
        WebGL = 13,
    }

    public enum ScriptingImplementation
    {
        Mono2x = 0,
        IL2CPP = 1,
    }

    public static class PlayerSettings
    {
        /// <summary>Of all platforms, for tests.</summary>
        public static ScriptingImplementation Backend { get; set; }

        public static ScriptingImplementation GetScriptingBackend(Build.NamedBuildTarget buildTarget) => Backend;
    }

    public sealed class EditorBuildSettingsScene
    {
        public EditorBuildSettingsScene(string path, bool enabled)
        {
            this.path = path;
            this.enabled = enabled;
        }

        public string path { get; }

        public bool enabled { get; }
    }

    public static class EditorBuildSettings
    {
        public static EditorBuildSettingsScene[] scenes { get; set; } = Array.Empty<EditorBuildSettingsScene>();
    }
}

namespace UnityEditor.Build
{
    public readonly struct NamedBuildTarget
    {
        public static NamedBuildTarget FromBuildTargetGroup(BuildTargetGroup buildTargetGroup) => default;
    }

    public interface IOrderedCallback
    {
        int callbackOrder { get; }
    }

    public interface IPreprocessBuildWithReport : IOrderedCallback
    {
        void OnPreprocessBuild(Reporting.BuildReport report);
    }

    public interface IPostprocessBuildWithReport : IOrderedCallback
    {
        void OnPostprocessBuild(Reporting.BuildReport report);
    }

    public sealed class BuildFailedException : Exception
    {
        public BuildFailedException(string message)
            : base(message)
        {
        }
    }
}

namespace UnityEditor.Build.Reporting
{
    public readonly struct BuildSummary
    {
        public BuildSummary(BuildTarget platform, BuildTargetGroup platformGroup, string outputPath)
        {
            this.platform = platform;
            this.platformGroup = platformGroup;
            this.outputPath = outputPath;
        }

        public BuildTarget platform { get; }

        public BuildTargetGroup platformGroup { get; }

        public string outputPath { get; }
    }

    public sealed class BuildReport
    {
        public BuildReport(BuildSummary summary)
        {
            this.summary = summary;
        }

        public BuildSummary summary { get; }
    }
}
