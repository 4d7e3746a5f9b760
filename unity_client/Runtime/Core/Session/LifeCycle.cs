// The states of a client's connection to its service, and what changes them: PROTOCOL.md section 3.
#nullable enable
namespace Segue.Session
{
    public enum SessionState
    {
        Offline,
        Greeting,
        Restoring,
        Live,
        Closed,
    }

    internal enum Trigger
    {
        /// <summary>The transport connects.</summary>
        Connected,

        /// <summary>To the same session, or to the first.</summary>
        Welcomed,

        /// <summary>To another session than before, or to one that is not restored yet.</summary>
        WelcomedNew,

        /// <summary>The restore is answered.</summary>
        Restored,

        /// <summary>Error `no_session`.</summary>
        Unknown,

        /// <summary>The transport breaks, or is silent; or bye with `retry_ms`.</summary>
        Lost,

        /// <summary>Bye without `retry_ms`, or the game closes.</summary>
        Ended,
    }

    internal sealed class LifeCycle
    {
        public SessionState State { get; private set; } = SessionState.Offline;

        /// <summary>Whether a service has the session.</summary>
        public bool IsUp => State == SessionState.Live || State == SessionState.Restoring;

        /// <summary>Follows the transition; false if there is none.</summary>
        public bool Move(Trigger trigger)
        {
            var next = Next(State, trigger);
            State = next ?? State;
            return next != null;
        }

        private static SessionState? Next(SessionState state, Trigger trigger)
        {
            if (state == SessionState.Closed)
            {
                return null;
            }
            switch (trigger)
            {
                case Trigger.Lost:
                    return SessionState.Offline;
                case Trigger.Ended:
                    return SessionState.Closed;
                case Trigger.Connected when state == SessionState.Offline:
                    return SessionState.Greeting;
                case Trigger.Welcomed when state == SessionState.Greeting:
                    return SessionState.Live;
                case Trigger.WelcomedNew when state == SessionState.Greeting:
                    return SessionState.Restoring;
                case Trigger.Restored when state == SessionState.Restoring:
                    return SessionState.Live;
                case Trigger.Unknown when state == SessionState.Live || state == SessionState.Restoring:
                    return SessionState.Greeting;
                default:
                    return null;
            }
        }
    }
}
