// Runs a probe: `probe NAME CASES RESULTS`. Both files are JSON.
#nullable enable
using System;
using System.IO;
using Segue.Tests;

namespace Segue.Probes
{
    internal static class Program
    {
        private static int Main(string[] arguments)
        {
            var cases = Json.Parse(File.ReadAllText(arguments[1]));
            object? results;
            switch (arguments[0])
            {
                case "editor logic":
                    results = EditorLogicProbe.Run(cases!);
                    break;
                case "editor tools":
                    results = EditorToolsProbe.Run(cases!);
                    break;
                case "zmtp":
                    results = ZmtpProbe.Run(cases!);
                    break;
                case "connection":
                    results = ConnectionProbe.Run(cases!);
                    break;
                case "game":
                    results = GameProbe.Run(cases!);
                    break;
                case "calls":
                    results = CallsProbe.Run(cases!);
                    break;
                case "many":
                    results = CallsProbe.RunMany(cases!);
                    break;
                case "mistakes":
                    results = MistakesProbe.Run(cases!);
                    break;
                case "player":
                    results = PlayerProbe.Run(cases!);
                    break;
                case "resampler":
                    results = ResamplerProbe.Run(cases!);
                    break;
                case "service":
                    results = ServiceProbe.Run(cases!);
                    break;
                case "play":
                    results = PlayProbe.Run(cases!);
                    break;
                case "scenes":
                    results = SceneProbe.Run(cases!);
                    break;
                case "session":
                    results = SessionProbe.Run(cases!);
                    break;
                case "timeline":
                    results = TimelineProbe.Run(cases!);
                    break;
                default:
                    Console.Error.WriteLine("probe: no probe " + arguments[0]);
                    return 1;
            }
            File.WriteAllText(arguments[2], JsonText.Of(results));
            return 0;
        }
    }
}
