// The folder that `make bundle` makes: where it is for a system, and its copy beside a built game.
#nullable enable
using System;
using System.Collections.Generic;
using System.IO;
using Segue.Service;

namespace Segue.EditorTools
{
    /// <summary>The systems whose games can start a service.</summary>
    public enum GameSystem
    {
        /// <summary>Phones, consoles, the web.</summary>
        Other,
        Windows,
        Linux,
        MacOS,
    }

    public static class ServiceBundle
    {
        /// <summary>The name of the program without its ending, and of the folder beside a game.</summary>
        public const string Name = "segue";

        private const string App = ".app";

        /// <summary>
        /// The bundle for a system: the folder's own folder `windows`, `linux` or `macos`, or the folder itself if it is for
        /// this system; empty: there is none. own: the system that the editor runs on.
        /// </summary>
        public static string For(GameSystem system, string folder, GameSystem own)
        {
            if (system == GameSystem.Other)
            {
                return "";
            }
            var below = Path.Combine(folder, system.ToString().ToLowerInvariant());
            if (File.Exists(Path.Combine(below, ProgramName(system))))
            {
                return below;
            }
            // Programs of Linux and macOS have the same name.
            var isFor = system == GameSystem.Windows || system == own;
            return isFor && File.Exists(Path.Combine(folder, ProgramName(system))) ? folder : "";
        }

        /// <summary>The name of the program's file.</summary>
        public static string ProgramName(GameSystem system) => system == GameSystem.Windows ? Name + ".exe" : Name;

        /// <summary>Where a built game looks for its service. built: the game's program, or its .app on macOS.</summary>
        public static string PlaceFor(GameSystem system, string built)
        {
            var isApp = system == GameSystem.MacOS && built.EndsWith(App, StringComparison.OrdinalIgnoreCase);
            return isApp
                ? Path.Combine(built, "Contents", "Resources", Name)
                : Path.Combine(Path.GetDirectoryName(built) ?? "", Name);
        }

        /// <summary>
        /// Copies a bundle, and lets its program be executed. What was left out, in words. Throws IOException or
        /// UnauthorizedAccessException.
        /// </summary>
        public static List<string> Copy(string bundle, string to, GameSystem system)
        {
            var told = new List<string>();
            CopyFolder(bundle, to, Path.GetFullPath(to), told);
            if (system != GameSystem.Windows)
            {
                // Archives, version control and Windows lose the permission.
                ProgramFile.AllowExecution(Path.Combine(to, ProgramName(system)));
            }
            return told;
        }

        /// <summary>Links to folders are left out: they may lead back to a folder above.</summary>
        private static void CopyFolder(string from, string to, string target, List<string> told)
        {
            Directory.CreateDirectory(to);
            foreach (var file in Directory.GetFiles(from))
            {
                if (!RuleFiles.HasEnding(file, ".meta"))
                {
                    File.Copy(file, Path.Combine(to, Path.GetFileName(file)), true);
                }
            }
            foreach (var below in Directory.GetDirectories(from))
            {
                if (Path.GetFullPath(below) == target)
                {
                    // A game that is built into the bundle's folder.
                    continue;
                }
                if (RuleFiles.IsLink(below))
                {
                    told.Add(below + " is a link to a folder, and not copied");
                    continue;
                }
                CopyFolder(below, Path.Combine(to, Path.GetFileName(below)), target, told);
            }
        }
    }
}
