// One connection after another to a service, and when the next is tried.
#nullable enable
using System;
using Segue.Session;
using Segue.Transport;

namespace Segue.Client
{
    /// <summary>Tells of a failure to connect. retryS: until the next attempt, in seconds.</summary>
    internal delegate void FailureReport(ConnectFailure failure, double retryS);

    /// <summary>All but Abort belongs to the client's thread.</summary>
    internal sealed class ServiceLink
    {
        private readonly string token;
        private readonly TlsOptions? tls;
        private readonly FailureReport report;
        private readonly RetrySchedule retries = new RetrySchedule();

        // Null: it waits for an address.
        private Address? address;
        private Connection? connection;
        private bool isOpen;
        private int attempts;
        private double nextAttemptS;

        public ServiceLink(Address address, string token, TlsOptions? tls, FailureReport report)
        {
            this.address = address;
            this.token = token;
            this.tls = tls;
            this.report = report;
        }

        /// <summary>From any thread: frees the socket, for a client's thread that does not end by itself.</summary>
        public void Abort() => connection?.Abort();

        /// <summary>Goes on, and passes to the session what has come.</summary>
        public void Step(ClientSession session, double nowS)
        {
            if (connection == null)
            {
                if (address != null && nowS >= nextAttemptS)
                {
                    connection = new Connection(address, token, tls, nowS, attempts++);
                    isOpen = false;
                }
                return;
            }
            connection.Step(nowS);
            if (connection.WasOpen && !isOpen)
            {
                isOpen = true;
                retries.Connected();
                session.Connected(nowS);
            }
            if (connection.IsSilent && connection.State != ConnectionState.Ended)
            {
                var failure = ConnectFailure.NoAnswer(address!.Text);
                Tell(failure, retries.Report(failure));
            }
            foreach (var parts in connection.TakeMessages())
            {
                session.Receive(parts, nowS);
            }
            if (connection.State == ConnectionState.Ended)
            {
                End(session, nowS);
            }
        }

        /// <summary>Sends what the session has to send.</summary>
        public void Send(ClientSession session)
        {
            foreach (var parts in session.TakeMessages())
            {
                connection?.Send(parts);
            }
            connection?.Flush();
        }

        /// <summary>Whether nothing waits to be sent.</summary>
        public bool Flush() => connection == null || connection.Flush();

        /// <summary>Waits for bytes, for at most so long. False: there is no connection to wait for.</summary>
        public bool Wait(int limitMs)
        {
            connection?.Wait(limitMs);
            return connection != null;
        }

        /// <summary>Ends the connection because the session gave it up. pauseS: until the next.</summary>
        public void GiveUp(double nowS, double pauseS)
        {
            Drop();
            nextAttemptS = nowS + Math.Max(RetrySchedule.AfterConnectionS, pauseS);
        }

        /// <summary>
        /// Ends the connection, if there is one, and makes the next at once to another address; null: none is made.
        /// </summary>
        public void Move(Address? to, ClientSession session)
        {
            address = to;
            Drop();
            session.Disconnected("the service has ended");
            retries.Connected();
            nextAttemptS = 0.0;
        }

        /// <summary>Ends the connection.</summary>
        public void Drop()
        {
            connection?.Close();
            connection = null;
        }

        private void End(ClientSession session, double nowS)
        {
            var failure = connection!.Failure;
            var text = connection.Text;
            Drop();
            nextAttemptS = nowS + RetrySchedule.AfterConnectionS;
            if (failure == null)
            {
                session.Disconnected(text);
            }
            else
            {
                Tell(failure, retries.Failed(failure));
                nextAttemptS = nowS + retries.PauseS;
            }
        }

        private void Tell(ConnectFailure failure, bool isNew)
        {
            if (isNew)
            {
                report(failure, retries.PauseS);
            }
        }
    }
}
