// What a game lacks before it is built, in words.
#nullable enable
using System;
using System.Collections.Generic;
using System.IO;

namespace Segue.EditorTools
{
    /// <summary>What is built.</summary>
    public sealed class BuildPlan
    {
        public GameSystem System { get; set; }

        /// <summary>The platform's name for messages.</summary>
        public string Platform { get; set; } = "";

        public bool IsIl2Cpp { get; set; }

        /// <summary>The project setting System Sample Rate in Hz; 0: that of the device.</summary>
        public int SampleRate { get; set; }

        /// <summary>The project setting of the bundle's folder, as it is shown.</summary>
        public string BundleFolder { get; set; } = "";

        /// <summary>The bundle that is copied; empty: there is none.</summary>
        public string Bundle { get; set; } = "";

        /// <summary>The soundtracks of the scenes that are built.</summary>
        public IReadOnlyList<SceneSoundtrack> Soundtracks { get; set; } = Array.Empty<SceneSoundtrack>();
    }

    public sealed class BuildCheck
    {
        /// <summary>Samples a second of the music.</summary>
        public const int Rate = 48_000;

        /// <summary>Where a rule file with files of its own has to lie.</summary>
        public const string StreamingAssets = "Assets/StreamingAssets";

        private readonly ProjectPaths paths;
        private readonly Declarations declarations;
        private readonly Func<string, string> pathOfGuid;

        /// <summary>pathOfGuid: gives an asset's path in the project for its GUID; empty: there is none.</summary>
        public BuildCheck(ProjectPaths paths, Declarations declarations, Func<string, string> pathOfGuid)
        {
            this.paths = paths;
            this.declarations = declarations;
            this.pathOfGuid = pathOfGuid;
        }

        /// <summary>Whether the game can start a service of its own.</summary>
        public static bool CanStart(BuildPlan plan) => plan.System != GameSystem.Other && !plan.IsIl2Cpp;

        /// <summary>The warnings, each once.</summary>
        public IReadOnlyList<string> Warnings(BuildPlan plan)
        {
            var told = new List<string>();
            void Tell(string text)
            {
                if (text.Length > 0 && !told.Contains(text))
                {
                    told.Add(text);
                }
            }
            Tell(plan.SampleRate == Rate
                ? ""
                : "the project setting Audio > System Sample Rate is not 48000: the window Segue sets it with one click");
            Tell(FaultOfService(plan));
            foreach (var soundtrack in plan.Soundtracks)
            {
                Tell(FaultOfRules(soundtrack));
                Tell(FaultOfBed(soundtrack, plan));
            }
            return told;
        }

        private static string FaultOfService(BuildPlan plan)
        {
            if (plan.System == GameSystem.Other)
            {
                return "no service can be put beside a game for " + plan.Platform + ": it connects, or plays its bed";
            }
            if (plan.IsIl2Cpp)
            {
                return "a game built with IL2CPP cannot start a service: choose the scripting backend Mono, or it connects, or"
                    + " plays its bed";
            }
            return plan.Bundle.Length > 0
                ? ""
                : "no service for " + plan.Platform + " in " + plan.BundleFolder
                    + ": run 'make bundle' there, or the game plays no music";
        }

        private string FaultOfRules(SceneSoundtrack soundtrack)
        {
            if (!soundtrack.Starts)
            {
                return "";
            }
            if (soundtrack.RulesFile.Length > 0)
            {
                var file = StreamingAssets + "/" + soundtrack.RulesFile;
                return File.Exists(paths.Full(file)) ? declarations.FaultOfFile(file) : file + ": there is no such file";
            }
            if (soundtrack.RulesGuid.Length == 0)
            {
                return soundtrack.File + ": a soundtrack has no rules: drag a .yaml file to its Rules";
            }
            var path = pathOfGuid(soundtrack.RulesGuid);
            if (path.Length == 0)
            {
                return soundtrack.File + ": the rules of a soundtrack are missing in the project";
            }
            var fault = declarations.FaultOfFile(path);
            if (fault.Length > 0)
            {
                return fault;
            }
            var described = declarations.Of(path);
            var hasFiles = described != null && (described.Files.Count > 1 || described.HasSounds);
            return hasFiles
                ? path + ": a built game does not find the files that it includes or plays: put all into " + StreamingAssets
                    + ", and the name into Rules File"
                : "";
        }

        private static string FaultOfBed(SceneSoundtrack soundtrack, BuildPlan plan)
        {
            var isSilent = !CanStart(plan) && soundtrack.Starts && !soundtrack.HasBed;
            return isSilent
                ? soundtrack.File + ": a soundtrack starts a service, which it cannot on " + plan.Platform
                    + (plan.IsIl2Cpp && plan.System != GameSystem.Other ? " with IL2CPP" : "") + ", and has no bed: it is silent"
                : "";
        }
    }
}
