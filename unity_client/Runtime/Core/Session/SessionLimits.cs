// The times and bounds of a client's session: PROTOCOL.md sections 3, 4, 9 and 10.
#nullable enable
namespace Segue.Session
{
    internal static class SessionLimits
    {
        /// <summary>
        /// Playheads are sent at half the interval allowed, so that an irregular caller keeps it all the same.
        /// </summary>
        public const double ReportS = 0.05;

        /// <summary>After this time without a message the connection counts as lost.</summary>
        public const double SilenceS = 5.0;

        /// <summary>Shortest time from a `hello` without an answer to the next.</summary>
        public const double HelloAgainS = 1.0;

        /// <summary>Errors about `hello` in a row after which the client gives up.</summary>
        public const int MostRefusedHellos = 3;

        /// <summary>Most events of one message.</summary>
        public const int MostEvents = 64;

        /// <summary>Most names of one event.</summary>
        public const int MostSettings = 256;

        /// <summary>Most names of all events of one message: whatever they are, they fit a header.</summary>
        public const int MostBatchNames = 1024;

        /// <summary>Most events without a receipt; a further trigger is refused.</summary>
        public const int MostUnreceipted = 1024;

        /// <summary>Most game frames with numbers of their own that wait as one event.</summary>
        public const int MostMerged = 1024;

        /// <summary>Most events with a receipt kept in case the service is killed.</summary>
        public const int MostUnconfirmed = 1024;

        /// <summary>A restarted service continues from the first cell that ends this far after `committed`.</summary>
        public const long RestoreAhead = 24_000;

        /// <summary>Most resume cells kept.</summary>
        public const int MostCells = 256;

        /// <summary>Longest text of a message, in bytes.</summary>
        public const int TextBytes = 1024;
    }
}
