// What the runtime completes on threads of its own.
#nullable enable
using System;
using System.IO;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Threading;
using System.Threading.Tasks;

namespace Segue.Transport
{
    internal static class Tasks
    {
        /// <summary>Whether a task that is over came to a good end; it is no longer pending.</summary>
        public static bool Succeeded(ref Task? task)
        {
            var hasSucceeded = task!.Status == TaskStatus.RanToCompletion;
            Forget(task);
            task = null;
            return hasSucceeded;
        }

        /// <summary>Lets a task end by itself; its error is of no interest any more.</summary>
        public static void Forget(Task? task)
        {
            task?.ContinueWith(
                ended => ended.Exception,
                CancellationToken.None,
                TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
        }

        /// <summary>Whether an error is one of sockets, TLS or streams, and no mistake of this client.</summary>
        public static bool IsOfTransport(Exception error) =>
            error is IOException
            || error is SocketException
            || error is AuthenticationException
            || error is InvalidOperationException
            || error is NotSupportedException;
    }
}
