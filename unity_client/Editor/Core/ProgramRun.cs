// Runs a program until its end, and gives what it printed.
#nullable enable
using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Threading;
using Segue.Service;

namespace Segue.EditorTools
{
    /// <summary>How a program ended.</summary>
    public readonly struct ProgramRun
    {
        private const int JoinMs = 1_000;

        private ProgramRun(int code, string output, string errors)
        {
            Code = code;
            Output = output;
            Errors = errors;
        }

        /// <summary>Its exit code; -1: it was killed, since it took too long.</summary>
        public int Code { get; }

        public string Output { get; }

        /// <summary>What it printed on its standard error.</summary>
        public string Errors { get; }

        /// <summary>
        /// Runs a program. Blocks until its end, limitMs at most. Throws ServiceException: it cannot be run.
        /// </summary>
        public static ProgramRun Of(string program, IEnumerable<string> words, int limitMs)
        {
            var start = new ProcessStartInfo(program, CommandLine.Of(words))
            {
                UseShellExecute = false,
                CreateNoWindow = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                RedirectStandardInput = true,
                StandardOutputEncoding = new UTF8Encoding(false, false),
                StandardErrorEncoding = new UTF8Encoding(false, false),
            };
            try
            {
                using var process = Process.Start(start) ?? throw new ServiceException("'" + program + "' cannot be run");
                process.StandardInput.Close();
                return Read(process, limitMs);
            }
            catch (Win32Exception error)
            {
                throw new ServiceException("the program '" + program + "' cannot be run: " + error.Message);
            }
        }

        private static ProgramRun Read(Process process, int limitMs)
        {
            var output = "";
            var errors = "";
            // Both at the same time, so that the program never waits for a full pipe.
            var readers = new[]
            {
                new Thread(() => output = process.StandardOutput.ReadToEnd()),
                new Thread(() => errors = process.StandardError.ReadToEnd()),
            };
            foreach (var reader in readers)
            {
                reader.IsBackground = true;
                reader.Name = "Segue reads";
                reader.Start();
            }
            var hasEnded = process.WaitForExit(limitMs);
            if (!hasEnded)
            {
                Kill(process);
            }
            foreach (var reader in readers)
            {
                reader.Join(JoinMs);
            }
            return new ProgramRun(hasEnded ? process.ExitCode : -1, output, errors);
        }

        private static void Kill(Process process)
        {
            try
            {
                process.Kill();
            }
            catch (Exception error) when (error is InvalidOperationException || error is Win32Exception)
            {
                // It has ended meanwhile.
            }
        }
    }
}
