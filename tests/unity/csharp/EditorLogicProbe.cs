// What the editor tools know and decide, without an editor: declarations, constants, uses of names, builds.
#nullable enable
using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using Segue.EditorTools;
using Segue.Game;
using Segue.Tests;

namespace Segue.Probes
{
    internal static class EditorLogicProbe
    {
        private const int MostWaits = 6_000;

        public static object? Run(object cases)
        {
            var given = (JsonObject)cases;
            var paths = new ProjectPaths((string)given["project"]!);
            switch ((string)given["run"]!)
            {
                case "declarations":
                    return DeclarationsOf(paths, (string)given["program"]!);
                case "constants":
                    return Constants(Described(paths, (string)given["program"]!).Declarations, given);
                case "uses":
                    return Uses(paths, (string)given["program"]!, given);
                default:
                    return Builds(paths, (string)given["program"]!, given);
            }
        }

        /// <summary>A cache that has described all files of the project.</summary>
        private static DeclarationCache Described(ProjectPaths paths, string program)
        {
            var cache = new DeclarationCache(paths, "Library/Segue/declarations.txt");
            Refresh(cache, program);
            return cache;
        }

        private static void Refresh(DeclarationCache cache, string program)
        {
            cache.Rescan();
            cache.Refresh("Assets", program);
            for (var i = 0; i < MostWaits && cache.IsBusy; i++)
            {
                Thread.Sleep(10);
                cache.Refresh("Assets", program);
            }
        }

        private static object DeclarationsOf(ProjectPaths paths, string program)
        {
            var told = new List<object?>();
            var cache = new DeclarationCache(paths, "Library/Segue/declarations.txt");
            cache.Changed += mistakes => told.AddRange(mistakes);
            Refresh(cache, "");
            var unknown = cache.Declarations.Paths.Count;
            Refresh(cache, program);
            var known = cache.Declarations;
            const string meadow = "Assets/Music/meadow.yaml";
            var results = new Dictionary<string, object?>
            {
                ["unknown"] = (long)unknown,
                ["files"] = new List<string>(cache.Files).ConvertAll(file => (object?)paths.Local(file)),
                ["paths"] = new List<string>(known.Paths),
                ["inputs"] = Declarations.TextsOf(known.Names(RuleName.Input, meadow)),
                ["triggers"] = Declarations.TextsOf(known.Names(RuleName.Trigger, meadow)),
                ["layers"] = Declarations.TextsOf(known.Names(RuleName.Layer, meadow)),
                ["states"] = Declarations.TextsOf(known.Names(RuleName.State, meadow, "action")),
                ["values"] = new NameField(known, RuleName.Value, meadow, "place").Names,
                ["fitting"] = Declarations.Fitting(new[] { "danger", "place", "Anger" }, "ANGER"),
                ["all"] = Declarations.Fitting(new[] { "danger", "place" }, "danger"),
                ["faults"] = Faults(known, meadow),
                ["place"] = Place(new NameField(known, RuleName.Input, meadow, "").PlaceOf("danger"), paths),
                ["nowhere"] = Place(new NameField(known, RuleName.Input, meadow, "").PlaceOf("dangre"), paths),
                ["told"] = told,
                ["files that are none"] = new List<object?>
                {
                    known.FaultOfFile(""),
                    known.FaultOfFile(meadow),
                    known.FaultOfFile("Assets/Music/meadows.yaml"),
                    known.FaultOfFile("Assets/Music/notes.yaml"),
                },
            };
            // Another editor session without a service: all is known.
            var again = new DeclarationCache(paths, "Library/Segue/declarations.txt");
            again.Refresh("Assets", "");
            results["again"] = Declarations.TextsOf(again.Declarations.Names(RuleName.Input, meadow));
            results["busy"] = again.IsBusy;
            // While a file cannot be read its names stay, also for the next session.
            File.AppendAllText(paths.Full(meadow), "inputs: [\n");
            Refresh(again, program);
            var wrong = new DeclarationCache(paths, "Library/Segue/declarations.txt");
            results["kept"] = Declarations.TextsOf(wrong.Declarations.Names(RuleName.Input, meadow));
            results["mistake"] = wrong.Declarations.FaultOfFile(meadow);
            // A program that is none is told, and what was known stays.
            File.AppendAllText(paths.Full(meadow), "#\n");
            Refresh(wrong, "/bin/true");
            results["no service"] = wrong.Error;
            results["after"] = (long)wrong.Declarations.Paths.Count;
            Refresh(wrong, "/no/such/program");
            results["no program"] = wrong.Error;
            Refresh(wrong, program);
            results["mended"] = wrong.Error;
            return results;
        }

        private static List<object?> Faults(Declarations known, string meadow)
        {
            var input = new NameField(known, RuleName.Input, meadow, "");
            var state = new NameField(known, RuleName.State, meadow, "action");
            NameField Value(string of) => new NameField(known, RuleName.Value, meadow, of);
            return new List<object?>
            {
                input.FaultOf(""),
                input.FaultOf("danger"),
                input.FaultOf("dangre"),
                input.FaultOf("won"),
                state.FaultOf("figth"),
                Value("danger").FaultOf("0.5"),
                Value("danger").FaultOf("2"),
                Value("danger").FaultOf("0,5"),
                Value("lit").FaultOf("yes"),
                Value("place").FaultOf("cvae"),
                Value("nothing").FaultOf("x"),
            };
        }

        private static string Place(FilePlace? place, ProjectPaths paths) =>
            place == null ? "" : paths.Local(place.Value.File) + ":" + place.Value.Line + ":" + place.Value.Column;

        /// <summary>The source of the constants, and identifiers for names that come one after another.</summary>
        private static object Constants(Declarations known, JsonObject given)
        {
            var taken = new HashSet<string> { "Taken" };
            return new List<object?>
            {
                ConstantsSource.Of(known, (string)given["class"]!),
                ((List<object?>)given["names"]!).ConvertAll(name => (object?)ConstantsSource.Identifier((string)name!, taken)),
            };
        }

        private static object Uses(ProjectPaths paths, string program, JsonObject given)
        {
            var known = Described(paths, program).Declarations;
            var names = new NameUses(paths);
            var all = names.All("Assets/Names.cs");
            var unread = new List<string>(names.Unread);
            var unknown = NameUses.Unknown(all, known);
            var from = (string)given["from"]!;
            var same = all.FindAll(use => use.Name == from);
            var changed = names.Rename(same, (string)given["to"]!);
            var again = "";
            try
            {
                names.Rename(same, "other");
            }
            catch (ArgumentException error)
            {
                again = error.Message;
            }
            return new Dictionary<string, object?>
            {
                ["all"] = all.ConvertAll(use => (object?)(use.File + ":" + use.Line + " " + use.Kind + " " + use.Name)),
                ["unknown"] = unknown.ConvertAll(use => (object?)use.Name),
                ["unread"] = unread,
                ["changed"] = changed,
                ["again"] = again,
                ["after"] = NameUses.Unknown(names.All("Assets/Names.cs"), known).ConvertAll(use => (object?)use.Name),
            };
        }

        private static object Builds(ProjectPaths paths, string program, JsonObject given)
        {
            var known = Described(paths, program).Declarations;
            var guids = (JsonObject)given["guids"]!;
            var check = new BuildCheck(known, guid => guids.Has(guid) ? (string)guids[guid]! : "");
            var soundtracks = new List<SceneSoundtrack>();
            foreach (var scene in (List<object?>)given["scenes"]!)
            {
                soundtracks.AddRange(SceneSoundtracks.In((string)scene!, File.ReadAllText(paths.Full((string)scene!))));
            }
            var results = new Dictionary<string, object?>();
            foreach (var each in (List<object?>)given["plans"]!)
            {
                var plan = (JsonObject)each!;
                Enum.TryParse<GameSystem>((string)plan["system"]!, out var system);
                var bundle = ServiceBundle.For(system, paths.Full("segue-service"), GameSystem.Linux);
                var warnings = check.Warnings(new BuildPlan
                {
                    System = system,
                    Platform = (string)plan["platform"]!,
                    IsIl2Cpp = (bool)plan["il2cpp"]!,
                    SampleRate = (int)(long)plan["rate"]!,
                    BundleFolder = "segue-service",
                    Bundle = bundle,
                    Soundtracks = soundtracks,
                });
                results[(string)plan["name"]!] = new Dictionary<string, object?>
                {
                    ["warnings"] = warnings,
                    ["bundle"] = bundle.Length > 0 ? paths.Local(bundle) : "",
                    ["place"] = paths.Local(ServiceBundle.PlaceFor(system, paths.Full((string)plan["built"]!))),
                };
            }
            results["left out"] = ServiceBundle.Copy(
                paths.Full("segue-service"), paths.Full("Build/segue"), GameSystem.Linux);
            return results;
        }
    }
}
