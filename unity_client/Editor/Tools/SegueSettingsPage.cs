// The page Segue in the project settings.
#nullable enable
using System.Collections.Generic;
using UnityEditor;
using UnityEngine;

namespace Segue.EditorTools
{
    internal static class SegueSettingsPage
    {
        public const string Path = "Project/Segue";

        [SettingsProvider]
        public static SettingsProvider Create() => new SettingsProvider(Path, SettingsScope.Project)
        {
            label = "Segue",
            keywords = new HashSet<string> { "Segue", "music", "rules", "service", "constants" },
            guiHandler = search => Draw(SegueSettings.instance),
        };

        private static void Draw(SegueSettings settings)
        {
            EditorGUI.BeginChangeCheck();
            settings.rulesFolder = EditorGUILayout.TextField(
                new GUIContent("Rules Folder", "The folder in which rule files are searched."), settings.rulesFolder);
            settings.bundleFolder = EditorGUILayout.TextField(
                new GUIContent("Bundle", "The folder of the service, outside of Assets; for other systems in its folders windows, linux, macos."),
                settings.bundleFolder);
            settings.command = EditorGUILayout.TextField(
                new GUIContent("Command", "The program of the service in the editor; empty: of the bundle, of .venv, or in PATH."),
                settings.command);
            settings.constantsFile = EditorGUILayout.TextField(
                new GUIContent("Constants File", "Such as Assets/MusicNames.cs: gets a constant for each name of the rules; empty: none is written."),
                settings.constantsFile);
            if (EditorGUI.EndChangeCheck())
            {
                settings.Keep();
                SegueProject.Cache.Rescan();
                SegueProject.Refresh();
                SegueProject.WriteConstants();
            }
            var program = SegueProject.Program;
            EditorGUILayout.HelpBox(
                program.Length > 0 ? "The service: " + program : "No program 'segue' is found.",
                program.Length > 0 ? MessageType.Info : MessageType.Warning);
        }
    }
}
