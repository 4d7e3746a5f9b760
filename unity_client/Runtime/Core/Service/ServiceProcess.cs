// A service that the game starts, and that ends with it however the game ends.
#nullable enable
using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.IO;
using System.Text;
using System.Threading;
using Segue.Protocol;

namespace Segue.Service
{
    /// <summary>
    /// Its standard input is a pipe of the game: where the game is gone, the service reads its end. Two threads read what
    /// it prints, so that it never waits for the game. The game's thread calls; nothing blocks but EndAll.
    /// </summary>
    public sealed class ServiceProcess
    {
        // How long the program may take until clients may connect, and to end in order.
        private const int ReadyMs = 120_000;
        private const int EndMs = 5_000;
        private const int KilledMs = 500;
        private const int ReadBytes = 4_096;

        // Most characters of the first line, and of the last that it printed on its standard error.
        private const int LongestLine = 65_536;
        private const int MostTold = 4_096;

        private static readonly List<ServiceProcess> Ending = new List<ServiceProcess>();

        private readonly string program;
        private readonly Process process;
        private readonly Stopwatch clock = Stopwatch.StartNew();
        private readonly Thread[] readers;
        private Thread? end;

        // Guards what follows, which the readers write.
        private readonly object guard = new object();
        private readonly StringBuilder printed = new StringBuilder();
        private readonly StringBuilder told = new StringBuilder();
        private string address = "";
        private string failure = "";
        private bool hasLine;
        private volatile bool isClosing;

        /// <summary>
        /// Starts a program. arguments: of `segue serve`. Throws ServiceException, which says why it cannot be started.
        /// </summary>
        public ServiceProcess(string program, IEnumerable<string> arguments)
        {
            this.program = program;
            var words = new List<string> { "serve" };
            words.AddRange(arguments);
            words.AddRange(new[] { "--exit-with-stdin", "--ready-format", "json" });
            process = Start(program, words);
            Id = process.Id;
            readers = new[]
            {
                new Thread(() => Read(process.StandardOutput.BaseStream, TakePrinted)),
                new Thread(() => Read(process.StandardError.BaseStream, TakeTold)),
            };
            foreach (var reader in readers)
            {
                reader.IsBackground = true;
                reader.Name = "Segue reads";
                reader.Start();
            }
        }

        /// <summary>The process's number.</summary>
        public int Id { get; }

        /// <summary>Where clients may connect; empty: not yet.</summary>
        public string Address
        {
            get
            {
                lock (guard)
                {
                    return address;
                }
            }
        }

        /// <summary>What went wrong; empty: nothing.</summary>
        public string Failure
        {
            get
            {
                lock (guard)
                {
                    return failure;
                }
            }
        }

        /// <summary>
        /// Whether it has ended by itself; Failure says why. It kills a program that is no service, or is not ready in
        /// two minutes.
        /// </summary>
        public bool HasEnded()
        {
            if (isClosing)
            {
                return true;
            }
            lock (guard)
            {
                if (!hasLine && clock.ElapsedMilliseconds > ReadyMs)
                {
                    Fail("'" + program + "' is not ready after " + (ReadyMs / 1_000) + " s");
                }
            }
            if (!process.HasExited)
            {
                if (Failure.Length > 0)
                {
                    KillNow();
                }
                return false;
            }
            // What it printed last says why.
            foreach (var reader in readers)
            {
                reader.Join(100);
            }
            lock (guard)
            {
                Fail("'" + program + "' has ended: " + told.ToString().Trim());
            }
            return true;
        }

        /// <summary>Kills it. HasEnded says when it is gone, and Failure then is the reason.</summary>
        public void Kill(string reason)
        {
            lock (guard)
            {
                Fail(reason);
            }
            KillNow();
        }

        /// <summary>
        /// Ends it in order: closes its standard input. A thread waits some seconds until it is gone, and kills it
        /// otherwise.
        /// </summary>
        public void Stop()
        {
            if (isClosing)
            {
                return;
            }
            isClosing = true;
            CloseInput();
            end = new Thread(WaitForEnd) { IsBackground = true, Name = "Segue ends" };
            lock (Ending)
            {
                Ending.Add(this);
            }
            end.Start();
        }

        /// <summary>
        /// Where the game quits: waits for the processes that are ending, and kills those that take longer.
        /// </summary>
        public static void EndAll(int limitMs)
        {
            ServiceProcess[] ending;
            lock (Ending)
            {
                ending = Ending.ToArray();
            }
            var clock = Stopwatch.StartNew();
            foreach (var each in ending)
            {
                if (!each.end!.Join((int)Math.Max(0, limitMs - clock.ElapsedMilliseconds)))
                {
                    each.KillNow();
                    each.end.Join(KilledMs);
                }
            }
        }

        private static Process Start(string program, List<string> words)
        {
            var start = new ProcessStartInfo(program, CommandLine.Of(words))
            {
                UseShellExecute = false,
                CreateNoWindow = true,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            if (Path.IsPathRooted(program) && !File.Exists(program))
            {
                throw new ServiceException("the program '" + program + "' does not exist");
            }
            try
            {
                return StartNow(start);
            }
            catch (Win32Exception)
            {
                // Many archives lose the permission to execute.
                ProgramFile.AllowExecution(program);
            }
            try
            {
                return StartNow(start);
            }
            catch (Win32Exception error)
            {
                throw new ServiceException("the program '" + program + "' cannot be run: " + error.Message);
            }
        }

        private static Process StartNow(ProcessStartInfo start)
        {
            try
            {
                return Process.Start(start) ?? throw new ServiceException("'" + start.FileName + "' cannot be run");
            }
            catch (Exception error) when (error is PlatformNotSupportedException || error is NotSupportedException)
            {
                throw new ServiceException(
                    "this platform or scripting backend cannot start a service: connect to one that runs, or set a bed");
            }
        }

        private static bool NamesAddress(Value line, out string address)
        {
            address = "";
            if (!line.AsMap.TryGet("ready", out var ready) || ready.Kind != ValueKind.Boolean || !ready.AsBoolean)
            {
                return false;
            }
            if (!line.AsMap.TryGet("addresses", out var all) || all.Kind != ValueKind.List || all.AsList.Count == 0)
            {
                return false;
            }
            address = all.AsList[0].Kind == ValueKind.Text ? all.AsList[0].AsText : "";
            return address.Length > 0;
        }

        /// <summary>On a reader's thread, until the end of what is printed, or of this process.</summary>
        private void Read(Stream stream, Action<string> take)
        {
            var bytes = new byte[ReadBytes];
            var characters = new char[ReadBytes];
            var decoder = new UTF8Encoding(false, false).GetDecoder();
            try
            {
                for (var count = stream.Read(bytes, 0, ReadBytes); count > 0; count = stream.Read(bytes, 0, ReadBytes))
                {
                    if (isClosing)
                    {
                        break;
                    }
                    take(new string(characters, 0, decoder.GetChars(bytes, 0, count, characters, 0)));
                }
            }
            catch (Exception error) when (error is IOException || error is ObjectDisposedException)
            {
                // It was closed meanwhile.
            }
            stream.Dispose();
        }

        private void TakePrinted(string text)
        {
            lock (guard)
            {
                if (hasLine)
                {
                    return;
                }
                var end = text.IndexOf('\n');
                printed.Append(text, 0, end < 0 ? text.Length : end);
                if (end >= 0 || printed.Length > LongestLine)
                {
                    hasLine = true;
                    TakeLine(printed.ToString());
                }
            }
        }

        /// <summary>Takes the first line that the program prints.</summary>
        private void TakeLine(string line)
        {
            if (!JsonReader.TryRead(line, out var fields) || fields.Kind != ValueKind.Map)
            {
                var shown = line.TrimEnd('\r', '\0');
                Fail("expected a line of JSON of the service, got '" + shown.Substring(0, Math.Min(200, shown.Length)) + "'");
            }
            else if (NamesAddress(fields, out var named))
            {
                address = named;
            }
            else
            {
                var isTold = fields.AsMap.TryGet("error", out var error) && error.Kind == ValueKind.Text;
                Fail(isTold ? error.AsText : "the service did not start");
            }
        }

        private void TakeTold(string text)
        {
            lock (guard)
            {
                told.Append(text);
                told.Remove(0, Math.Max(0, told.Length - MostTold));
            }
        }

        /// <summary>The first failure is the cause of others. Under the guard.</summary>
        private void Fail(string text) => failure = failure.Length > 0 ? failure : text;

        private void CloseInput()
        {
            try
            {
                process.StandardInput.Close();
            }
            catch (IOException)
            {
                // It has ended already.
            }
        }

        private void KillNow()
        {
            try
            {
                process.Kill();
            }
            catch (Exception error) when (error is InvalidOperationException || error is Win32Exception)
            {
                // It has ended already.
            }
        }

        /// <summary>On a thread of its own.</summary>
        private void WaitForEnd()
        {
            if (!process.WaitForExit(EndMs))
            {
                KillNow();
                process.WaitForExit();
            }
            // A program that is no service may leave others behind, which hold its pipes.
            foreach (var reader in readers)
            {
                reader.Join(KilledMs);
            }
            lock (Ending)
            {
                Ending.Remove(this);
            }
            process.Dispose();
        }
    }
}
