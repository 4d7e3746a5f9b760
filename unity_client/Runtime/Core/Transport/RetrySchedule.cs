// When to connect again and which failures to report: PROTOCOL.md section 11.4.
#nullable enable
using System;
using System.Collections.Generic;

namespace Segue.Transport
{
    /// <summary>Pauses grow while the reason stays; each reason is reported once until the client connects.</summary>
    public sealed class RetrySchedule
    {
        /// <summary>From a broken connection to the next attempt.</summary>
        public const double AfterConnectionS = 0.2;

        // Failures without a reason before one is reported.
        private const int Unexplained = 3;

        private readonly List<string> reported = new List<string>();
        private string code = "";
        private int brokenOff;

        /// <summary>Until the next attempt, after the last failure.</summary>
        public double PauseS { get; private set; }

        /// <summary>Begins anew after a connection.</summary>
        public void Connected()
        {
            code = "";
            PauseS = 0.0;
            brokenOff = 0;
            reported.Clear();
        }

        /// <summary>Takes a failure and sets <see cref="PauseS"/>; whether the game is told of it.</summary>
        public bool Failed(ConnectFailure failure)
        {
            Pauses(failure.Code, out var firstS, out var longestS);
            PauseS = failure.Code == code ? Math.Min(longestS, 2.0 * PauseS) : firstS;
            code = failure.Code;
            brokenOff += failure.Code == "broken_off" ? 1 : 0;
            return Report(failure);
        }

        /// <summary>Whether the game is told of a failure of an attempt that goes on.</summary>
        public bool Report(ConnectFailure failure)
        {
            if (reported.Contains(failure.Code))
            {
                return false;
            }
            if (failure.Code == "broken_off" && (brokenOff < Unexplained || IsExplained))
            {
                return false;
            }
            reported.Add(failure.Code);
            return true;
        }

        // Whether a better reason than "broken off" was reported.
        private bool IsExplained =>
            reported.Contains("token_refused")
            || reported.Contains("token_needed")
            || reported.Contains("token_not_needed");

        private static void Pauses(string code, out double firstS, out double longestS)
        {
            switch (code)
            {
                case "unreachable":
                    firstS = 0.2;
                    longestS = 1.0;
                    break;
                case "broken_off":
                    firstS = 0.2;
                    longestS = 5.0;
                    break;
                case "unknown_host":
                case "no_answer":
                case "not_a_service":
                    firstS = 1.0;
                    longestS = 10.0;
                    break;
                default:
                    firstS = 5.0;
                    longestS = 60.0;
                    break;
            }
        }
    }
}
