// The permission to execute a program.
#nullable enable
using System;
using System.ComponentModel;
using System.Diagnostics;
using System.IO;

namespace Segue.Service
{
    public static class ProgramFile
    {
        private const int LimitMs = 5_000;

        /// <summary>Lets a file be executed, which many archives and copies lose. On Windows nothing is needed.</summary>
        public static void AllowExecution(string program)
        {
            if (Environment.OSVersion.Platform != PlatformID.Unix || !File.Exists(program))
            {
                return;
            }
            var words = CommandLine.Of(new[] { "+x", program });
            try
            {
                using var changing = Process.Start(new ProcessStartInfo("/bin/chmod", words) { UseShellExecute = false });
                changing?.WaitForExit(LimitMs);
            }
            catch (Win32Exception)
            {
                // Then starting the program says what is wrong.
            }
        }
    }
}
