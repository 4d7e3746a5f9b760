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

        /// <summary>
        /// The command, or what is found: beside the game in the folder `segue`, in the project's virtual environment of
        /// Python, in PATH. Throws ServiceException, which says where it was looked for.
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
            foreach (var folder in Folders())
            {
                var path = Path.Combine(folder, FileName);
                if (File.Exists(path))
                {
                    return path;
                }
            }
            throw new ServiceException(
                "no program '" + FileName + "' in the folder 'segue' beside the game, in the project's .venv or in PATH:"
                + " install Segue, or set the soundtrack's Command");
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
