// Before a build: warns of what the game lacks. After it: puts the service beside the game.
#nullable enable
using System;
using System.Collections.Generic;
using System.IO;
using UnityEditor;
using UnityEditor.Build;
using UnityEditor.Build.Reporting;
using UnityEngine;

namespace Segue.EditorTools
{
    internal sealed class BuildSteps : IPreprocessBuildWithReport, IPostprocessBuildWithReport
    {
        public int callbackOrder => 0;

        public void OnPreprocessBuild(BuildReport report)
        {
            var check = new BuildCheck(SegueProject.Paths, SegueProject.Declarations, AssetDatabase.GUIDToAssetPath);
            foreach (var warning in check.Warnings(PlanOf(report.summary)))
            {
                Debug.LogWarning("Segue: " + warning);
            }
        }

        public void OnPostprocessBuild(BuildReport report)
        {
            var plan = PlanOf(report.summary);
            if (plan.Bundle.Length == 0 || !BuildCheck.CanStart(plan))
            {
                return;
            }
            var place = ServiceBundle.PlaceFor(plan.System, report.summary.outputPath);
            try
            {
                foreach (var left in ServiceBundle.Copy(plan.Bundle, place, plan.System))
                {
                    Debug.LogWarning("Segue: " + left);
                }
            }
            catch (Exception error) when (error is IOException || error is UnauthorizedAccessException)
            {
                throw new BuildFailedException("Segue: the service cannot be copied to " + place + ": " + error.Message);
            }
            if (plan.System == GameSystem.MacOS)
            {
                Debug.LogWarning(
                    "Segue: the service is in " + place + ". The app was changed after Unity signed it: sign the program and the"
                    + " libraries in that folder, then the app, or macOS refuses it on other machines");
            }
        }

        private static BuildPlan PlanOf(BuildSummary summary)
        {
            var folder = SegueSettings.instance.bundleFolder;
            var system = SystemOf(summary.platform);
            var target = NamedBuildTarget.FromBuildTargetGroup(summary.platformGroup);
            return new BuildPlan
            {
                System = system,
                Platform = summary.platform.ToString(),
                IsIl2Cpp = PlayerSettings.GetScriptingBackend(target) == ScriptingImplementation.IL2CPP,
                SampleRate = SegueProject.SampleRate,
                BundleFolder = folder,
                Bundle = ServiceBundle.For(system, SegueProject.Paths.Full(folder), SegueProject.OwnSystem),
                Soundtracks = Soundtracks(),
            };
        }

        private static GameSystem SystemOf(BuildTarget target)
        {
            switch (target)
            {
                case BuildTarget.StandaloneWindows:
                case BuildTarget.StandaloneWindows64:
                    return GameSystem.Windows;
                case BuildTarget.StandaloneLinux64:
                    return GameSystem.Linux;
                case BuildTarget.StandaloneOSX:
                    return GameSystem.MacOS;
                default:
                    return GameSystem.Other;
            }
        }

        /// <summary>Those of the scenes that are built, and of the prefabs in them.</summary>
        private static List<SceneSoundtrack> Soundtracks()
        {
            var files = new List<string>();
            foreach (var scene in EditorBuildSettings.scenes)
            {
                if (scene.enabled)
                {
                    files.Add(scene.path);
                    files.AddRange(Array.FindAll(AssetDatabase.GetDependencies(scene.path, true), IsPrefab));
                }
            }
            var found = new List<SceneSoundtrack>();
            foreach (var file in new HashSet<string>(files))
            {
                var path = SegueProject.Paths.Full(file);
                if (File.Exists(path))
                {
                    found.AddRange(SceneSoundtracks.In(file, File.ReadAllText(path)));
                }
            }
            return found;
        }

        private static bool IsPrefab(string path) => path.EndsWith(".prefab", StringComparison.OrdinalIgnoreCase);
    }
}
