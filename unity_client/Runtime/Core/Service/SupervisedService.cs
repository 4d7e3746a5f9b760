// A service of the game's own: started, started again when it dies, and ended.
#nullable enable
using System;
using System.Collections.Generic;

namespace Segue.Service
{
    /// <summary>
    /// It takes a free port each time: another program may have the one before. From the game's thread only.
    /// </summary>
    public sealed class SupervisedService
    {
        private const int MostRestarts = 5;
        private const double RestartS = 1.0;

        // After so long without an end the restarts before are forgotten.
        private const double SteadyS = 60.0;

        private readonly string program;
        private readonly List<string> arguments;
        private readonly Action<string> opened;
        private readonly Action<string, bool> failed;
        private ServiceProcess? process;

        // Whether clients may connect to the process, and could to any.
        private bool isOpen;
        private bool wasOpen;
        private bool isOver;
        private int restarts;
        private double restartInS;
        private double steadyS;

        /// <summary>
        /// program: its path. arguments: of `segue serve`, without an address. opened: gets the address where clients may
        /// connect, once for each start. failed: gets why the service has ended or cannot be started, and whether that
        /// is final. Both are called by Start and Step.
        /// </summary>
        public SupervisedService(
            string program, IEnumerable<string> arguments, Action<string> opened, Action<string, bool> failed)
        {
            this.program = program;
            this.arguments = new List<string>(arguments) { "--bind", "tcp://127.0.0.1:0" };
            this.opened = opened;
            this.failed = failed;
        }

        /// <summary>The process's number; 0: none runs.</summary>
        public int Id => process == null ? 0 : process.Id;

        /// <summary>Starts it.</summary>
        public void Start()
        {
            isOpen = false;
            try
            {
                process = new ServiceProcess(program, arguments);
            }
            catch (ServiceException error)
            {
                isOver = true;
                failed(error.Message, true);
            }
        }

        /// <summary>Goes on by a game frame of this many seconds.</summary>
        public void Step(double frameS)
        {
            if (isOver)
            {
                return;
            }
            if (process == null)
            {
                restartInS -= frameS;
                if (restartInS <= 0.0)
                {
                    Start();
                }
                return;
            }
            steadyS += frameS;
            restarts = steadyS > SteadyS ? 0 : restarts;
            // First, so that a service that is ready and dead is not connected to.
            if (process.HasEnded())
            {
                TakeEnd();
            }
            else if (!isOpen && process.Address.Length > 0)
            {
                isOpen = true;
                wasOpen = true;
                opened(process.Address);
            }
        }

        /// <summary>Kills it, and starts it again.</summary>
        public void Kill(string reason) => process?.Kill(reason);

        /// <summary>Ends it in order.</summary>
        public void Stop()
        {
            isOver = true;
            process?.Stop();
            process = null;
        }

        private void TakeEnd()
        {
            var text = process!.Failure;
            process.Stop();
            process = null;
            isOver = !wasOpen || restarts == MostRestarts;
            if (!isOver)
            {
                restarts++;
                steadyS = 0.0;
                restartInS = RestartS;
            }
            failed(text, isOver);
        }
    }
}
