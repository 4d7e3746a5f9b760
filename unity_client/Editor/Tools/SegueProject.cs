// What the editor knows of the project's music: declarations, kept up to date, and the program of the service.
#nullable enable
using System;
using System.Collections.Generic;
using System.IO;
using UnityEditor;
using UnityEngine;

namespace Segue.EditorTools
{
    [InitializeOnLoad]
    public static class SegueProject
    {
        private const string KeptIn = "Library/Segue/declarations.txt";
        private const string AudioSettingsFile = "ProjectSettings/AudioManager.asset";
        private const string SampleRateField = "m_SampleRate";
        private const double EveryS = 1.0;

        private static double nextS;

        static SegueProject()
        {
            Paths = new ProjectPaths(Path.GetDirectoryName(Application.dataPath) ?? "");
            Cache = new DeclarationCache(Paths, KeptIn);
            Cache.Changed += TakeChange;
            ServicePlaces.ProjectProgram = ConfiguredProgram;
            EditorApplication.update += Step;
            EditorApplication.projectChanged += Cache.Rescan;
            AssemblyReloadEvents.beforeAssemblyReload += Cache.Close;
        }

        /// <summary>The declarations or problems of some rule files have changed.</summary>
        public static event Action? Changed;

        public static ProjectPaths Paths { get; }

        public static DeclarationCache Cache { get; }

        public static Declarations Declarations => Cache.Declarations;

        /// <summary>The system that the editor runs on.</summary>
        public static GameSystem OwnSystem
        {
            get
            {
                switch (Application.platform)
                {
                    case RuntimePlatform.WindowsEditor:
                        return GameSystem.Windows;
                    case RuntimePlatform.OSXEditor:
                        return GameSystem.MacOS;
                    default:
                        return GameSystem.Linux;
                }
            }
        }

        /// <summary>The program that the editor runs; empty: there is none.</summary>
        public static string Program => ServicePlaces.Found();

        /// <summary>The project setting System Sample Rate in Hz; 0: that of the device.</summary>
        public static int SampleRate
        {
            get => AudioManager()?.FindProperty(SampleRateField)?.intValue ?? 0;
            set
            {
                var manager = AudioManager();
                var field = manager?.FindProperty(SampleRateField);
                if (field != null)
                {
                    field.intValue = value;
                    manager!.ApplyModifiedProperties();
                    AssetDatabase.SaveAssets();
                }
            }
        }

        /// <summary>Opens a place of a file in the program that edits scripts.</summary>
        public static void Jump(FilePlace place)
        {
            var path = Paths.Local(place.File);
            var asset = AssetDatabase.LoadAssetAtPath<UnityEngine.Object>(path);
            if (asset != null)
            {
                AssetDatabase.OpenAsset(asset, place.Line, place.Column);
            }
            else
            {
                EditorUtility.OpenWithDefaultApp(Paths.Full(place.File));
            }
        }

        /// <summary>
        /// The rule file that a component's names are of: of its soundtrack, or of one of its scene; empty: not known.
        /// </summary>
        public static string RulesOf(Component component, SegueSoundtrack? given)
        {
            var of = given != null ? given : component.GetComponentInParent<SegueSoundtrack>();
            foreach (var each in Resources.FindObjectsOfTypeAll<SegueSoundtrack>())
            {
                if (of == null && !EditorUtility.IsPersistent(each) && each.gameObject.scene == component.gameObject.scene)
                {
                    of = each;
                }
            }
            return of == null ? "" : RulesOf(of);
        }

        /// <summary>The rule file that a soundtrack plays; empty: not known.</summary>
        public static string RulesOf(SegueSoundtrack soundtrack)
        {
            var settings = soundtrack.settings;
            if (settings.rulesFile.Length > 0)
            {
                return BuildCheck.StreamingAssets + "/" + settings.rulesFile;
            }
            return settings.rules == null ? "" : AssetDatabase.GetAssetPath(settings.rules);
        }

        /// <summary>Writes the constants, if the project settings want them and they have changed. Whether it did.</summary>
        public static bool WriteConstants()
        {
            var file = SegueSettings.instance.constantsFile;
            if (file.Length == 0 || Declarations.Paths.Count == 0)
            {
                return false;
            }
            var path = Paths.Full(file);
            var text = ConstantsSource.Of(Declarations, Path.GetFileNameWithoutExtension(file));
            var before = File.Exists(path) ? File.ReadAllText(path) : "";
            if (before.Length > 0 && !before.StartsWith(ConstantsSource.FirstLine, StringComparison.Ordinal))
            {
                Debug.LogError("Segue: " + file + " was not generated by Segue, and is kept: choose another Constants File");
                return false;
            }
            if (before == text)
            {
                return false;
            }
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, text);
            AssetDatabase.ImportAsset(Paths.Local(path));
            return true;
        }

        /// <summary>Looks now whether files have changed.</summary>
        public static void Refresh() => Cache.Refresh(SegueSettings.instance.rulesFolder, Program);

        private static void Step()
        {
            if (EditorApplication.timeSinceStartup >= nextS)
            {
                nextS = EditorApplication.timeSinceStartup + EveryS;
                Refresh();
            }
        }

        private static string ConfiguredProgram()
        {
            var settings = SegueSettings.instance;
            if (settings.command.Length > 0)
            {
                return Paths.Full(settings.command);
            }
            var bundle = ServiceBundle.For(OwnSystem, Paths.Full(settings.bundleFolder), OwnSystem);
            return bundle.Length > 0 ? Path.Combine(bundle, ServiceBundle.ProgramName(OwnSystem)) : "";
        }

        private static void TakeChange(IReadOnlyList<string> mistakes)
        {
            foreach (var mistake in mistakes)
            {
                Debug.LogError("Segue: " + mistake);
            }
            if (Cache.Error.Length > 0)
            {
                Debug.LogError("Segue: " + Cache.Error);
            }
            WriteConstants();
            Changed?.Invoke();
        }

        private static SerializedObject? AudioManager()
        {
            var loaded = AssetDatabase.LoadAllAssetsAtPath(AudioSettingsFile);
            return loaded.Length > 0 ? new SerializedObject(loaded[0]) : null;
        }
    }
}
