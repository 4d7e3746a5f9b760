// Where the program of a game's own service lies.
#nullable enable
using System;
using System.Collections.Generic;
using System.IO;
using Segue.Service;
using UnityEngine;

namespace Segue
{
    internal static class ServicePlaces
    {
        private const string Name = "segue";

#if UNITY_EDITOR
        /// <summary>Gives the program of the project settings; empty: there is none. Set by the editor tools.</summary>
        internal static Func<string>? ProjectProgram { get; set; }
#endif

        /// <summary>
        /// The command, or what is found: in the editor by the project settings; beside the game in the folder `segue`, in the
        /// project's virtual environment of Python, in PATH. Throws ServiceException, which says where it was looked for.
        /// </summary>
        public static string Program(string command)
        {
            if (!CanStart(Application.platform))
            {
                throw new ServiceException(
                    "a game on " + Application.platform + " cannot start a service: connect to one, or set a bed");
            }
            if (command.Length > 0)
            {
                return command;
            }
            var found = Found();
            if (found.Length > 0)
            {
                return found;
            }
            throw new ServiceException(
                "no program '" + FileName + "' in the folder 'segue' beside the game, in the project's .venv or in PATH:"
                + " install Segue, or set the soundtrack's Command");
        }

        /// <summary>The program that is found; empty: there is none.</summary>
        internal static string Found()
        {
#if UNITY_EDITOR
            var ofProject = ProjectProgram?.Invoke() ?? "";
            if (ofProject.Length > 0)
            {
                return ofProject;
            }
#endif
            foreach (var folder in Folders())
            {
                var path = Path.Combine(folder, FileName);
                if (File.Exists(path))
                {
                    return path;
                }
            }
            return "";
        }

        private static bool IsWindows => Environment.OSVersion.Platform != PlatformID.Unix;

        private static string FileName => IsWindows ? Name + ".exe" : Name;

        private static bool CanStart(RuntimePlatform platform)
        {
            switch (platform)
            {
                case RuntimePlatform.WindowsEditor:
                case RuntimePlatform.WindowsPlayer:
                case RuntimePlatform.OSXEditor:
                case RuntimePlatform.OSXPlayer:
                case RuntimePlatform.LinuxEditor:
                case RuntimePlatform.LinuxPlayer:
                    return true;
                default:
                    return false;
            }
        }

        private static IEnumerable<string> Folders()
        {
            // In the editor dataPath is Assets; in a game it lies beside the program, or in the bundle on macOS.
            var above = Path.GetDirectoryName(Application.dataPath) ?? "";
            yield return Path.Combine(above, Name);
            if (Application.platform == RuntimePlatform.OSXPlayer)
            {
                yield return Path.Combine(Application.dataPath, "Resources", Name);
                yield return Path.Combine(Path.GetDirectoryName(above) ?? "", Name);
            }
            if (Application.isEditor)
            {
                var programs = Path.Combine(".venv", IsWindows ? "Scripts" : "bin");
                yield return Path.Combine(above, programs);
                yield return Path.Combine(Path.GetDirectoryName(above) ?? "", programs);
            }
            foreach (var folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator))
            {
                // On Windows a folder may stand in quotation marks. An empty one would be the current folder.
                var bare = folder.Trim('"');
                if (bare.Length > 0)
                {
                    yield return bare;
                }
            }
        }
    }
}
